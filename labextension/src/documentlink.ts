/**
 * Is the shared notebook connected, and what does it mean when its socket is closed?
 *
 * The stock provider reconnects whatever the close code is, and an accepted connection resets its delay: a server that
 * has a lasting objection would be asked ten times a second. So the codes of lasting objections stop it here.
 */
import { type ISignal, Signal } from '@lumino/signaling';

import type { DocumentState } from './components/Banner';

/** This browser's copy has what the room refused, and would send it again: only a reload helps. */
export const CLOSE_REFUSED = [1009, 4400, 4403];
/** No seat any more, room ended: stay away. */
export const CLOSE_OUT = [4401, 4410];

/** How long the channel gets to say that the member is out before the page is reloaded, in milliseconds. */
export const RELOAD_PAUSE_MS = 500;

/** A second refusal within this time does not reload again, in milliseconds. */
export const RELOAD_AGAIN_MS = 15_000;

/** So many closes by the server within this time, in milliseconds, are no passing trouble. */
export const CLOSES = 8;
export const CLOSES_MS = 60_000;

/** What ends a connection so soon after it stood is what was sent then, and not the line, in milliseconds. */
export const SOON_MS = 3_000;

/** The first close code that is an application's own. */
const FIRST_OF_OURS = 4000;

const NOTE = 'jupyter-interview:reloaded';

/** What is remembered of a reload of our making. */
interface Note {
  /** Milliseconds since 1970. */
  at: number;
  reason: string;
  taken: boolean;
}

/** The part of y-websocket's provider that matters here. */
export interface Provider {
  wsconnected: boolean;
  shouldConnect: boolean;
  readonly doc: { on(event: 'update', slot: (update: Uint8Array, origin: unknown) => void): void };
  disconnect(): void;
  on(event: 'status', slot: (status: { status: string }) => void): void;
  on(event: 'connection-close', slot: (event: CloseEvent | null) => void): void;
  on(event: 'sync', slot: (synced: boolean) => void): void;
}

export class DocumentLink {
  /**
   * @param isOut - whether the channel says that this member is out, or the room over
   * @param reload - reloads the page
   * @param largest - the largest change that the server reads, in bytes, and what is said of a larger one
   */
  constructor(
    private readonly isOut: () => boolean,
    private readonly reload: () => void,
    private readonly largest: () => { bytes: number; text: string },
    private readonly storage: Storage = window.sessionStorage
  ) {}

  get state(): DocumentState {
    return this._state;
  }

  get stateChanged(): ISignal<this, DocumentState> {
    return this._stateChanged;
  }

  /** Follow a provider, which may be connected already. */
  attach(provider: Provider): void {
    this.provider = provider;
    provider.on('status', ({ status }) => {
      if (status === 'disconnected' && this._state === 'synced') {
        this.setState('lost');
      }
    });
    provider.on('sync', synced => {
      if (synced) {
        this.synced = Date.now();
        this.setState('synced');
      }
    });
    provider.doc.on('update', (update, origin) => {
      const { bytes, text } = this.largest();
      if (origin !== provider && update.byteLength > bytes) {
        this.refuse(text);
      }
    });
    provider.on('connection-close', event => this.onClose(event?.code ?? 0, event?.reason ?? ''));
  }

  /** Do not connect again. */
  stop(): void {
    if (this.provider) {
      this.provider.shouldConnect = false;
      this.provider.disconnect();
    }
    this.setState('stopped');
  }

  /** Why the server refused something; the empty string where it did not say. */
  get reason(): string {
    return this._reason;
  }

  /** Why the page was reloaded by us, once; `null` if it was not. */
  takeNote(): string | null {
    const note = this.readNote();
    if (note === null || note.taken) {
      return null;
    }
    this.storage.setItem(NOTE, JSON.stringify({ ...note, taken: true }));
    return note.reason;
  }

  private onClose(code: number, reason: string): void {
    if (CLOSE_OUT.includes(code) || this.isOut()) {
      this.stop();
    } else if (CLOSE_REFUSED.includes(code)) {
      this.refuse(reason);
    } else if (code >= FIRST_OF_OURS || Date.now() - this.synced < SOON_MS) {
      this.closedAgain(reason);
    }
  }

  private refuse(reason: string): void {
    if (this._state === 'stopped') {
      return; // what was said first says more than how the socket ended
    }
    this._reason = reason;
    this.stop();
    window.setTimeout(() => this.refused(), RELOAD_PAUSE_MS);
  }

  /** The stock provider comes back at once: where the server has its reasons, said or not, that has an end. */
  private closedAgain(reason: string): void {
    const now = Date.now();
    this.closes = [...this.closes.filter(then => now - then < CLOSES_MS), now];
    if (this.closes.length >= CLOSES) {
      this._reason = reason;
      this.stop();
      this.setState('refused');
    }
  }

  private refused(): void {
    if (this.isOut()) {
      return;
    }
    if (Date.now() - (this.readNote()?.at ?? 0) < RELOAD_AGAIN_MS) {
      this.setState('refused');
      return;
    }
    const note: Note = { at: Date.now(), reason: this._reason, taken: false };
    this.storage.setItem(NOTE, JSON.stringify(note));
    this.reload();
  }

  private readNote(): Note | null {
    try {
      return JSON.parse(this.storage.getItem(NOTE) ?? 'null') as Note | null;
    } catch {
      return null;
    }
  }

  private setState(state: DocumentState): void {
    if (state !== this._state) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private provider: Provider | null = null;
  private closes: number[] = [];
  /** When the notebook was last brought up to date, in milliseconds since 1970. */
  private synced = -Infinity;
  private _reason = '';
  private _state: DocumentState = 'synced';
  private readonly _stateChanged = new Signal<this, DocumentState>(this);
}
