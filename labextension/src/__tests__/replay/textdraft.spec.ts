import type { AuthorRun } from '../../replay/moment';
import { TextDraft } from '../../replay/textdraft';

/** A small generator of numbers below `below`, the same each time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** Runs of what each unit is by, one after the other. */
function runsOf(units: readonly (readonly [string, number, number])[]): AuthorRun[] {
  const runs: [number, number, number][] = [];
  for (const [, member, manner] of units) {
    const last = runs[runs.length - 1] as AuthorRun | undefined;
    if (last?.[1] === member && last[2] === manner) {
      runs[runs.length - 1][0] += 1;
    } else {
      runs.push([1, member, manner]);
    }
  }
  return runs;
}

describe('TextDraft', () => {
  it.each([1, 2, 3, 4, 5])('is what a list of units with their authors is (%d)', seed => {
    const roll = dice(seed);
    const units = [...'starter'].map(unit => [unit, 0, 2] as const);
    const draft = new TextDraft('starter', [[7, 0, 2]]);
    for (let edit = 0; edit < 400; edit++) {
      const pos = roll(units.length + 1);
      const deleted = roll(3) ? 0 : roll(Math.min(4, units.length - pos + 1));
      const inserted = 'xyz'.slice(0, roll(4));
      const by = [1 + roll(2), roll(2)] as const;
      units.splice(pos, deleted, ...[...inserted].map(unit => [unit, ...by] as const));
      draft.splice(pos, deleted, inserted, inserted ? [[inserted.length, ...by]] : []);
      // People go on where they are.
      for (let more = roll(4); more > 0; more--) {
        units.splice(pos + inserted.length, 0, ['!', ...by]);
        draft.splice(pos + inserted.length, 0, '!', [[1, ...by]]);
      }
      expect(draft.text).toBe(units.map(([unit]) => unit).join(''));
      expect(draft.length).toBe(units.length);
      expect(draft.authors).toEqual(runsOf(units));
    }
  });

  it('joins what belongs together, and drops what is empty', () => {
    const draft = new TextDraft('aabbaa', [
      [2, 1, 0],
      [2, 2, 0],
      [2, 1, 0]
    ]);
    draft.splice(2, 2, '', []);
    expect(draft.authors).toEqual([[4, 1, 0]]);
    const empty = new TextDraft('', []);
    empty.splice(0, 0, '', [[0, 1, 0]]);
    expect(empty.authors).toEqual([]);
  });

  it('leaves alone what it was made of', () => {
    const authors: readonly AuthorRun[] = [[3, 1, 0]];
    new TextDraft('abc', authors).splice(1, 1, 'x', [[1, 2, 0]]);
    expect(authors).toEqual([[3, 1, 0]]);
  });
});
