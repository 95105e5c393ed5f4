/**
 * Which moment of the interview is wanted, and which one is there?
 *
 * The position changes at once and as often as one likes; the moment that belongs to it follows, once for each picture,
 * or when its frame is loaded. Then the last wish wins. Components read this and listen to its signals.
 */
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { advance, nextSpeed, oncePerPicture, Ticker } from './clock';
import { FrameStore } from './frames';
import type { Target } from './link';
import type { Moment } from './moment';
import { atTime, compare, countUntil, type Happening, type Position } from './position';
import type { Bookmark, Manifest, ReplaySource, Story } from './record';
import { landmarks } from './landmarks';
import { Projector, type Shown } from './projector';
import { nextEdit, nextOf } from './steps';

/** What can be stepped to. */
export type Step = 'edit' | 'run' | 'message';

/** What was loaded at once. */
export interface Opened {
  manifest: Manifest;
  story: Story;
  bookmarks: Bookmark[];
}

export class ReplayModel implements IDisposable {
  constructor(
    readonly source: ReplaySource,
    opened: Opened,
    schedule: (call: () => void) => void = oncePerPicture()
  ) {
    this.frames = new FrameStore(
      (number, signal) => source.frame(number, signal),
      () => this._changed.emit()
    );
    this.opened = opened;
    this.events = landmarks(opened);
    this.frames.list = opened.manifest.frames;
    this._position = this.end;
    this.projector = new Projector(this.frames, this, schedule);
    this.projector.displayed.connect(() => this.error === null || this.pause());
    this.projector.want();
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  get manifest(): Manifest {
    return this.opened.manifest;
  }

  get story(): Story {
    return this.opened.story;
  }

  get bookmarks(): readonly Bookmark[] {
    return this.opened.bookmarks;
  }

  get position(): Position {
    return this._position;
  }

  /** Milliseconds from the first event to the position. */
  get ms(): number {
    return this._position.ms;
  }

  get duration(): number {
    return this.manifest.duration_ms;
  }

  /** The first position: the first event, which has a number as all that can be named. */
  get beginning(): Position {
    return { ms: 0, seq: Math.min(1, this.manifest.last_seq) };
  }

  /** The last position. */
  get end(): Position {
    return { ms: this.duration, seq: this.manifest.last_seq };
  }

  get atEnd(): boolean {
    return this.ms >= this.duration && this._position.seq >= this.manifest.last_seq;
  }

  /** Sequence number of the last known event that the position includes. */
  get seq(): number {
    const { seq } = this._position;
    if (this.atEnd) {
      return this.manifest.last_seq;
    }
    if (Number.isFinite(seq)) {
      return seq;
    }
    const index = this.frames.indexAt(this._position);
    const fold = this.frames.peek(index);
    const count = fold?.count(this._position) ?? 0;
    const entry = count > 0 ? fold?.frame.entries[count - 1][0] : this.frames.list[index]?.first_seq;
    const known = countUntil(this.events, event => event, this._position);
    return Math.max(entry ?? 0, known > 0 ? this.events[known - 1].seq : 0, 0);
  }

  /** Whether there is a notebook at an event already. */
  begun(seq: number = this.seq): boolean {
    const { first_seq: first } = this.manifest;
    return first !== null && seq >= first;
  }

  /** The moment on display; `null` before the first one. */
  get shown(): Shown | null {
    return this.projector.shown;
  }

  /** Whether the moment on display is the one of the position. */
  get settled(): boolean {
    return this.projector.settled;
  }

  /** Why the moment of the position cannot be had. */
  get error(): unknown {
    return this.projector.error;
  }

  /** Whether every frame is here, as far as there is room for them: no seek waits for the network. */
  get loaded(): boolean {
    return this.frames.complete;
  }

  get playing(): boolean {
    return this.ticker.running;
  }

  get speed(): number {
    return this._speed;
  }
  set speed(speed: number) {
    this._speed = speed;
    this._changed.emit();
  }

  get skipIdle(): boolean {
    return this._skipIdle;
  }
  set skipIdle(skip: boolean) {
    this._skipIdle = skip;
    this._changed.emit();
  }

  /** Whether the notebook is scrolled to where the edit is. */
  get follow(): boolean {
    return this._follow;
  }
  set follow(follow: boolean) {
    this._follow = follow;
    this._changed.emit();
  }

  /** Whether every character is coloured by its author. */
  get whoWrote(): boolean {
    return this._whoWrote;
  }
  set whoWrote(show: boolean) {
    this._whoWrote = show;
    this._changed.emit();
  }

  /** The position changed. */
  get moved(): ISignal<this, void> {
    return this._moved;
  }

  /** The moment on display changed, or could not be had. */
  get displayed(): ISignal<Projector, void> {
    return this.projector.displayed;
  }

  /** Options, bookmarks, playing, or the record itself changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Go to a position. */
  seek(position: Position): void {
    const { beginning, end } = this;
    const to = compare(position, beginning) < 0 ? beginning : position.ms > end.ms ? end : position;
    if (compare(to, this._position) !== 0) {
      this._position = to;
      this.projector.want();
      this._moved.emit();
    }
  }

  /** Go to a moment in milliseconds; only whole ones count, so that a link leads to exactly the same moment. */
  seekTime(ms: number): void {
    this.seek(ms >= this.duration ? this.end : atTime(Math.floor(ms)));
  }

  /** Go to an event. Resolves when it is known where that is. */
  async seekEvent(seq: number): Promise<void> {
    const wanted = Math.min(Math.max(this.beginning.seq, seq), this.manifest.last_seq);
    const wish = ++this.wish;
    const index = this.frames.indexOf(wanted);
    const fold = await this.frames.get(index);
    if (wish !== this.wish || this.disposed) {
      return;
    }
    const { entries } = fold.frame;
    const entry = entries[countUntil(entries, ([at]) => ({ ms: 0, seq: at }), { ms: 0, seq: wanted }) - 1];
    const known =
      this.events[countUntil(this.events, ({ seq: at }) => ({ ms: 0, seq: at }), { ms: 0, seq: wanted }) - 1];
    const ms = Math.max(entry?.[1] ?? 0, known?.ms ?? 0, this.frames.list[index]?.first_ms ?? 0);
    this.seek(wanted === this.manifest.last_seq ? this.end : { ms, seq: wanted });
  }

  /** Go to what a link names. */
  async go(target: Target): Promise<void> {
    if ('ms' in target) {
      this.wish += 1;
      this.seekTime(target.ms);
    } else {
      await this.seekEvent(target.seq);
    }
  }

  /** Go to the next (1) or previous (-1) edit, run or message; the beginning or end where there is none. */
  async step(what: Step, by: 1 | -1): Promise<void> {
    this.pause();
    const wish = ++this.wish;
    const from = { position: this._position, seq: this.seq };
    const found =
      what === 'edit'
        ? await nextEdit(this.frames, from, by)
        : nextOf(what === 'run' ? this.story.runs : this.story.messages, from, by);
    if (wish === this.wish && !this.disposed) {
      this.seek(found ?? (by > 0 ? this.end : this.beginning));
    }
  }

  play(): void {
    if (this.playing) {
      return;
    }
    if (this.atEnd && !this.manifest.live) {
      this.seek(this.beginning);
    }
    this.ticker.start();
    this._changed.emit();
  }

  pause(): void {
    if (this.playing) {
      this.ticker.stop();
      this._changed.emit();
    }
  }

  faster(by: 1 | -1): void {
    this.speed = nextSpeed(this.speed, by);
  }

  /** Try again what failed. */
  retry(): void {
    this.projector.want();
    this._moved.emit();
  }

  /** Take over what the server tells by now: a live interview has grown. Who stood at the end stays there. */
  update(opened: Opened): void {
    const atEnd = this.atEnd;
    this.opened = opened;
    this.events = landmarks(opened);
    this.frames.list = opened.manifest.frames;
    if ((atEnd && !this.playing) || compare(this._position, this.end) > 0) {
      // Also where the log turned out not to hold: what is shown ends before that.
      this._position = this.end;
    }
    this.projector.want();
    this._moved.emit();
    this._changed.emit();
  }

  /** Take over the bookmarks after one was added, changed or removed. */
  updateBookmarks(bookmarks: Bookmark[]): void {
    this.opened = { ...this.opened, bookmarks: [...bookmarks].sort(compare) };
    this._changed.emit();
  }

  /** The moment of a position, without going there. */
  async momentAt(position: Position): Promise<Moment> {
    const fold = await this.frames.get(this.frames.indexAt(position));
    return fold.at(fold.count(position));
  }

  dispose(): void {
    if (this.disposed) {
      return;
    }
    this.disposed = true;
    this.projector.dispose();
    this.ticker.stop();
    this.frames.dispose();
    Signal.clearData(this);
  }

  private tick(elapsed: number): void {
    if (this.projector.waiting) {
      // The clock stands until the frame is there.
      return;
    }
    const ms = advance(this.ms + this.beyond, elapsed, this, this.manifest.idle);
    this.beyond = ms % 1;
    this.seekTime(ms);
    if (this.atEnd && !this.manifest.live) {
      this.pause();
    }
  }

  private disposed = false;
  private wish = 0;
  /** What playing has gone beyond the position, in milliseconds; less than one. */
  private beyond = 0;
  private opened: Opened;
  private events: readonly Happening[];
  private _position: Position;
  private _speed = 1;
  private _skipIdle = true;
  private _follow = true;
  private _whoWrote = false;
  private readonly frames: FrameStore;
  private readonly projector: Projector;
  private readonly ticker = new Ticker(elapsed => this.tick(elapsed));
  private readonly _moved = new Signal<this, void>(this);
  private readonly _changed = new Signal<this, void>(this);
}
