import React from 'react';

import { roleName } from '../../format';
import { type Share, shares } from '../../replay/authors';
import { MANNERS } from '../../replay/decorations';
import { Manner, NOTHING } from '../../replay/moment';
import type { ReplayModel } from '../../replay/model';
import { mannerName, nameOf } from '../../replay/words';
import type { Translations } from '../../tokens';

import { useDisplayed } from './moment';

/** Who wrote how much of the notebook as it stands, and what the colours mean. */
export function AuthorsPanel(props: { model: ReplayModel; trans: Translations }): JSX.Element {
  const { model, trans } = props;
  useDisplayed(model);
  const { members, starter } = shares(model.shown?.moment ?? NOTHING);
  return (
    <section aria-label={trans.__('Who wrote this')} data-testid="interview-replay-authors">
      <label className="jp-Interview-check">
        <input
          type="checkbox"
          checked={model.whoWrote}
          onChange={event => (model.whoWrote = event.target.checked)}
        />
        {trans.__('Colour the text by its authors')}
      </label>
      {members.length === 0 && (
        <p className="jp-Interview-empty">{trans.__('Nobody has written anything that is still there.')}</p>
      )}
      <ul>
        {members.map(share => (
          <Author key={share.member} model={model} share={share} trans={trans} />
        ))}
      </ul>
      {starter > 0 && (
        <p className="jp-Interview-empty">{trans.__('Starter text: %1 characters', starter)}</p>
      )}
      <Legend trans={trans} />
    </section>
  );
}

function Author(props: { model: ReplayModel; share: Share; trans: Translations }): JSX.Element {
  const { model, share, trans } = props;
  const member = model.manifest.members[share.member];
  const percent = Math.round(share.part * 100);
  const kinds: [number, number][] = [
    [Manner.typed, share.typed],
    [Manner.pasted, share.pasted],
    [Manner.generated, share.generated],
    [Manner.away, share.away]
  ];
  return (
    <li className="jp-Interview-author" data-testid={`interview-author-${share.member}`}>
      <div className="jp-Interview-authorHead">
        <span className="jp-Interview-swatch" style={{ background: member?.color ?? undefined }} />
        <strong>{nameOf(model.manifest.members, share.member, trans)}</strong>
        {member && member.role !== 'server' && <small>{roleName(member.role, trans)}</small>}
        <span className="jp-Interview-percent">{trans.__('%1 %', percent)}</span>
      </div>
      <div className="jp-Interview-meter" role="img" aria-label={trans.__('%1 per cent', percent)}>
        <span style={{ width: `${share.part * 100}%`, background: member?.color ?? undefined }} />
      </div>
      <small>
        {trans.__('%1 characters', share.all)}
        {kinds
          .filter(([manner, units]) => units > 0 && !(manner === Manner.typed && units === share.all))
          .map(([manner, units]) => ` · ${units} ${mannerName(manner, trans)}`)}
      </small>
    </li>
  );
}

function Legend(props: { trans: Translations }): JSX.Element {
  const { trans } = props;
  return (
    <div className="jp-Interview-legend">
      <h2>{trans.__('Legend')}</h2>
      <ul>
        {[Manner.typed, Manner.pasted, Manner.away, Manner.generated, Manner.starter].map(manner => (
          <li key={manner}>
            <span
              className={`jp-Interview-by ${MANNERS[manner]}`}
              style={{ '--jp-interview-author': 'var(--jp-collaborator-color5)' } as React.CSSProperties}
            >
              {mannerName(manner, trans)}
            </span>{' '}
            <small>{meaning(manner, trans)}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}

function meaning(manner: number, trans: Translations): string {
  switch (manner) {
    case Manner.pasted:
      return trans.__('came in at once: 60 characters or more, or several lines');
    case Manner.starter:
      return trans.__('was there at the beginning');
    case Manner.generated:
      return trans.__('made by the server for somebody');
    case Manner.away:
      return trans.__('came at once when the page was connected again: typed or pasted, nobody knows');
    default:
      return trans.__('written by hand, in the colour of the member');
  }
}
