import React, { useCallback, useEffect, useRef, useState } from 'react';

import { ApiError, type Language, messageOf, type Room, type RoomState } from '../api';
import { between, clock, moment, stateName } from '../format';
import type { Translations } from '../tokens';

import { useDebounced } from './hooks';
import { Failure, LoggedOut } from './Failure';

/** Pause between two looks at the server while the list is on screen, in milliseconds. */
export const REFRESH_MS = 10_000;

const PAGE = 20;

export interface PastProps {
  list: (query: {
    q: string;
    state: RoomState | '';
    cursor?: string;
    limit: number;
  }) => Promise<{ rooms: Room[]; next: string | null }>;
  /** The languages, for their names. */
  languages: () => Promise<Language[]>;
  /** Address of a room, of its replay, and of its notebook. */
  link: (room: Room) => string;
  replay: (room: Room) => string;
  notebook: (room: Room) => string;
  copy: (room: Room) => void;
  /** Address where one logs in. */
  login: string;
  /** Somebody who was logged out asks again. */
  onAgain?: () => void;
  /** Whether the list is on screen. */
  visible: boolean;
  trans: Translations;
}

/** Live and ended interviews, newest first, with search. */
export function PastInterviews(props: PastProps): JSX.Element {
  const { trans } = props;
  const names = useNames(props.languages);
  const [q, setQuery] = useState('');
  const [state, setState] = useState<RoomState | ''>('');
  const settled = useDebounced(q, 250);
  const { rooms, next, error, out, loaded, refresh, more } = useRooms(props, settled, state);
  return (
    <div className="jp-Interview-past" data-testid="interview-past">
      <form role="search" className="jp-Interview-search" onSubmit={event => event.preventDefault()}>
        <input
          type="search"
          className="jp-mod-styled"
          value={q}
          placeholder={trans.__('Search title, person or tag')}
          aria-label={trans.__('Search interviews')}
          onChange={event => setQuery(event.target.value)}
          data-testid="interview-search"
        />
        <select
          className="jp-mod-styled"
          aria-label={trans.__('State')}
          value={state}
          onChange={event => setState(event.target.value as RoomState | '')}
          data-testid="interview-filter"
        >
          <option value="">{trans.__('All')}</option>
          <option value="waiting">{stateName('waiting', trans)}</option>
          <option value="live">{stateName('live', trans)}</option>
          <option value="ended">{stateName('ended', trans)}</option>
        </select>
      </form>
      {error && (
        <div className="jp-Interview-retry">
          {out ? <LoggedOut login={props.login} trans={trans} /> : <Failure text={error} />}
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              props.onAgain?.();
              refresh();
            }}
          >
            {trans.__('Try again')}
          </button>
        </div>
      )}
      {loaded && !error && rooms.length === 0 && (
        <p className="jp-Interview-empty" role="status">
          {settled || state
            ? trans.__('No interview matches. Change the search.')
            : trans.__('No interviews yet. Start one with “New interview” in the launcher.')}
        </p>
      )}
      <ul className="jp-Interview-rooms" aria-label={trans.__('Interviews')}>
        {rooms.map(room => (
          <Item key={room.id} {...props} room={room} language={names.get(room.language) ?? room.language} />
        ))}
      </ul>
      {next !== null && (
        <button type="button" className="jp-mod-styled" onClick={more} data-testid="interview-more">
          {trans.__('Show more')}
        </button>
      )}
    </div>
  );
}

interface Rooms {
  rooms: Room[];
  next: string | null;
  error: string | null;
  /** Nobody is logged in any more: nothing is asked until somebody tries again. */
  out: boolean;
  loaded: boolean;
  refresh: () => void;
  more: () => void;
}

