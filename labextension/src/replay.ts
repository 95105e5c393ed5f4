/**
 * What did the interview look like after event number n?
 *
 * The position is always the sequence number of an event. The notebook of a position comes from the server, exactly;
 * chat, runs and people are derived here from what the server told once.
 */
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { InterviewApi, LogEvent, Member, Message, Room, Run, RunStatus } from './api';

/** Pause after the last movement before the notebook is asked for, in milliseconds. */
export const SETTLE_MS = 80;

/** Time between two steps while playing, in milliseconds. */
export const STEP_MS = 400;

/** How many notebooks are kept. */
const CACHE = 200;

/** A run as it stood at a moment. */
export interface RunThen {
  run: Run;
  status: RunStatus;
}

/** Everything of the record that is loaded at once. */
export interface ReplayRecord {
  room: Room;
  events: LogEvent[];
  messages: Message[];
  runs: Run[];
  members: Member[];
}

export type ReplayApi = Pick<InterviewApi, 'room' | 'events' | 'messages' | 'runs' | 'members' | 'notebook'>;

/** Read the record of a room. */
export async function loadRecord(api: ReplayApi, id: string): Promise<ReplayRecord> {
  const [room, events, messages, runs, members] = await Promise.all([
    api.room(id),
    api.events(id),
    api.messages(id),
    api.runs(id),
    api.members(id)
  ]);
  return { room, events, messages, runs, members };
}

export class ReplayModel implements IDisposable {
  constructor(
    private readonly api: Pick<ReplayApi, 'notebook'>,
    readonly record: ReplayRecord
  ) {
    this._index = Math.max(0, record.events.length - 1);
    this.names = new Map(record.members.map(member => [member.id, member]));
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Number of positions. */
  get length(): number {
    return this.record.events.length;
  }

  /** Position among the events, from 0. */
  get index(): number {
    return this._index;
  }
  set index(value: number) {
    const index = Math.min(Math.max(0, Math.round(value)), this.length - 1);
    if (index === this._index || index < 0) {
      return;
    }
    this._index = index;
    this._moved.emit();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.show(), SETTLE_MS);
  }

  /** The event at the position. */
  get event(): LogEvent | undefined {
    return this.record.events[this._index];
  }

  /** Its sequence number; 0 where nothing was logged. */
  get seq(): number {
    return this.event?.seq ?? 0;
  }

  /** Milliseconds from the first event to this one. */
  get offset(): number {
    const first = this.record.events[0];
    return first && this.event ? Date.parse(this.event.ts) - Date.parse(first.ts) : 0;
  }

  get playing(): boolean {
    return this.player !== undefined;
  }

  /** The position, or whether it plays, changed. */
  get moved(): ISignal<this, void> {
    return this._moved;
  }

  /** A notebook is there; it belongs to `seq`, which is the position that is shown. */
  get shown(): ISignal<this, { seq: number; notebook: INotebookContent }> {
    return this._shown;
  }

  /** A notebook could not be had. */
  get failed(): ISignal<this, unknown> {
    return this._failed;
  }

  /** Messages up to the position. */
  get messages(): Message[] {
    return this.record.messages.filter(message => message.seq <= this.seq);
  }

  /** Runs that had begun, newest first, as they stood at the position. */
  get runs(): RunThen[] {
    const finished = new Set<string>();
    const started: string[] = [];
    for (const event of this.record.events.slice(0, this._index + 1)) {
      const id = runOf(event);
      if (event.kind === 'run_started' && id) {
        started.push(id);
      } else if (event.kind === 'run_finished' && id) {
        finished.add(id);
        if (!started.includes(id)) {
          started.push(id);
        }
      }
    }
    const known = new Map(this.record.runs.map(run => [run.id, run]));
    return started.reverse().flatMap(id => {
      const run = known.get(id);
      return run ? [{ run, status: finished.has(id) ? run.status : ('running' as const) }] : [];
    });
  }

  /** Who was in the room at the position. */
  get present(): Member[] {
    const present = new Set<string>();
    for (const event of this.record.events.slice(0, this._index + 1)) {
      if (!event.member) {
        continue;
      }
      if (event.kind === 'join') {
        present.add(event.member);
      } else if (event.kind === 'leave') {
        present.delete(event.member);
      } else if (event.kind === 'remove') {
        const who = event.payload?.member;
        present.delete(typeof who === 'string' ? who : event.member);
      }
    }
    return [...present].flatMap(id => this.names.get(id) ?? []);
  }

  /** Name of a member; `null` is the server itself. */
  nameOf(member: string | null): string | null {
    return member === null ? null : (this.names.get(member)?.name ?? member);
  }

  /** Show the notebook of the position now. The last request wins. */
  async show(): Promise<void> {
    const seq = this.seq;
    this.abort?.abort();
    const known = this.cache.get(seq);
    if (known) {
      return this._shown.emit({ seq, notebook: known });
    }
    const abort = (this.abort = new AbortController());
    try {
      const notebook = await this.api.notebook(this.record.room.id, seq, abort.signal);
      this.keep(seq, notebook);
      if (seq === this.seq && !this.disposed) {
        this._shown.emit({ seq, notebook });
      }
    } catch (reason) {
      if (!abort.signal.aborted && seq === this.seq && !this.disposed) {
        this._failed.emit(reason);
      }
    }
  }

  /** Step forward from event to event until the end. */
  play(): void {
    if (this.playing) {
      return;
    }
    if (this._index >= this.length - 1) {
      this.index = 0;
    }
    this.player = window.setInterval(() => {
      this.index += 1;
      if (this._index >= this.length - 1) {
        this.pause();
      }
    }, STEP_MS);
    this._moved.emit();
  }

  pause(): void {
    window.clearInterval(this.player);
    this.player = undefined;
    this._moved.emit();
  }

  dispose(): void {
    if (this.disposed) {
      return;
    }
    this.disposed = true;
    window.clearTimeout(this.timer);
    window.clearInterval(this.player);
    this.abort?.abort();
    Signal.clearData(this);
  }

  private keep(seq: number, notebook: INotebookContent): void {
    this.cache.set(seq, notebook);
    const oldest = this.cache.keys().next().value;
    if (this.cache.size > CACHE && oldest !== undefined) {
      this.cache.delete(oldest);
    }
  }

  private disposed = false;
  private _index: number;
  private timer: number | undefined;
  private player: number | undefined;
  private abort: AbortController | null = null;
  private readonly names: Map<string, Member>;
  private readonly cache = new Map<number, INotebookContent>();
  private readonly _moved = new Signal<this, void>(this);
  private readonly _shown = new Signal<this, { seq: number; notebook: INotebookContent }>(this);
  private readonly _failed = new Signal<this, unknown>(this);
}

function runOf(event: LogEvent): string | null {
  const id = event.payload?.run ?? event.payload?.id;
  return typeof id === 'string' ? id : null;
}
