import React, { useEffect, useId, useRef, useState } from 'react';

import type { Choices, NewRoom, Room } from '../api';
import { encoded, problemOf, sizeOf } from '../files';
import { fileSize } from '../format';
import type { Translations } from '../tokens';

import { ChooseLanguage, preferred } from './ChooseLanguage';
import { CopyLink } from './CopyLink';
import { Failure } from './Failure';
import { ChooseFiles } from './Files';
import { useAction, useDebounced } from './hooks';

/** How long creating may take before the form says that it is at it, in milliseconds. */
const SLOW_MS = 1_000;

export interface NewInterviewProps {
  choices: () => Promise<Choices>;
  create: (room: NewRoom, signal: AbortSignal) => Promise<Room>;
  /** Open the room in a new tab; `false` when the browser did not let us. */
  open: (room: Room) => boolean;
  /** The address that is shared for a room. */
  link: (room: Room) => string;
  /** The address by which the interviewer enters it. */
  enter: (room: Room) => string;
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

type FormProps = NewInterviewProps & { onMade: (room: Room) => void };

/** What the form holds and does. */
function useForm(props: FormProps) {
  const { trans } = props;
  const [choices, setChoices] = useState<Choices | null>(null);
  const [room, setRoom] = useState<NewRoom>({ title: '', language: '', password: '' });
  const [files, setFiles] = useState<File[]>([]);
  const creating = useAction();
  const loading = useAction();
  const sending = useRef<AbortController | null>(null);
  const load = (): void =>
    loading.act(async () => {
      const found = await props.choices();
      setChoices(found);
      setRoom(now => ({ ...now, language: now.language || preferred(found.languages) }));
    });
  // Once, when the form opens.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  useEffect(load, []);
  // Who closes the form wants no interview.
  useEffect(() => () => sending.current?.abort(), []);
  const change = (part: Partial<NewRoom>): void => setRoom({ ...room, ...part });
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    const { signal } = (sending.current = new AbortController());
    creating.act(async () => {
      const wanted: NewRoom = { title: room.title.trim(), language: room.language };
      if (room.password) {
        wanted.password = room.password;
      }
      if (files.length) {
        wanted.files = await encoded(files, trans);
      }
      props.onMade(await props.create(wanted, signal));
    });
  };
  return { choices, room, change, files, setFiles, load, loading, creating, submit };
}

function Form(props: FormProps): JSX.Element {
  const { trans } = props;
  const id = useId();
  const { choices, room, change, files, setFiles, load, loading, creating, submit } = useForm(props);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <form className="jp-Interview-form" onSubmit={submit} data-testid="interview-form">
      <label htmlFor={`${id}-title`}>{trans.__('Title')}</label>
      <input
        ref={first}
        id={`${id}-title`}
        className="jp-mod-styled"
        required
        maxLength={200}
        value={room.title}
        placeholder={trans.__('Backend engineer, second round')}
        onChange={event => change({ title: event.target.value })}
        data-testid="interview-form-title"
      />
      <ChooseLanguage
        languages={choices?.languages ?? []}
        value={room.language}
        onChange={language => change({ language })}
        trans={trans}
      />
      <Retry error={loading.error} again={load} trans={trans} />
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
      <ChooseFiles
        files={files}
        limits={choices?.limits ?? null}
        disabled={creating.busy}
        onChange={setFiles}
        trans={trans}
      />
      <Failure text={creating.error} />
      <div className="jp-Interview-buttons">
        <Progress busy={creating.busy} files={files} trans={trans} />
        <button type="button" className="jp-mod-styled jp-mod-reject" onClick={props.onClose}>
          {trans.__('Cancel')}
        </button>
        <button
          type="submit"
          className="jp-mod-styled jp-mod-accept"
          disabled={
            creating.busy || !room.language || problemOf(files, choices?.limits ?? null, trans) !== null
          }
          data-testid="interview-form-create"
        >
          {trans.__('Create')}
        </button>
      </div>
    </form>
  );
}

/** What could not be loaded, and a button to try again. */
function Retry(props: { error: string | null; again: () => void; trans: Translations }): JSX.Element | null {
  return props.error === null ? null : (
    <div className="jp-Interview-retry">
      <Failure text={props.error} />
      <button type="button" className="jp-mod-styled" onClick={props.again}>
        {props.trans.__('Try again')}
      </button>
    </div>
  );
}

/** Says that the interview is being made, once that takes a while. */
function Progress(props: { busy: boolean; files: readonly File[]; trans: Translations }): JSX.Element {
  const { busy, files, trans } = props;
  const slow = useDebounced(busy, SLOW_MS) && busy;
  const text = files.length
    ? trans.__('Sending %1…', fileSize(sizeOf(files)))
    : trans.__('Creating the interview…');
  return (
    <span className="jp-Interview-sending" role="status" data-testid="interview-form-progress">
      {slow && (
        <>
          <progress aria-label={text} /> {text}
        </>
      )}
    </span>
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
      <CopyLink link={props.link(room)} label={trans.__('Link of the interview')} trans={trans} shared />
      {!opened && (
        <p>
          {trans.__('Your browser blocked the new tab.')}{' '}
          <a href={props.enter(room)} target="_blank" rel="noreferrer" data-testid="interview-open-link">
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
