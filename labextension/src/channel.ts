/**
 * How does the page talk to its room, and what does it do when the line is cut?
 *
 * One websocket with JSON text frames. It pings, notices silence, reconnects with growing delays, and keeps chat
 * messages until the server acknowledged them. They go one after the other, each when the one before was answered, so
 * that what waited during an outage comes at the pace that the server allows.
 */
import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Member, Message, Notice, Person, Room, Run } from './api';

export const PING_MS = 15_000;
export const SILENCE_MS = 30_000;
export const FIRST_DELAY_MS = 500;
export const LAST_DELAY_MS = 15_000;

/** How long a message that the server cannot take now waits where the server does not say. */
export const AGAIN_MS = 1_000;

/** With these refusals a message stays where it is: the server will take it later. */
const LATER = new Set(['rate_limited', 'storage_unavailable']);

/** Refusals that may come before the server has read whose frame it was. */
const UNREAD = new Set(['rate_limited', 'too_large']);

/** The close code of a frame that is too large to be read. */
export const CLOSE_TOO_LARGE = 1009;

/** The close code by which the server says that an account is to log in again. */
export const CLOSE_LOGGED_OUT = 4401;

/** Close codes by which the server says that coming back is useless. */
export const CLOSE_REMOVED = 4403;
export const CLOSE_ENDED = 4410;

/** A frame of the room channel. */
export interface Frame {
  type: string;
  id?: string;
  room?: string;
  content?: unknown;
  seq?: number;
  ts?: string;
  sender?: Person;
}

/** Content of the `joined` frame. */
export interface Joined {
  room: Room;
  you: Member;
  members: Member[];
  messages: Message[];
  runs?: Run[];
  code?: string;
  seq: number;
  notices?: Notice[];
  late?: boolean;
  comings?: Coming[];
  limits?: ChannelLimits;
}

/** What the server takes at most of one message. */
export interface ChannelLimits {
  chat_chars: number;
  /** Of a change of the notebook. */
  change_bytes: number;
  /** Of one that is read, to be refused; a larger one ends the socket. */
  read_bytes: number;
}

/** Somebody came or went. */
export interface Coming {
  kind: 'join' | 'leave';
  member: Person;
  reason: string | null;
  ts: string;
}

/** A chat message that the server has not acknowledged. */
export interface Pending {
  id: string;
  content: string;
  /** Milliseconds since 1970. */
  time: number;
}

/** Why the channel will not come back. */
export type StopReason = 'removed' | 'ended' | 'gone' | 'loggedout';

export type ChannelState =
  | { kind: 'connecting' }
  | { kind: 'open' }
  | { kind: 'waiting'; retryAt: number }
  | { kind: 'stopped'; reason: StopReason };

/** What a look at the server says after a refused connection. */
export type Verdict = 'retry' | StopReason;

export interface ChannelOptions {
  url: string;
  room: string;
  /** Asked when a connection could not be opened. */
  check: () => Promise<Verdict>;
  /** Makes the socket. */
  connect?: (url: string) => WebSocket;
  /** A number in [0, 1) for the jitter. */
  random?: () => number;
}

/** Delay before attempt `attempt` (0 is the first), in milliseconds. */
export function retryDelay(attempt: number, random: number): number {
  const delay = FIRST_DELAY_MS * 2 ** Math.min(attempt, 10) * (0.75 + random / 2);
  return Math.min(LAST_DELAY_MS, Math.max(FIRST_DELAY_MS, delay));
}

