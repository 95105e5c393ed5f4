/**
 * How does the moment of a position get on display?
 *
 * At once if its frame is there, else when it is; once for each picture at most. Then the last wish wins.
 */
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Focus, FrameFold } from './framefold';
import type { FrameStore } from './frames';
import { type Moment, NOTHING } from './moment';
import type { Position } from './position';

/** Pause before frames are loaded ahead, in milliseconds: less than a frame takes at the highest speed. */
const AHEAD_MS = 200;

/** What there is to show: a moment, and what belongs to it. */
export interface Shown {
  moment: Moment;
  /** Of the last event that the position includes. */
  seq: number;
  /** Where the last edit was. */
  focus: Focus | null;
}

/** Where the viewer is. */
export interface Viewer {
  readonly position: Position;
  /** Of the last event that the position includes. */
  readonly seq: number;
  readonly playing: boolean;
}

export class Projector implements IDisposable {
  /** @param schedule calls back soon, once for each picture. */
  constructor(
    private readonly frames: FrameStore,
    private readonly viewer: Viewer,
    private readonly schedule: (call: () => void) => void
  ) {}

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** The moment on display; `null` before the first one. */
  get shown(): Shown | null {
    return this._shown;
  }

  /** Why the moment of the position cannot be had. */
  get error(): unknown {
    return this._error;
  }

  /** Whether the frame of the position is not there yet. */
  get waiting(): boolean {
    return this._loading && this._error === null;
  }

  /** Whether the moment on display is the one of the position. */
  get settled(): boolean {
    return this._shown !== null && !this._wanted && this._error === null;
  }

  /** The moment on display changed, or could not be had. */
  get displayed(): ISignal<this, void> {
    return this._displayed;
  }

  /** Ask for the moment of the viewer's position. */
  want(): void {
    this._wanted = true;
    const index = this.frames.indexAt(this.viewer.position);
    this._loading = index >= 0 && !this.frames.isHere(index);
    this._error = null;
    if (!this.viewer.playing) {
      // Whoever seeks has the page, the network and the server for that alone.
      this.frames.rest();
      window.clearTimeout(this.later);
      this.later = undefined;
    }
    if (this.scheduled) {
      return;
    }
    this.scheduled = true;
    this.schedule(() => {
      this.scheduled = false;
      if (!this.disposed) {
        this.show();
      }
    });
  }

  dispose(): void {
    this.disposed = true;
    window.clearTimeout(this.ahead);
    window.clearTimeout(this.later);
    Signal.clearData(this);
  }

  private show(): void {
    const { position, playing } = this.viewer;
    const index = this.frames.indexAt(position);
    const neighbours = [index, index + 1, index - 1];
    this.frames.abandonAllBut(...neighbours);
    if (index < 0) {
      return this.display(NOTHING, null);
    }
    const fold = this.frames.peek(index);
    if (fold) {
      this.fold(fold);
      this.look(neighbours.slice(1, playing ? 2 : 3));
      return;
    }
    this._loading = true;
    this.frames.get(index).then(
      () => this.want(),
      (reason: unknown) => {
        if (!this.disposed && index === this.frames.indexAt(this.viewer.position)) {
          this.fail(reason);
        }
      }
    );
  }

  /** Load what is likely to be wanted next, and then all the rest, once nothing else is wanted for a while. */
  private look(ahead: number[]): void {
    this.later ??= window.setTimeout(
      () => this.frames.loadRest(() => this.frames.indexAt(this.viewer.position)),
      AHEAD_MS
    );
    if (String(ahead) === this.looked) {
      return;
    }
    this.looked = String(ahead);
    window.clearTimeout(this.ahead);
    this.ahead = window.setTimeout(() => this.frames.prefetch(...ahead), AHEAD_MS);
  }

  private fold(fold: FrameFold): void {
    try {
      const count = fold.count(this.viewer.position);
      this.display(fold.at(count), fold.focus(count));
    } catch (reason) {
      this.fail(reason);
    }
  }

  private display(moment: Moment, focus: Focus | null): void {
    this._wanted = this._loading = false;
    this._shown = { moment, seq: this.viewer.seq, focus };
    this._displayed.emit();
  }

  private fail(reason: unknown): void {
    this._error = reason;
    this._displayed.emit();
  }

  private disposed = false;
  private scheduled = false;
  private looked = '';
  private ahead: number | undefined;
  private later: number | undefined;
  /** Whether the moment of the position is still to be shown: with the next picture, or when its frame is there. */
  private _wanted = true;
  private _loading = false;
  private _error: unknown = null;
  private _shown: Shown | null = null;
  private readonly _displayed = new Signal<this, void>(this);
}
