import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';

import { total } from '../../replay/authors';
import { FoldError, foldEntry, foldOp } from '../../replay/fold';
import { FrameFold } from '../../replay/framefold';
import type { AuthorRun, Frame, Moment, MomentCell } from '../../replay/moment';
import { NOTHING } from '../../replay/moment';

/** The server's own vectors: Python's fold runs on the same files. */
const VECTORS = join(__dirname, '../../../../tests/vectors');

interface Vector {
  name: string;
  frames: Frame[];
  moments: { seq: number; notebook: unknown; authors: AuthorRun[][]; cursors: Moment['cursors'] }[];
}

const vectors = readdirSync(VECTORS)
  .filter(name => name.endsWith('.json'))
  .map(name => JSON.parse(readFileSync(join(VECTORS, name), 'utf8')) as Vector);

/** The nbformat notebook of a moment, as frames.md says. */
function notebookOf(moment: Moment): unknown {
  return {
    cells: moment.cells.map(cell => ({
      cell_type: cell.cell_type,
      id: cell.id,
      metadata: cell.metadata,
      source: cell.source,
      ...(cell.cell_type === 'code'
        ? { execution_count: cell.execution_count, outputs: cell.outputs }
        : cell.attachments !== undefined
          ? { attachments: cell.attachments }
          : {})
    })),
    metadata: moment.metadata,
    nbformat: 4,
    nbformat_minor: 5
  };
}

describe.each(vectors.map(vector => [vector.name, vector] as const))('the vector %s', (_, vector) => {
  const frameOf = (seq: number): Frame => {
    const later = vector.frames.findIndex(frame => (frame.entries[0]?.[0] ?? Infinity) > seq);
    return vector.frames[later === -1 ? vector.frames.length - 1 : Math.max(0, later - 1)];
  };

  it('gives the notebook, authors and cursors of every moment', () => {
    expect(vector.moments.length).toBeGreaterThan(5);
    for (const { seq, notebook, authors, cursors } of vector.moments) {
      const fold = new FrameFold(frameOf(seq));
      const moment = fold.at(fold.count({ ms: Infinity, seq }));
      const there = fold.frame.entries.filter(entry => entry[0] <= seq).reduce(foldEntry, fold.frame.state);
      expect(notebookOf(there)).toEqual(notebook);
      expect(there.cells.map(cell => cell.authors)).toEqual(authors);
      expect(there.cursors).toEqual(cursors);
      expect(moment.cells.every(cell => total(cell.authors) === cell.source.length)).toBe(true);
    }
  });

  it('goes from the end of each frame to the beginning of the next', () => {
    vector.frames.slice(1).forEach((frame, index) => {
      const before = vector.frames[index];
      expect(before.entries.reduce(foldEntry, before.state)).toEqual(frame.state);
    });
  });

  it('comes to the same moments forwards, backwards and at random', () => {
    for (const frame of vector.frames) {
      const straight = [frame.state];
      frame.entries.forEach(entry => straight.push(foldEntry(straight[straight.length - 1], entry)));
      const fold = new FrameFold(frame);
      const order = straight.map((_, count) => count);
      for (const count of [
        ...order,
        ...[...order].reverse(),
        ...order.map(at => (at * 7) % straight.length)
      ]) {
        expect(fold.at(count)).toEqual(straight[count]);
      }
    }
  });
});

describe('foldOp', () => {
  const cell = (id: string, source = 'abc', more: Partial<MomentCell> = {}): MomentCell => ({
    id,
    cell_type: 'code',
    metadata: {},
    source,
    authors: source ? [[source.length, 1, 0]] : [],
    outputs: [],
    execution_count: null,
    execution_state: 'idle',
    run: null,
    ...more
  });
  const moment: Moment = { cells: [cell('a'), cell('b')], metadata: {}, cursors: { 7: [2, 'a', 1, 3] } };

  it('splices text, its authors, and the cursors behind it', () => {
    const after = foldOp(moment, ['t', 0, 1, 1, 'xyz', [[3, 2, 1]]]);
    expect(after.cells[0].source).toBe('axyzc');
    expect(after.cells[0].authors).toEqual([
      [1, 1, 0],
      [3, 2, 1],
      [1, 1, 0]
    ]);
    expect(after.cursors).toEqual({ 7: [2, 'a', 4, 5] });
  });

  it('shares what does not change', () => {
    const after = foldOp(moment, ['t', 0, 0, 0, 'x', [[1, 1, 0]]]);
    expect(after.cells[1]).toBe(moment.cells[1]);
    expect(after.metadata).toBe(moment.metadata);
    expect(foldOp(moment, ['t', 1, 0, 1, '', []]).cursors).toBe(moment.cursors);
    expect(moment.cells[0].source).toBe('abc');
  });

  it('appends to a stream and splices outputs', () => {
    const stream = { output_type: 'stream', name: 'stdout', text: 'a' };
    const ran = foldOp(moment, ['o', 0, 0, 0, [stream, { ...stream, name: 'stderr' }]]);
    const grown = foldOp(ran, ['a', 0, 0, 'b']);
    expect(grown.cells[0].outputs.map(output => output.text)).toEqual(['ab', 'a']);
    expect(foldOp(grown, ['o', 0, 0, 1, []]).cells[0].outputs).toHaveLength(1);
  });

  it('takes attachments away with null', () => {
    const after = foldOp(moment, ['s', 0, 'attachments', { a: {} }]);
    expect(after.cells[0].attachments).toEqual({ a: {} });
    expect(foldOp(after, ['s', 0, 'attachments', null]).cells[0].attachments).toBeUndefined();
  });

  it.each([
    [['t', 9, 0, 0, 'x', []]],
    [['t', 0, 4, 0, 'x', []]],
    [['t', 0, 2, 2, '', []]],
    [['+', 3, []]],
    [['-', 1, 2]],
    [['s', 0, 'source', 'x']],
    [['o', 0, 0, 1, []]],
    [['a', 0, 0, 'x']],
    [['?']]
  ])('refuses what does not fit: %j', op => {
    expect(() => foldOp(moment, op as never)).toThrow(FoldError);
  });

  it('does not mind a cursor that goes twice', () => {
    const gone = foldOp(moment, ['c', 7]);
    expect(gone.cursors).toEqual({});
    expect(foldOp(gone, ['c', 7])).toEqual(gone);
    expect(foldOp(NOTHING, ['c', 3, 1, 'a', 0, 0]).cursors).toEqual({ 3: [1, 'a', 0, 0] });
  });
});
