/**
 * Which edit, run or message comes next, or came before?
 */
import { happeningOf } from './framefold';
import type { FrameStore } from './frames';
import { edits } from './moment';
import { compare, countUntil, type Happening, type Position } from './position';

/** Where one is: the position, and the last event that it includes. */
export interface Here {
  position: Position;
  seq: number;
}

/**
 * The next edit (`by` 1), or the one before the last edit that the position includes (-1): that one is on display.
 *
 * @returns `null` where there is none.
 */
export async function nextEdit(frames: FrameStore, here: Here, by: 1 | -1): Promise<Position | null> {
  for (let index = frames.indexAt(here.position); index >= 0 && index < frames.list.length; index += by) {
    const { entries } = (await frames.get(index)).frame;
    const count = countUntil(entries, happeningOf, here.position);
    const found =
      by > 0
        ? entries.slice(count).find(edits)
        : entries
            .slice(0, count)
            .reverse()
            .find(entry => entry[0] < here.seq && edits(entry));
    if (found) {
      return happeningOf(found);
    }
  }
  return null;
}

/** The same for what is known without frames; `all` is in order. */
export function nextOf(all: readonly Happening[], here: Here, by: 1 | -1): Position | null {
  const places = all.map(({ ms, seq }) => ({ ms, seq }));
  const found =
    by > 0
      ? places.find(place => compare(place, here.position) > 0)
      : places.reverse().find(place => place.seq < here.seq && compare(place, here.position) < 0);
  return found ?? null;
}
