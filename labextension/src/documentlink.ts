/**
 * Is the shared notebook connected, and what does it mean when its socket is closed?
 *
 * The stock provider reconnects whatever the close code is, and an accepted connection resets its delay: a server that
 * has a lasting objection would be asked ten times a second. So the codes of lasting objections stop it here.
 */
import { type ISignal, Signal } from '@lumino/signaling';

import type { DocumentState } from './components/Banner';

/** This browser's copy differs from the room's: only a reload helps. */
export const CLOSE_REFUSED = 4403;
/** No seat any more, room ended: stay away. */
export const CLOSE_OUT = [4401, 4410];

/** How long the channel gets to say that the member is out before the page is reloaded, in milliseconds. */
export const RELOAD_PAUSE_MS = 500;

/** A second refusal within this time does not reload again, in milliseconds. */
export const RELOAD_AGAIN_MS = 15_000;

const NOTE = 'jupyter-interview:reloaded';

/** The part of y-websocket's provider that matters here. */
export interface Provider {
  wsconnected: boolean;
  shouldConnect: boolean;
  disconnect(): void;
  on(event: 'status', slot: (status: { status: string }) => void): void;
  on(event: 'connection-close', slot: (event: CloseEvent | null) => void): void;
  on(event: 'sync', slot: (synced: boolean) => void): void;
}

export class DocumentLink {
  /**
   * @param isOut - whether the channel says that this member is out, or the room over
   * @param reload - reloads the page
   */
  constructor(
    private readonly isOut: () => boolean,
    private readonly reload: () => void,
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
        this.setState('synced');
      }
    });
    provider.on('connection-close', event => this.onClose(event?.code ?? 0));
  }

  /** Do not connect again. */
  stop(): void {
    if (this.provider) {
      this.provider.shouldConnect = false;
      this.provider.disconnect();
    }
    this.setState('stopped');
  }

  /** The moment of the last reload of our making, once; `null` if there was none. */
  takeNote(): string | null {
    const note = this.storage.getItem(NOTE);
    if (note?.endsWith('!')) {
      this.storage.setItem(NOTE, note.slice(0, -1));
      return note.slice(0, -1);
    }
    return null;
  }

  private onClose(code: number): void {
    if (CLOSE_OUT.includes(code) || this.isOut()) {
      this.stop();
    } else if (code === CLOSE_REFUSED) {
      this.stop();
      window.setTimeout(() => this.refused(), RELOAD_PAUSE_MS);
    }
  }

  private refused(): void {
    if (this.isOut()) {
      return;
    }
    const last = Number(this.storage.getItem(NOTE)?.replace('!', '') ?? 0);
    if (Date.now() - last < RELOAD_AGAIN_MS) {
      this.setState('refused');
      return;
    }
    this.storage.setItem(NOTE, `${Date.now()}!`);
    this.reload();
  }

  private setState(state: DocumentState): void {
    if (state !== this._state) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private provider: Provider | null = null;
  private _state: DocumentState = 'synced';
  private readonly _stateChanged = new Signal<this, DocumentState>(this);
}
