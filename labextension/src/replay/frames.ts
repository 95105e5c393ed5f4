/**
 * Which frames does the page hold? All that there are, as they came; and of the last ones used what is in them.
 *
 * As JSON an interview of eight hours has some 35 MB. What comes from far away is loaded while nothing else is wanted,
 * so that only who seeks within the first seconds waits for the network.
 */
import { ApiError } from '../api';

import type { Frame } from './moment';
import type { FrameInfo } from './record';
import { FrameFold } from './framefold';
import type { Position } from './position';

/** How many frames are kept open. To open one takes a millisecond; what is kept makes the collector's pauses longer. */
export const KEPT = 2;

/** How many frames are loaded at a time while nobody waits for them. */
const AT_ONCE = 2;

/** Room for frames as they came, in bytes. */
const ROOM = 150_000_000;

/** A frame that is under way. */
interface Loading {
  abort: AbortController;
  content: Promise<Frame | ArrayBuffer>;
  /** Somebody waits for it. */
  wanted: boolean;
}

export class FrameStore {
  /**
   * @param load asks for a frame; see `ReplaySource`.
   * @param told is called when `complete` has changed.
   * @param room is there for frames as they came, in bytes.
   */
  constructor(
    private readonly load: (number: number, signal: AbortSignal) => Promise<Frame | ArrayBuffer>,
    private readonly told: () => void = () => undefined,
    private readonly room = ROOM
  ) {}

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
    this.failed.clear();
  }

  /** Whether no frame is left that would be loaded ahead. */
  get complete(): boolean {
    return this._complete;
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

  /** Whether a frame is here; it may still have to be opened. */
  isHere(index: number): boolean {
    return this.holds(this._list[index]?.number);
  }

  /** The frame at an index of the list, if it is there already. */
  peek(index: number): FrameFold | null {
    const number = this._list[index]?.number;
    const bytes = this.bytes.get(number);
    let fold = this.folds.get(number);
    if (!fold && bytes) {
      try {
        fold = open(number, bytes);
      } catch {
        // Whoever needs it asks again, and hears what is wrong with it.
        this.drop(number);
      }
    }
    if (fold) {
      this.keep(number, fold);
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
    const loading = this.pending.get(info.number) ?? this.begin(info.number);
    loading.wanted = true;
    const content = await loading.content;
    const fold = this.folds.get(info.number) ?? open(info.number, content);
    if (!loading.abort.signal.aborted) {
      this.keep(info.number, fold);
    }
    return fold;
  }

  /** Load what is likely to be wanted soon; failures do not matter yet. */
  prefetch(...indices: number[]): void {
    for (const index of indices) {
      const number = this._list[index]?.number;
      if (number !== undefined && !this.has(number)) {
        this.get(index).catch(() => undefined);
      }
    }
  }

  /** From now on, load what is missing while nobody waits for anything: the nearest to an index of the list first. */
  loadRest(near: () => number): void {
    this.near = near;
    this.loadNext();
  }

  /** Begin with no more of what nobody waits for, until `loadRest` is called again. */
  rest(): void {
    this.near = null;
  }

  /** Stop loading what somebody waited for and is none of these. */
  abandonAllBut(...indices: number[]): void {
    const wanted = new Set(indices.map(index => this._list[index]?.number));
    for (const [number, loading] of this.pending) {
      if (loading.wanted && !wanted.has(number)) {
        this.pending.delete(number);
        loading.abort.abort();
      }
    }
  }

  dispose(): void {
    this.near = null;
    this.pending.forEach(({ abort }) => abort.abort());
    this.pending.clear();
    this.folds.clear();
    this.bytes.clear();
  }

  private holds(number: number): boolean {
    return this.folds.has(number) || this.bytes.has(number);
  }

  private has(number: number): boolean {
    return this.holds(number) || this.pending.has(number);
  }

  private begin(number: number): Loading {
    const abort = new AbortController();
    const content = this.load(number, abort.signal);
    const loading = { abort, content, wanted: false };
    const isCurrent = (): boolean => this.pending.get(number) === loading;
    this.pending.set(number, loading);
    content
      .then(
        found => {
          this.far = found instanceof ArrayBuffer;
          if (isCurrent() && found instanceof ArrayBuffer) {
            this.store(number, found);
          }
        },
        () => abort.signal.aborted || this.failed.add(number)
      )
      .finally(() => {
        if (isCurrent()) {
          this.pending.delete(number);
        }
        this.loadNext();
      });
    return loading;
  }

  private loadNext(): void {
    if (this.near === null) {
      return;
    }
    while (this.pending.size < AT_ONCE) {
      const number = this.far && !this.full ? this.nearestMissing(this.near()) : null;
      if (number === null) {
        break;
      }
      this.begin(number);
    }
    const complete = this.pending.size === 0;
    if (complete !== this._complete) {
      this._complete = complete;
      this.told();
    }
  }

  private nearestMissing(index: number): number | null {
    for (let away = 0; away < this._list.length; away++) {
      for (const at of [index + away, index - away]) {
        const number = this._list[at]?.number;
        if (
          number !== undefined &&
          !this.bytes.has(number) &&
          !this.pending.has(number) &&
          !this.failed.has(number)
        ) {
          return number;
        }
      }
    }
    return null;
  }

  private drop(number: number): void {
    this.folds.delete(number);
    this.used -= this.bytes.get(number)?.byteLength ?? 0;
    this.bytes.delete(number);
    this.pending.get(number)?.abort.abort();
    this.pending.delete(number);
  }

  private store(number: number, bytes: ArrayBuffer): void {
    this.bytes.set(number, bytes);
    this.used += bytes.byteLength;
    for (const oldest of this.bytes.keys()) {
      if (this.used <= this.room || oldest === number) {
        break;
      }
      // From now on only what is wanted comes: else one frame would push out the other for ever.
      this.full = true;
      this.used -= this.bytes.get(oldest)?.byteLength ?? 0;
      this.bytes.delete(oldest);
    }
  }

  /** The last one used is the last one that goes. */
  private keep(number: number, fold: FrameFold): void {
    this.folds.delete(number);
    this.folds.set(number, fold);
    const oldest = this.folds.keys().next().value;
    if (this.folds.size > KEPT && oldest !== undefined) {
      this.folds.delete(oldest);
    }
  }

  private _list: readonly FrameInfo[] = [];
  private _complete = false;
  /** Whether frames come as they are sent; others are at hand. */
  private far = true;
  private used = 0;
  private full = false;
  private near: (() => number) | null = null;
  private readonly bytes = new Map<number, ArrayBuffer>();
  private readonly folds = new Map<number, FrameFold>();
  private readonly pending = new Map<number, Loading>();
  /** What could not be loaded ahead; it is asked for again when it is wanted. */
  private readonly failed = new Set<number>();
}

/** What is in a frame. Raises `ApiError`. */
function open(number: number, content: Frame | ArrayBuffer): FrameFold {
  if (!(content instanceof ArrayBuffer)) {
    return new FrameFold(content);
  }
  try {
    return new FrameFold(JSON.parse(new TextDecoder().decode(content)) as Frame);
  } catch {
    throw new ApiError(0, 'damaged', `Frame ${number} is damaged.`);
  }
}
