/**
 * What is the moment at a position inside of one frame, at a cost that does not grow with the interview?
 *
 * Goes forward from the moment it has, or from the nearest one it remembers: moments share what did not change, so
 * remembering one is cheap.
 */
import { fold } from './fold';
import { edits, type Entry, type Frame, type Moment } from './moment';
import { countUntil, type Happening, type Position } from './position';

/** A moment is remembered after this many entries. */
const STRIDE = 64;

/** The place of the last edit. */
export interface Focus {
  /** Id of the cell. */
  cell: string;
  /** In the source, in UTF-16 units; `null` for an edit of something else than the source. */
  pos: number | null;
}

export class FrameFold {
  constructor(readonly frame: Frame) {
    this.remembered = [frame.state];
    this.moment = frame.state;
  }

  /** Number of entries that a position includes. */
  count(position: Position): number {
    return countUntil(this.frame.entries, happeningOf, position);
  }

  /** The moment after the first `count` entries. Raises `FoldError`. */
  at(count: number): Moment {
    const nearest = Math.min(Math.floor(count / STRIDE), this.remembered.length - 1);
    if (count < this.index || nearest * STRIDE > this.index) {
      this.index = nearest * STRIDE;
      this.moment = this.remembered[nearest];
    }
    while (this.index < count) {
      const to = Math.min(count, (Math.floor(this.index / STRIDE) + 1) * STRIDE);
      this.moment = fold(this.moment, this.frame.entries, this.index, to);
      this.index = to;
      if (this.index === this.remembered.length * STRIDE) {
        this.remembered.push(this.moment);
      }
    }
    return this.moment;
  }

  /** Where the last edit among the first `count` entries was; `null` where there is none in this frame. */
  focus(count: number): Focus | null {
    for (let index = count - 1; index >= 0; index--) {
      const entry = this.frame.entries[index];
      if (edits(entry)) {
        return focusOf(entry, this.at(count));
      }
    }
    return null;
  }

  private index = 0;
  private moment: Moment;
  private readonly remembered: Moment[];
}

/** When an entry happened. */
export function happeningOf(entry: Entry): Happening {
  return { seq: entry[0], ms: entry[1] };
}

function focusOf(entry: Entry, moment: Moment): Focus | null {
  const ops = entry[3];
  for (let index = ops.length - 1; index >= 0; index--) {
    const op = ops[index];
    switch (op[0]) {
      case 't':
      case 'o':
      case 'a':
      case 's': {
        const cell = moment.cells[op[1]];
        if (cell) {
          return { cell: cell.id, pos: op[0] === 't' ? op[2] + op[4].length : null };
        }
        break;
      }
      case '+':
        if (op[2].length) {
          return { cell: op[2][op[2].length - 1].id, pos: null };
        }
        break;
      case '-': {
        const near = moment.cells[Math.min(op[1], moment.cells.length - 1)];
        if (near) {
          return { cell: near.id, pos: null };
        }
      }
    }
  }
  return null;
}
