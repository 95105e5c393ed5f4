/**
 * How does time pass in a replay?
 */

/** Speeds that can be chosen. */
export const SPEEDS = [0.5, 1, 2, 4, 8, 16, 32] as const;

/** What is played of an idle gap at its beginning and before its end, in milliseconds of the interview. */
export const EDGE_MS = 1_000;

/** A stretch without any event, in milliseconds. */
export type Gap = readonly [from: number, to: number];

export interface Pace {
  speed: number;
  skipIdle: boolean;
}

/** Where `elapsed` milliseconds of the viewer's time lead from `ms`. `gaps` are in order and do not overlap. */
export function advance(ms: number, elapsed: number, pace: Pace, gaps: readonly Gap[]): number {
  const wanted = ms + elapsed * pace.speed;
  if (!pace.skipIdle) {
    return wanted;
  }
  const gap = gapAt(gaps, wanted);
  if (gap && wanted >= gap[0] + EDGE_MS && wanted < gap[1] - EDGE_MS) {
    return gap[1] - EDGE_MS;
  }
  return wanted;
}

/** The gap around a moment. */
export function gapAt(gaps: readonly Gap[], ms: number): Gap | null {
  let low = 0;
  let high = gaps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (gaps[middle][1] <= ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const gap = gaps[low] as Gap | undefined;
  return gap && gap[0] <= ms ? gap : null;
}

/** The next faster (`by` 1) or slower (-1) speed. */
export function nextSpeed(speed: number, by: 1 | -1): number {
  const speeds: readonly number[] = SPEEDS;
  const index = Math.min(Math.max(0, speeds.indexOf(speed) + by), speeds.length - 1);
  return speeds[index];
}

/** Calls back before the next picture; a page in the background gets no pictures, so there it does at once. */
export function beforePicture(call: () => void): void {
  if (document.hidden) {
    call();
  } else {
    requestAnimationFrame(call);
  }
}

/** Calls back once the running task is done; who has been called since the last picture waits for the next one. */
export function oncePerPicture(): (call: () => void) => void {
  let called = false;
  const run = (call: () => void): void => {
    called = true;
    requestAnimationFrame(() => (called = false));
    call();
  };
  return call => {
    if (called && !document.hidden) {
      requestAnimationFrame(() => run(call));
    } else {
      queueMicrotask(() => run(call));
    }
  };
}

/** Calls back some time after it was asked to for the last time, and once in a while if that does not end. */
export class Paced {
  /**
   * @param pause time in which nobody asks, in milliseconds.
   * @param longest time after which it calls back although somebody still asks, in milliseconds.
   */
  constructor(
    private readonly then: () => void,
    private readonly pause: number,
    private readonly longest: number
  ) {}

  call(): void {
    const now = performance.now();
    this.since ??= now;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(
      () => {
        this.stop();
        this.then();
      },
      Math.min(this.pause, this.since + this.longest - now)
    );
  }

  stop(): void {
    window.clearTimeout(this.timer);
    this.timer = this.since = undefined;
  }

  private timer: number | undefined;
  /** When it was asked to for the first time. */
  private since: number | undefined;
}

/** Calls `tick` with the elapsed milliseconds before each picture of the browser, while it runs. */
export class Ticker {
  constructor(
    private readonly tick: (elapsed: number) => void,
    private readonly now: () => number = () => performance.now()
  ) {}

  get running(): boolean {
    return this.handle !== null;
  }

  start(): void {
    if (this.handle === null) {
      this.last = this.now();
      this.handle = requestAnimationFrame(this.step);
    }
  }

  stop(): void {
    if (this.handle !== null) {
      cancelAnimationFrame(this.handle);
      this.handle = null;
    }
  }

  private readonly step = (): void => {
    const now = this.now();
    // A page in the background gets no pictures: the replay waits for its viewer instead of leaping ahead.
    const elapsed = Math.min(now - this.last, LEAP_MS);
    this.last = now;
    this.handle = requestAnimationFrame(this.step);
    this.tick(elapsed);
  };

  private handle: number | null = null;
  private last = 0;
}

/** The most that may pass between two pictures, in milliseconds. */
const LEAP_MS = 250;
