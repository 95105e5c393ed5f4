/**
 * Which of the cells on screen shows which cell of a moment?
 *
 * Making a cell with its editor takes longer than everything else, so a cell on screen is a slot: it shows any cell of
 * its type, one after the other. What has no use at a moment is kept, out of sight.
 */

/** How many slots of another type are passed over before a new one is made. */
const REACH = 3;

/** How many slots are made before they are needed: passing over others uses them up. */
export const SPARES = 6;

/**
 * Slots for cells, both in order.
 *
 * @param slots types of the slots.
 * @param cells types of the cells.
 * @returns for each cell the index of its slot, rising; -1 where one has to be made.
 */
export function assign(slots: readonly string[], cells: readonly string[]): number[] {
  let next = 0;
  return cells.map(type => {
    const until = Math.min(next + REACH + 1, slots.length);
    for (let index = next; index < until; index++) {
      if (slots[index] === type) {
        next = index + 1;
        return index;
      }
    }
    return -1;
  });
}

/** Where a slot for the cell `index` has to be made: before the slot of the next cell that has one. */
export function placeFor(index: number, places: readonly number[], count: number): number {
  const after = places.slice(index + 1).find(place => place !== -1);
  if (after !== undefined) {
    return after;
  }
  for (let before = index - 1; before >= 0; before--) {
    if (places[before] !== -1) {
      return places[before] + 1;
    }
  }
  return count;
}

/** The places after a slot was made at `place` for the cell `index`. */
export function placed(index: number, place: number, places: readonly number[]): number[] {
  return places.map((other, at) => (at === index ? place : other >= place ? other + 1 : other));
}

/** Where a slot of a type has to be made so that one is never out of reach; -1 where none is missing. */
export function spareNeeded(slots: readonly string[], type: string): number {
  let others = 0;
  for (const [index, slot] of slots.entries()) {
    others = slot === type ? 0 : others + 1;
    if (others > REACH) {
      return index;
    }
  }
  return -1;
}

/** Whether fewer than `SPARES` slots of a type are left behind the last one that is needed. */
export function spareLacking(slots: readonly string[], places: readonly number[], type: string): boolean {
  const behind = slots.slice(Math.max(-1, ...places) + 1);
  return behind.filter(slot => slot === type).length < SPARES;
}
