/**
 * Where in the interview are we?
 *
 * A position includes every event before its millisecond, and of those at its millisecond all up to its sequence number.
 * Milliseconds count from the first event of the room.
 */
export interface Position {
  readonly ms: number;
  /** `Infinity` includes everything of the millisecond. */
  readonly seq: number;
}

/** Anything that happened at a moment. */
export interface Happening {
  readonly ms: number;
  readonly seq: number;
}

/** After everything at `ms`. */
export function atTime(ms: number): Position {
  return { ms, seq: Infinity };
}

/** Negative, zero or positive, as `a` comes before, with or after `b`. */
export function compare(a: Position, b: Position): number {
  return a.ms - b.ms || (a.seq === b.seq ? 0 : a.seq - b.seq);
}

/** How many of `items`, which are in order, the position includes. */
export function countUntil<T>(items: readonly T[], of: (item: T) => Happening, position: Position): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(of(items[middle]), position) <= 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** The items up to the position. */
export function until<T extends Happening>(items: readonly T[], position: Position): T[] {
  return items.slice(
    0,
    countUntil(items, item => item, position)
  );
}
