import { boundedCell } from '../../replay/bounded';
import type { MomentCell } from '../../replay/moment';

function cell(source: string): MomentCell {
  return {
    id: 'a',
    cell_type: 'code',
    metadata: {},
    source,
    authors: [
      [10, 1, 0],
      [source.length - 10, 2, 1]
    ],
    outputs: [],
    execution_count: null,
    execution_state: null,
    run: null
  };
}

describe('a source in an editor', () => {
  it('is all of it, as a rule', () => {
    const short = cell('x = 1\n'.repeat(1_000));
    expect(boundedCell(short)).toBe(short);
  });

  it.each([
    ['characters', 'x'.repeat(500_000), 200_000],
    ['lines', '\n'.repeat(50_000), 9_999],
    ['half of a character', `${'x'.repeat(199_999)}🎉x`, 199_999]
  ])('has an end: %s', (_, source, end) => {
    const long = cell(source);
    const shown = boundedCell(long);
    const note = `\n… ${source.length - end} more characters are not shown here.`;
    expect(shown.source).toBe(source.slice(0, end) + note);
    expect(shown.authors.reduce((sum, [length]) => sum + length, 0)).toBe(shown.source.length);
    expect(shown.authors[0]).toEqual([10, 1, 0]);
    expect(boundedCell(long)).toBe(shown);
  });
});
