/**
 * Which frames does the page hold? A few of the last ones used, and those that come next.
 */
import type { Frame } from './moment';
import type { FrameInfo } from './record';
import { FrameFold } from './framefold';
import type { Position } from './position';

/** How many frames are kept; a frame is some hundred kilobytes. */
export const KEPT = 24;

export class FrameStore {
  constructor(private readonly load: (number: number, signal: AbortSignal) => Promise<Frame>) {}

  /** The frames that there are, in order. A frame that has grown since is loaded anew. */
  get list(): readonly FrameInfo[] {
    return this._list;
  }
  set list(list: readonly FrameInfo[]) {
    const before = new Map(this._list.map(info => [info.number, info]));
    for (const info of list) {
      if (before.get(info.number)?.last_seq !== info.last_seq) {
        this.drop(info.number);
      }
    }
    this._list = list;
  }

  /** Index in the list of the frame that holds a position; -1 where there are none. */
  indexAt(position: Position): number {
    let low = 0;
    let high = this._list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { first_ms: ms, first_seq: seq } = this._list[middle];
      const included = ms < position.ms || (ms === position.ms && seq <= position.seq);
      [low, high] = included ? [middle + 1, high] : [low, middle];
    }
    return Math.min(Math.max(0, low - 1), this._list.length - 1);
  }

  /** Index of the frame that holds an event. */
  indexOf(seq: number): number {
    const after = this._list.findIndex(info => info.first_seq > seq);
    return Math.max(0, after === -1 ? this._list.length - 1 : after - 1);
  }

  /** The frame at an index of the list, if it is there already. */
  peek(index: number): FrameFold | null {
    const number = this._list[index]?.number;
    const fold = this.folds.get(number);
    if (fold) {
      // The last one used is the last one that goes.
      this.folds.delete(number);
      this.folds.set(number, fold);
    }
    return fold ?? null;
  }

  /** The frame at an index of the list. */
  async get(index: number): Promise<FrameFold> {
    const known = this.peek(index);
    const info = this._list[index] as FrameInfo | undefined;
    if (known || !info) {
      return known ?? new FrameFold({ state: { cells: [], metadata: {}, cursors: {} }, entries: [] });
    }
    const { number } = info;
    const pending = this.pending.get(number);
    if (pending) {
      return pending.fold;
    }
    const abort = new AbortController();
    const fold = this.load(number, abort.signal)
      .then(frame => {
        const made = new FrameFold(frame);
        if (!abort.signal.aborted) {
          this.keep(number, made);
        }
        return made;
      })
      .finally(() => {
        if (this.pending.get(number)?.abort === abort) {
          this.pending.delete(number);
        }
      });
    this.pending.set(number, { abort, fold });
    return fold;
  }

  /** Load what is likely to be wanted soon; failures do not matter yet. */
  prefetch(...indices: number[]): void {
    for (const index of indices) {
      if (this._list[index] && !this.folds.has(this._list[index].number)) {
        this.get(index).catch(() => undefined);
      }
    }
  }

  /** Stop loading what is none of these. */
  abandonAllBut(...indices: number[]): void {
    const wanted = new Set(indices.map(index => this._list[index]?.number));
    for (const [number, { abort }] of this.pending) {
      if (!wanted.has(number)) {
        this.pending.delete(number);
        abort.abort();
      }
    }
  }

  dispose(): void {
    this.abandonAllBut();
    this.folds.clear();
  }

  private drop(number: number): void {
    this.folds.delete(number);
    this.pending.get(number)?.abort.abort();
    this.pending.delete(number);
  }

  private keep(number: number, fold: FrameFold): void {
    this.folds.set(number, fold);
    const oldest = this.folds.keys().next().value;
    if (this.folds.size > KEPT && oldest !== undefined) {
      this.folds.delete(oldest);
    }
  }

  private _list: readonly FrameInfo[] = [];
  private readonly folds = new Map<number, FrameFold>();
  private readonly pending = new Map<number, { abort: AbortController; fold: Promise<FrameFold> }>();
}
