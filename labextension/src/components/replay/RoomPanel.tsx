import React, { memo, useEffect, useLayoutEffect, useRef, useState } from 'react';

import { clock, presenceName, roleName } from '../../format';
import { beforePicture } from '../../replay/clock';
import type { ReplayModel } from '../../replay/model';
import type { Renderers } from '../../replay/outputs';
import { compare, until } from '../../replay/position';
import type { StoryMessage } from '../../replay/record';
import type { Role } from '../../api';
import { peopleAt } from '../../replay/story';
import { hiddenBy, nameOf, switchesText } from '../../replay/words';
import type { Translations } from '../../tokens';
import { FilesSection } from '../Files';

import { useMoment } from './moment';

/** Messages that are shown at once. */
const LAST = 20;

interface Props {
  model: ReplayModel;
  renderers: Renderers;
  trans: Translations;
}

/** Who was there, and what had been said. */
export function RoomPanel(props: Props): JSX.Element {
  const { model, trans } = props;
  useMoment(model);
  return (
    <>
      <People {...props} />
      <FilesSection files={model.manifest.room.files ?? []} trans={trans} />
      <Chat {...props} />
    </>
  );
}

function People(props: Props): JSX.Element {
  const { model, trans } = props;
  const people = peopleAt(model.story, model.manifest.members, model.position);
  return (
    <section aria-label={trans.__('People')} data-testid="interview-replay-people">
      <h2>{trans.__('People')}</h2>
      {people.length === 0 && <p className="jp-Interview-empty">{trans.__('Nobody is in the room.')}</p>}
      <ul>
        {people.map(({ index, member, presence, permissions }) => (
          <li key={index} className={`jp-Interview-person jp-mod-${presence}`} data-presence={presence}>
            <span className="jp-Interview-dot" aria-hidden="true" />
            <span className="jp-Interview-name">
              <span className="jp-Interview-swatch" style={{ background: member.color ?? undefined }} />
              {member.name}
              <small>
                {roleName(member.role as Role, trans)} · {presenceName(presence, trans)}
              </small>
            </span>
            <small className="jp-Interview-may">{switchesText(permissions, trans)}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Chat(props: Props): JSX.Element {
  const { model, renderers, trans } = props;
  const [most, setMost] = useState(LAST);
  const messages = until(model.story.messages, model.position);
  const list = useRef<HTMLOListElement>(null);
  const last = messages.length;
  useEffect(() => {
    // By then the notebook is changed, too, and the page has been laid out for both.
    beforePicture(() => {
      const body = list.current?.closest('.jp-Interview-sideBody');
      if (body) {
        body.scrollTop = body.scrollHeight;
      }
    });
  }, [last]);
  return (
    <section aria-label={trans.__('Chat')} data-testid="interview-replay-chat">
      <h2>{trans.__('Chat')}</h2>
      {last === 0 && <p className="jp-Interview-empty">{trans.__('No messages yet.')}</p>}
      {last > most && (
        <button type="button" className="jp-mod-styled" onClick={() => setMost(most + LAST)}>
          {trans.__('Show earlier messages')}
        </button>
      )}
      <ol ref={list}>
        {messages.slice(-most).map(message => (
          <Message
            key={message.seq}
            model={model}
            message={message}
            hidden={message.hidden !== undefined && compare(message.hidden, model.position) <= 0}
            renderers={renderers}
            trans={trans}
          />
        ))}
      </ol>
    </section>
  );
}

/** A message does not change but for being hidden: it is rendered once. */
const Message = memo(function Message(
  props: Props & { message: StoryMessage; hidden: boolean }
): JSX.Element {
  const { model, message, hidden, renderers, trans } = props;
  const { members } = model.manifest;
  const sender = members.at(message.member);
  return (
    <li className="jp-Interview-message">
      <span
        className="jp-Interview-swatch"
        style={{ background: members[message.member]?.color ?? undefined }}
      />
      <strong>
        <bdi>{nameOf(members, message.member, trans)}</bdi>
      </strong>{' '}
      {sender && sender.role !== 'server' && (
        <small>{roleName(sender.role, trans).toLocaleLowerCase()}</small>
      )}{' '}
      <button
        type="button"
        className="jp-Interview-time"
        onClick={() => model.seek({ ms: message.ms, seq: message.seq })}
      >
        {clock(message.ms)}
      </button>
      {hidden && message.hidden ? (
        <p className="jp-Interview-messageHidden" data-testid="interview-message-hidden">
          {hiddenBy(members, message.hidden.member, trans)}
        </p>
      ) : (
        <Text renderers={renderers} text={message.content ?? ''} />
      )}
    </li>
  );
});

/** A message's text; Markdown, as in the room. */
function Text(props: { renderers: Renderers; text: string }): JSX.Element {
  const { renderers, text } = props;
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(
    () => (host.current ? renderers.markdown(host.current, text) : undefined),
    [renderers, text]
  );
  return <div ref={host} className="jp-Interview-messageText" />;
}