/** The rooms that match, read anew from time to time while on screen; the last question wins. */
function useRooms(props: PastProps, q: string, state: RoomState | ''): Rooms {
  const { list, visible } = props;
  const [found, setFound] = useState<{ rooms: Room[]; next: string | null }>({ rooms: [], next: null });
  const [error, setError] = useState<string | null>(null);
  const [out, setOut] = useState(false);
  const [loaded, setLoaded] = useState(false);
  const turn = useRef(0);
  const shown = useRef(PAGE);

  const ask = useCallback(
    async (cursor?: string): Promise<void> => {
      const mine = ++turn.current;
      try {
        const limit = cursor === undefined ? Math.max(PAGE, shown.current) : PAGE;
        const answer = await list({ q, state, cursor, limit });
        if (mine === turn.current) {
          setFound(before => {
            const rooms = cursor === undefined ? answer.rooms : merge(before.rooms, answer.rooms);
            shown.current = rooms.length;
            return { rooms, next: answer.next };
          });
          setError(null);
          setOut(false);
          setLoaded(true);
        }
      } catch (reason) {
        if (mine === turn.current) {
          setError(messageOf(reason));
          setOut(reason instanceof ApiError && reason.status === 401);
        }
      }
    },
    [list, q, state]
  );

  useEffect(() => {
    shown.current = PAGE;
    setLoaded(false);
  }, [q, state]);

  useEffect(() => {
    if (!visible) {
      return;
    }
    void ask();
  }, [ask, visible]);

  useEffect(() => {
    if (!visible || out) {
      return;
    }
    const timer = window.setInterval(() => document.hidden || void ask(), REFRESH_MS);
    return () => window.clearInterval(timer);
  }, [ask, out, visible]);

  return {
    ...found,
    error,
    out,
    loaded,
    refresh: () => void ask(),
    more: () => void ask(found.next ?? undefined)
  };
}

/** What languages are called; where that is not known, their identifiers do. */
function useNames(languages: PastProps['languages']): Map<string, string> {
  const [names, setNames] = useState(new Map<string, string>());
  useEffect(() => {
    languages().then(
      list => setNames(new Map(list.map(({ name, display_name }) => [name, display_name]))),
      () => undefined
    );
  }, [languages]);
  return names;
}

function merge(before: Room[], after: Room[]): Room[] {
  const known = new Set(before.map(room => room.id));
  return [...before, ...after.filter(room => !known.has(room.id))];
}

function Item(props: PastProps & { room: Room; language: string }): JSX.Element {
  const { room, language, trans } = props;
  const ended = room.state === 'ended';
  const people = (room.members ?? []).filter(
    member => member.state === 'seated' && member.presence === 'present'
  );
  return (
    <li className="jp-Interview-room" data-testid={`interview-room-${room.id}`}>
      <div className="jp-Interview-roomHead">
        <span className={`jp-Interview-state jp-mod-${room.state}`}>{stateName(room.state, trans)}</span>
        <h2>{room.title}</h2>
        {room.tags.map(tag => (
          <span key={tag} className="jp-Interview-tag">
            {tag}
          </span>
        ))}
      </div>
      <p>
        {language}
        {' · '}
        {room.started_at
          ? trans.__('started %1', moment(room.started_at))
          : trans.__('created %1', moment(room.created_at))}
        {room.started_at && ` · ${clock(between(room.started_at, room.ended_at))}`}
        {!ended && people.length > 0 && ` · ${people.map(member => member.name).join(', ')}`}
      </p>
      <div className="jp-Interview-actions">
        {!ended && (
          <a
            className="jp-Interview-button jp-mod-accept"
            href={props.link(room)}
            target="_blank"
            rel="noreferrer"
            aria-label={trans.__('Open %1', room.title)}
          >
            {trans.__('Open')}
          </a>
        )}
        {!ended && (
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => props.copy(room)}
            aria-label={trans.__('Copy the link of %1', room.title)}
          >
            {trans.__('Copy link')}
          </button>
        )}
        <a
          className="jp-Interview-button"
          href={props.replay(room)}
          target="_blank"
          rel="noreferrer"
          aria-label={trans.__('Replay %1', room.title)}
        >
          {trans.__('Replay')}
        </a>
        <a
          className="jp-Interview-button"
          href={props.notebook(room)}
          download={`${fileName(room.title)}.ipynb`}
          aria-label={trans.__('Download the notebook of %1', room.title)}
        >
          {trans.__('Notebook')}
        </a>
      </div>
    </li>
  );
}

/** A title as a file name. */
export function fileName(title: string): string {
  return title.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'interview';
}
