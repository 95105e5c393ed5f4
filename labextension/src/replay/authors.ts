/**
 * Who wrote which characters? Runs of authors, cut and joined along with the text they cover.
 */
import { type AuthorRun, Manner, type Moment } from './moment';

/** The runs of the units from `from` to `to`. */
export function slice(runs: readonly AuthorRun[], from: number, to: number): AuthorRun[] {
  const found: AuthorRun[] = [];
  let start = 0;
  for (const [length, member, manner] of runs) {
    const left = Math.max(start, from);
    const right = Math.min(start + length, to);
    if (right > left) {
      found.push([right - left, member, manner]);
    }
    start += length;
    if (start >= to) {
      break;
    }
  }
  return found;
}

/** Join neighbours by the same author in the same manner; empty runs vanish. */
export function join(runs: readonly AuthorRun[]): AuthorRun[] {
  const joined: AuthorRun[] = [];
  for (const run of runs) {
    const last = joined[joined.length - 1];
    if (last && last[1] === run[1] && last[2] === run[2]) {
      joined[joined.length - 1] = [last[0] + run[0], last[1], last[2]];
    } else if (run[0] > 0) {
      joined.push(run);
    }
  }
  return joined;
}

/** The runs after `deleted` units at `pos` were replaced by units with the runs `inserted`. */
export function splice(
  runs: readonly AuthorRun[],
  pos: number,
  deleted: number,
  inserted: readonly AuthorRun[]
): AuthorRun[] {
  return join([...slice(runs, 0, pos), ...inserted, ...slice(runs, pos + deleted, Infinity)]);
}

/** How many units the runs cover. */
export function total(runs: readonly AuthorRun[]): number {
  return runs.reduce((sum, [length]) => sum + length, 0);
}

/** What somebody wrote of the notebook, in UTF-16 units. */
export interface Share {
  member: number;
  /** Of everything that members wrote, from 0 to 1; the starter text counts for nobody. */
  part: number;
  all: number;
  typed: number;
  pasted: number;
  generated: number;
}

export interface Shares {
  members: Share[];
  /** Units of the text that was there at the beginning. */
  starter: number;
}

/** Who wrote how much of the notebook as it stands; the most first. */
export function shares(moment: Moment): Shares {
  const found = new Map<number, Share>();
  let starter = 0;
  let written = 0;
  for (const [length, member, manner] of moment.cells.flatMap(cell => cell.authors)) {
    if (manner === Manner.starter || member === 0) {
      starter += length;
      continue;
    }
    const share = found.get(member) ?? { member, part: 0, all: 0, typed: 0, pasted: 0, generated: 0 };
    share.all += length;
    share.typed += manner === Manner.typed ? length : 0;
    share.pasted += manner === Manner.pasted ? length : 0;
    share.generated += manner === Manner.generated ? length : 0;
    written += length;
    found.set(member, share);
  }
  const members = [...found.values()].map(share => ({ ...share, part: share.all / written }));
  return { members: members.sort((a, b) => b.all - a.all || a.member - b.member), starter };
}
