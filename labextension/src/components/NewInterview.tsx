import React, { useEffect, useId, useState } from 'react';

import type { Language, NewRoom, Room } from '../api';
import type { Translations } from '../tokens';

import { CopyLink } from './CopyLink';
import { useAction } from './hooks';
import { Failure } from './PeoplePanel';

export interface NewInterviewProps {
  languages: () => Promise<Language[]>;
  create: (room: NewRoom) => Promise<Room>;
  /** Open the room in a new tab; `false` when the browser did not let us. */
  open: (room: Room) => boolean;
  /** The address that is shared for a room. */
  link: (room: Room) => string;
  onClose: () => void;
  trans: Translations;
}

/** The form that makes an interview; afterwards the link to share. */
export function NewInterview(props: NewInterviewProps): JSX.Element {
  const { trans } = props;
  const [made, setMade] = useState<{ room: Room; opened: boolean } | null>(null);
  if (made) {
    return <Made {...props} room={made.room} opened={made.opened} />;
  }
  return (
    <>
      <p className="jp-Interview-hint">{trans.__('You get a link to send to the candidate.')}</p>
      <Form {...props} onMade={room => setMade({ room, opened: props.open(room) })} />
    </>
  );
}

function Form(props: NewInterviewProps & { onMade: (room: Room) => void }): JSX.Element {
  const { trans } = props;
  const id = useId();
  const [languages, setLanguages] = useState<Language[]>([]);
  const [room, setRoom] = useState<NewRoom>({ title: '', language: '', password: '' });
  const { busy, error, act } = useAction();
  const loading = useAction();
  const load = (): void =>
    loading.act(async () => {
      const found = await props.languages();
      setLanguages(found);
      setRoom(now => ({ ...now, language: now.language || (found.find(one => one.available)?.name ?? '') }));
    });
  // Once, when the form opens.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  useEffect(load, []);
  const change = (part: Partial<NewRoom>): void => setRoom({ ...room, ...part });
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    const { title, language, password } = room;
    act(async () => {
      props.onMade(await props.create({ title: title.trim(), language, ...(password ? { password } : {}) }));
    });
  };
  const unavailable = languages.filter(one => !one.available);
  return (
    <form className="jp-Interview-form" onSubmit={submit} data-testid="interview-form">
      <label htmlFor={`${id}-title`}>{trans.__('Title')}</label>
      <input
        id={`${id}-title`}
        className="jp-mod-styled"
        required
        maxLength={200}
        value={room.title}
        placeholder={trans.__('Backend engineer, second round')}
        onChange={event => change({ title: event.target.value })}
        data-testid="interview-form-title"
      />
      <label htmlFor={`${id}-language`}>{trans.__('Language')}</label>
      <select
        id={`${id}-language`}
        className="jp-mod-styled"
        required
        value={room.language}
        onChange={event => change({ language: event.target.value })}
        data-testid="interview-form-language"
      >
        {languages.map(one => (
          <option key={one.name} value={one.name} disabled={!one.available}>
            {one.available ? one.display_name : `${one.display_name} – ${one.message ?? ''}`}
          </option>
        ))}
      </select>
      {loading.error && (
        <div className="jp-Interview-retry">
          <Failure text={loading.error} />
          <button type="button" className="jp-mod-styled" onClick={load}>
            {trans.__('Try again')}
          </button>
        </div>
      )}
      {unavailable.length > 0 && (
        <ul className="jp-Interview-hint">
          {unavailable.map(one => (
            <li key={one.name}>
              {one.display_name}: {one.message}
            </li>
          ))}
        </ul>
      )}
      <label htmlFor={`${id}-password`}>{trans.__('Room password (optional)')}</label>
      <input
        id={`${id}-password`}
        className="jp-mod-styled"
        type="password"
        autoComplete="new-password"
        value={room.password}
        onChange={event => change({ password: event.target.value })}
        data-testid="interview-form-password"
      />
      <Failure text={error} />
      <div className="jp-Interview-buttons">
        <button type="button" className="jp-mod-styled jp-mod-reject" onClick={props.onClose}>
          {trans.__('Cancel')}
        </button>
        <button
          type="submit"
          className="jp-mod-styled jp-mod-accept"
          disabled={busy || !room.language}
          data-testid="interview-form-create"
        >
          {trans.__('Create')}
        </button>
      </div>
    </form>
  );
}

function Made(props: NewInterviewProps & { room: Room; opened: boolean }): JSX.Element {
  const { room, opened, trans } = props;
  return (
    <div className="jp-Interview-made" data-testid="interview-made">
      <p>
        {opened
          ? trans.__('“%1” is open in a new tab. Send this link to the candidate:', room.title)
          : trans.__('“%1” is ready. Send this link to the candidate:', room.title)}
      </p>
      <CopyLink link={props.link(room)} label={trans.__('Link of the interview')} trans={trans} />
      {!opened && (
        <p>
          {trans.__('Your browser blocked the new tab.')}{' '}
          <a href={props.link(room)} target="_blank" rel="noreferrer" data-testid="interview-open-link">
            {trans.__('Open the interview')}
          </a>
        </p>
      )}
      <div className="jp-Interview-buttons">
        <button type="button" className="jp-mod-styled jp-mod-accept" onClick={props.onClose}>
          {trans.__('Close')}
        </button>
      </div>
    </div>
  );
}
