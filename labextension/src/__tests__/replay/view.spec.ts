import type { MomentCell } from '../../replay/moment';
import { expected, heightOf, type Layout, placeIn, scrollTo } from '../../replay/view';

const LINE = 18;

const cell = (source: string, outputs: MomentCell['outputs'] = []): MomentCell => ({
  id: 'a',
  cell_type: 'code',
  metadata: {},
  source,
  authors: [],
  outputs,
  execution_count: null,
  execution_state: null,
  run: null
});

describe('heightOf', () => {
  it('is that of the lines and of the outputs', () => {
    const lines = heightOf(cell('a\nb\nc'), LINE);
    expect(lines - heightOf(cell('a\nb'), LINE)).toBe(LINE);
    const stream = { output_type: 'stream', name: 'stdout', text: ['1\n', '2\n', '3\n'] };
    const error = { output_type: 'error', ename: 'E', evalue: '', traceback: ['a', 'b', 'c'] };
    const text = { output_type: 'execute_result', data: { 'text/plain': '1\n2\n3' }, metadata: {} };
    const three = [stream, error, text].map(output => heightOf(cell('', [output]), LINE));
    expect(new Set(three).size).toBe(1);
    const image = { output_type: 'display_data', data: { 'text/plain': 'x', 'image/png': '' }, metadata: {} };
    expect(heightOf(cell('', [image]), LINE)).toBeGreaterThan(three[0]);
  });
});

describe('placeIn', () => {
  it('is the line of the edit, or the outputs', () => {
    const { top, bottom } = placeIn(cell('a\nbc\nd'), { cell: 'a', pos: 3 }, LINE);
    expect(bottom - top).toBe(LINE);
    expect(top - placeIn(cell('a\nbc\nd'), { cell: 'a', pos: 0 }, LINE).top).toBe(LINE);
    const ran = cell('a', [{ output_type: 'stream', name: 'stdout', text: '1\n2' }]);
    const outputs = placeIn(ran, { cell: 'a', pos: null }, LINE);
    expect(outputs).toEqual({ top: heightOf(cell('a'), LINE), bottom: heightOf(ran, LINE) });
  });
});

describe('scrollTo', () => {
  const view = { top: 100, bottom: 700 };

  it.each([
    ['in view', { top: 300, bottom: 320 }, 0],
    ['above', { top: 50, bottom: 70 }, -98],
    ['below', { top: 800, bottom: 820 }, 168],
    ['too tall, below', { top: 680, bottom: 1680 }, 628]
  ])('leads to what is %s', (_, place, by) => {
    expect(scrollTo(place, view)).toBe(by);
  });
});

describe('expected', () => {
  const SIX = [200, 200, 200, 200, 200, 200];
  const layout = ({ then = SIX, ...more }: Partial<Omit<Layout, 'then'>> & { then?: number[] }): Layout => ({
    now: SIX,
    then: index => then[index],
    view: { top: 0, bottom: 500 },
    edit: null,
    ...more
  });
  const edit = (of: number, top = 20): Layout['edit'] => ({
    cell: of,
    place: { top, bottom: top + LINE }
  });

  it('is what stays in view', () => {
    expect(expected(layout({}))).toEqual([0, 1, 2]);
    expect(expected(layout({ view: { top: 450, bottom: 950 } }))).toEqual([2, 3, 4]);
    expect(expected(layout({ view: { top: -12, bottom: 488 }, edit: edit(1) }))).toEqual([1, 0, 2]);
  });

  it('is what comes into view where cells become lower, and not what leaves it', () => {
    expect(expected(layout({ then: [50, 50, 50, 200, 200, 200] }))).toEqual([0, 1, 2, 3, 4]);
    expect(expected(layout({ then: [600, 200, 200, 200, 200, 200], edit: edit(0) }))).toEqual([0]);
  });

  it('is what is around the edit, wherever that is', () => {
    const below = expected(layout({ edit: edit(5) }));
    expect(below[0]).toBe(5);
    expect([...below].sort()).toEqual([2, 3, 4, 5]);
    const above = expected(layout({ view: { top: 700, bottom: 1200 }, edit: edit(1) }));
    expect([...above].sort()).toEqual([0, 1, 2, 3]);
  });

  it('does not scroll further than there is something', () => {
    const end = layout({ then: [200, 200, 200, 200, 200, 50], edit: edit(5, 38) });
    expect([...expected(end)].sort()).toEqual([2, 3, 4, 5]);
    expect(expected(layout({ now: [], then: [] }))).toEqual([]);
    expect(expected(layout({ view: { top: 0, bottom: 0 } }))).toEqual([]);
  });
});