export class Channel implements IDisposable {
  constructor(private readonly options: ChannelOptions) {
    window.addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  get state(): ChannelState {
    return this._state;
  }

  /** The state changed. */
  get stateChanged(): ISignal<this, ChannelState> {
    return this._stateChanged;
  }

  /** A frame came that the channel does not deal with itself. */
  get received(): ISignal<this, Frame> {
    return this._received;
  }

  /** The list of unacknowledged chat messages changed. */
  get pendingChanged(): ISignal<this, void> {
    return this._pendingChanged;
  }

  get pending(): readonly Pending[] {
    return [...this._pending.values()];
  }

  /** Open the connection. */
  start(): void {
    if (!this.socket && !this.disposed && this._state.kind !== 'stopped') {
      this.open();
    }
  }

  /** Stop for good. */
  stop(reason: StopReason): void {
    this.drop();
    this.setState({ kind: 'stopped', reason });
  }

  /** Send a frame now; `false` when there is no connection. */
  send(type: string, content: unknown, id: string = UUID.uuid4()): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) {
      return false;
    }
    this.socket.send(JSON.stringify({ type, id, room: this.options.room, content }));
    return true;
  }

  /** Send a chat message; it is repeated with the same id after a reconnect until the server has it. */
  sendChat(content: string): Pending {
    const message = { id: UUID.uuid4(), content, time: Date.now() };
    this._pending.set(message.id, message);
    this.sendNext();
    this._pendingChanged.emit();
    return message;
  }

  dispose(): void {
    if (this.disposed) {
      return;
    }
    this.disposed = true;
    window.removeEventListener('online', this.hurry);
    document.removeEventListener('visibilitychange', this.hurry);
    this.drop();
    Signal.clearData(this);
  }

  private open(): void {
    window.clearTimeout(this.retryTimer);
    this.setState({ kind: 'connecting' });
    const socket = (this.options.connect ?? (url => new WebSocket(url)))(this.options.url);
    this.socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.heard = Date.now();
      this.pingTimer = window.setInterval(() => this.beat(), PING_MS);
    };
    socket.onmessage = event => this.onFrame(String(event.data));
    socket.onclose = event => void this.onClose(socket, event.code, opened);
  }

  private beat(): void {
    if (Date.now() - this.heard >= SILENCE_MS) {
      this.drop();
      this.retry();
      return;
    }
    this.send('ping', null);
  }

  private onFrame(text: string): void {
    this.heard = Date.now();
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      return;
    }
    if (frame.type !== 'pong') {
      this.take(frame);
    }
  }

  private take(frame: Frame): void {
    if (frame.type === 'joined') {
      this.attempt = 0;
    }
    const answered = this.answered(frame);
    if (answered && this.mustWait(frame)) {
      return;
    }
    this._received.emit(frame);
    if (frame.type === 'joined') {
      this.setState({ kind: 'open' });
      this.awaited = null;
      this.sendNext();
    } else if (answered) {
      this.settle(answered);
    } else if (frame.type === 'room_ended') {
      this.stop('ended');
    }
  }

  /** The message that a frame answers, if it does. A refusal that does not say of what is of the one on its way. */
  private answered(frame: Frame): string | null {
    if (frame.type !== 'ack' && frame.type !== 'error') {
      return null;
    }
    const content = (frame.content ?? {}) as { id?: string | null; code?: string };
    const id = content.id ?? frame.id;
    if (id) {
      return this._pending.has(id) ? id : null;
    }
    if (this.awaited === null || !UNREAD.has(content.code ?? '')) {
      return null;
    }
    frame.content = { ...content, id: this.awaited };
    return this.awaited;
  }

  /** Whether a message was refused only for now: it stays, and is sent again when the server says. */
  private mustWait(frame: Frame): boolean {
    const { code, details } = (frame.content ?? {}) as { code?: string; details?: { retry_after?: number } };
    if (frame.type !== 'error' || !LATER.has(code ?? '')) {
      return false;
    }
    const wait = (details?.retry_after ?? 0) * 1000 || AGAIN_MS;
    window.clearTimeout(this.againTimer);
    this.againTimer = window.setTimeout(() => {
      this.awaited = null;
      this.sendNext();
    }, wait);
    return true;
  }

  /** An acknowledged message is no longer pending, nor is a refused one: whoever heard of that has its text. */
  private settle(id: string): void {
    this._pending.delete(id);
    if (id === this.awaited) {
      this.awaited = null;
      this.sendNext();
    }
    this._pendingChanged.emit();
  }

  /** Send the first message that waits, unless one is on its way. */
  private sendNext(): void {
    const [next] = this._pending.values();
    if (this._state.kind !== 'open' || this.awaited !== null || !this._pending.size) {
      return;
    }
    if (this.send('chat_message', next.content, next.id)) {
      this.awaited = next.id;
    }
  }

  private async onClose(socket: WebSocket, code: number, opened: boolean): Promise<void> {
    if (socket !== this.socket) {
      return;
    }
    if (code === CLOSE_TOO_LARGE && this.awaited !== null) {
      // It would end the next connection as well.
      const content = { code: 'too_large', message: 'The message is too large.', id: this.awaited };
      this.take({ type: 'error', content });
    }
    this.drop();
    if (code === CLOSE_REMOVED) {
      return this.stop('removed');
    }
    if (code === CLOSE_ENDED) {
      return this.stop('ended');
    }
    // Whoever has logged in again meanwhile, in another window, is let in.
    const loggedOut = code === CLOSE_LOGGED_OUT;
    const verdict = opened && !loggedOut ? 'retry' : await this.options.check();
    if (this.disposed || this.socket || this._state.kind === 'stopped') {
      return;
    }
    if (verdict === 'retry') {
      this.retry();
    } else {
      this.stop(verdict === 'gone' && loggedOut ? 'loggedout' : verdict);
    }
  }

  private retry(): void {
    const delay = retryDelay(this.attempt++, (this.options.random ?? Math.random)());
    window.clearTimeout(this.retryTimer);
    this.retryTimer = window.setTimeout(() => this.open(), delay);
    this.setState({ kind: 'waiting', retryAt: Date.now() + delay });
  }

  /** The network is back or somebody looks at the page again: try at once, and find a dead line early. */
  private readonly hurry = (): void => {
    if (document.visibilityState === 'hidden') {
      return;
    }
    if (this._state.kind === 'waiting') {
      this.open();
    } else if (this._state.kind === 'open') {
      this.beat();
    }
  };

  private drop(): void {
    window.clearInterval(this.pingTimer);
    window.clearTimeout(this.retryTimer);
    window.clearTimeout(this.againTimer);
    this.awaited = null;
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      if (socket.readyState === WebSocket.CONNECTING || socket.readyState === WebSocket.OPEN) {
        socket.close();
      }
    }
  }

  private setState(state: ChannelState): void {
    this._state = state;
    this._stateChanged.emit(state);
  }

  private socket: WebSocket | null = null;
  private disposed = false;
  private attempt = 0;
  private heard = 0;
  private pingTimer: number | undefined;
  private retryTimer: number | undefined;
  private againTimer: number | undefined;
  /** Id of the message that was sent and not answered. */
  private awaited: string | null = null;
  private _state: ChannelState = { kind: 'connecting' };
  private readonly _pending = new Map<string, Pending>();
  private readonly _stateChanged = new Signal<this, ChannelState>(this);
  private readonly _received = new Signal<this, Frame>(this);
  private readonly _pendingChanged = new Signal<this, void>(this);
}
