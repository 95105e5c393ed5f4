import React, { useState } from 'react';

import type { Member, MemberChange, Role } from '../api';
import { presenceName, roleName } from '../format';
import type { RoomModel } from '../model';
import type { Translations } from '../tokens';

import { Failure } from './Failure';
import { FilesSection } from './Files';
import { useAction, useSignals } from './hooks';

export interface PeopleProps {
  model: RoomModel;
  trans: Translations;
  onChange: (member: string, change: MemberChange) => Promise<void>;
  onRemove: (member: Member) => Promise<void>;
  onOpenLink: () => Promise<void>;
}

/** Everybody in the room, with the switches that an interviewer has for each. */
export function PeoplePanel(props: PeopleProps): JSX.Element {
  const { model, trans } = props;
  useSignals(model.changed, model.typingChanged);
  const knocking = model.members.filter(member => member.state === 'knocking');
  const seated = model.members.filter(member => member.state === 'seated');
  return (
    <div className="jp-Interview-people" data-testid="interview-people">
      {knocking.length > 0 && (
        <section aria-label={trans.__('Waiting to be let in')} aria-live="polite">
          <h2>{trans.__('Waiting to be let in')}</h2>
          <ul>
            {knocking.map(member => (
              <Knocking key={member.id} {...props} member={member} />
            ))}
          </ul>
        </section>
      )}
      {model.permissions.manage && model.room?.settings.link === 'closed' && <ClosedLink {...props} />}
      <ul aria-label={trans.__('People in this interview')}>
        {seated.map(member => (
          <Seated key={member.id} {...props} member={member} />
        ))}
      </ul>
      <FilesSection files={model.room?.files ?? []} trans={trans} />
    </div>
  );
}

/** Whoever was removed or not let in would be back by the bare link. */
function ClosedLink({ trans, onOpenLink }: PeopleProps): JSX.Element {
  const { busy, error, act } = useAction();
  return (
    <section aria-label={trans.__('The link is closed')} data-testid="interview-link-closed">
      <h2>{trans.__('The link is closed')}</h2>
      <p>
        {trans.__(
          'Nobody comes by the link of this interview, nor knocks: it closes when somebody is removed or not let in. The invitation that they had ends as well; other invitations still let in.'
        )}
      </p>
      <button type="button" className="jp-mod-styled" disabled={busy} onClick={() => act(onOpenLink)}>
        {trans.__('Open the link again')}
      </button>
      <Failure text={error} />
    </section>
  );
}

function Knocking(props: PeopleProps & { member: Member }): JSX.Element {
  const { member, model, trans } = props;
  const [role, setRole] = useState<Role>('candidate');
  const { busy, error, act } = useAction();
  return (
    <li className="jp-Interview-person" data-testid={`interview-knock-${member.id}`}>
      <span className="jp-Interview-name">{member.name}</span>
      {model.permissions.manage && (
        <div className="jp-Interview-switches">
          <select
            className="jp-mod-styled"
            value={role}
            aria-label={trans.__('Role for %1', member.name)}
            onChange={event => setRole(event.target.value as Role)}
          >
            <option value="candidate">{roleName('candidate', trans)}</option>
            <option value="interviewer">{roleName('interviewer', trans)}</option>
            <option value="spectator">{roleName('spectator', trans)}</option>
          </select>
          <button
            type="button"
            className="jp-mod-styled jp-mod-accept"
            disabled={busy}
            onClick={() => act(() => props.onChange(member.id, { admitted: true, role }))}
            aria-label={trans.__('Admit %1', member.name)}
          >
            {trans.__('Admit')}
          </button>
          <button
            type="button"
            className="jp-mod-styled"
            disabled={busy}
            onClick={() => act(() => props.onChange(member.id, { admitted: false }))}
            aria-label={trans.__('Deny %1', member.name)}
          >
            {trans.__('Deny')}
          </button>
        </div>
      )}
      <Failure text={error} />
    </li>
  );
}

function Seated(props: PeopleProps & { member: Member }): JSX.Element {
  const { member, model, trans } = props;
  const { busy, error, act } = useAction();
  const own = member.id === model.you.id;
  const switches = switchesOf(member);
  return (
    <li
      className={`jp-Interview-person jp-mod-${member.presence}`}
      data-testid={`interview-member-${member.id}`}
      data-role={member.role}
    >
      <span className="jp-Interview-dot" aria-hidden="true" />
      <span className="jp-Interview-name">
        {own ? trans.__('%1 (you)', member.name) : member.name}
        <small>
          {roleName(member.role, trans)} · {presenceName(member.presence, trans)}
        </small>
      </span>
      {model.typing.has(member.id) && (
        <span className="jp-Interview-typing" data-testid="interview-typing">
          {trans.__('typing…')}
        </span>
      )}
      {model.permissions.manage && !own && member.role !== 'interviewer' && (
        <div className="jp-Interview-switches">
          {switches.map(name => (
            <label key={name} className="jp-Interview-check">
              <input
                type="checkbox"
                checked={member.permissions[name]}
                disabled={busy}
                aria-label={switchLabel(name, member.name, trans)}
                onChange={event => {
                  const on = event.target.checked;
                  act(() => props.onChange(member.id, { permissions: { [name]: on } }));
                }}
              />
              {{ edit: trans.__('Edit'), run: trans.__('Run'), chat: trans.__('Chat') }[name]}
            </label>
          ))}
          <button
            type="button"
            className="jp-mod-styled"
            disabled={busy}
            onClick={() => act(() => props.onRemove(member))}
            aria-label={trans.__('Remove %1', member.name)}
          >
            {trans.__('Remove')}
          </button>
        </div>
      )}
      <Failure text={error} />
    </li>
  );
}

type Switch = 'edit' | 'run' | 'chat';

/** What an interviewer may switch for somebody of this role. */
function switchesOf(member: Member): Switch[] {
  return member.role === 'candidate' ? ['edit', 'run', 'chat'] : ['chat'];
}

function switchLabel(name: Switch, who: string, trans: Translations): string {
  return {
    edit: trans.__('%1 may edit', who),
    run: trans.__('%1 may run code', who),
    chat: trans.__('%1 may chat', who)
  }[name];
}
