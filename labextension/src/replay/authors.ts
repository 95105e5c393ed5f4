/**
 * Who wrote which characters? Runs of authors, cut and joined along with the text they cover.
 */
import { type AuthorRun, Manner, type Moment } from './moment';

/** Join neighbours by the same author in the same manner; empty runs vanish. */
function join(runs: readonly AuthorRun[]): AuthorRun[] {
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

/** Replace the runs of `deleted` units at `pos`, in place. Neighbours in `runs` are by different authors before and after. */
export function spliceRuns(
  runs: AuthorRun[],
  pos: number,
  deleted: number,
  inserted: readonly AuthorRun[]
): void {
  let first = 0;
  let start = 0;
  // The run that ends at the place may go on with what is inserted.
  while (first < runs.length && start + runs[first][0] < pos) {
    start += runs[first++][0];
  }
  if (first < runs.length) {
    // Mostly somebody goes on with what is their own.
    const [length, member, manner] = runs[first];
    const left = length - deleted + total(inserted);
    const alike = inserted.every(run => run[1] === member && run[2] === manner);
    if (alike && left > 0 && pos + deleted <= start + length) {
      runs[first] = [left, member, manner];
      return;
    }
  }
  let last = first;
  let end = start;
  while (last < runs.length && end <= pos + deleted) {
    end += runs[last++][0];
  }
  if (first < last) {
    const [, ...before] = runs[first];
    const [, ...behind] = runs[last - 1];
    inserted = [[pos - start, ...before], ...inserted, [Math.max(0, end - pos - deleted), ...behind]];
  }
  runs.splice(first, last - first, ...join(inserted));
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
  /** Written without a connection: nobody knows how. */
  away: number;
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
    const share = found.get(member) ?? {
      member,
      part: 0,
      all: 0,
      typed: 0,
      pasted: 0,
      generated: 0,
      away: 0
    };
    share.all += length;
    share.typed += manner === Manner.typed ? length : 0;
    share.pasted += manner === Manner.pasted ? length : 0;
    share.generated += manner === Manner.generated ? length : 0;
    share.away += manner === Manner.away ? length : 0;
    written += length;
    found.set(member, share);
  }
  const members = [...found.values()].map(share => ({ ...share, part: share.all / written }));
  return { members: members.sort((a, b) => b.all - a.all || a.member - b.member), starter };
}
