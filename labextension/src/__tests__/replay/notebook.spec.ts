import type { Cell, CodeCellModel, MarkdownCell } from '@jupyterlab/cells';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';
import { RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import { act } from '@testing-library/react';
import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';

import { nullTranslator } from '@jupyterlab/translation';
import { editorServices } from '../../replaypage/editors';
import { foldEntry } from '../../replay/fold';
import type { Focus } from '../../replay/framefold';
import type { Frame, Moment, MomentCell } from '../../replay/moment';
import { NOTHING } from '../../replay/moment';
import { type Look, ReplayNotebook } from '../../replay/notebook';
import { difference, joinStreams } from '../../replay/patch';

import { makeCell } from './fixtures';

const VECTORS = join(__dirname, '../../../../tests/vectors');

const look: Look = {
  follow: true,
  whoWrote: false,
  styleOf: member => ({ name: `member ${member}`, color: 'red' }),
  language: 'python'
};

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** The notebook of the page. */
function make(attached = false) {
  const notebook = new ReplayNotebook({
    rendermime: new RenderMimeRegistry({ initialFactories: standardRendererFactories }),
    services: editorServices(nullTranslator.load('')).services
  });
  if (attached) {
    Widget.attach(notebook, document.body);
  }
  const show = (moment: Moment, more: Partial<Look> = {}, focus: Focus | null = null): void => {
    // Parts of JupyterLab's cells are React's.
    act(() => {
      notebook.want({ moment, seq: 1, focus }, { ...look, ...more });
      jest.advanceTimersByTime(2000);
    });
  };
  const cells = (): Cell[] => notebook.widgets.filter(widget => !widget.hasClass('jp-Interview-spare'));
  const seen = (): unknown[] =>
    cells().map(({ model, editor }) => ({
      type: model.type,
      source: model.sharedModel.getSource(),
      editor: (editor as CodeMirrorEditor | null)?.doc.toString(),
      outputs: model.type === 'code' ? (model as CodeCellModel).outputs.toJSON() : []
    }));
  return { notebook, show, cells, seen };
}

const expected = (moment: Moment): unknown[] =>
  moment.cells.map(cell => ({
    type: cell.cell_type,
    source: cell.source,
    editor: cell.source.replace(/\r\n?/g, '\n'),
    outputs: cell.cell_type === 'code' ? joinStreams(cell.outputs) : []
  }));

describe('ReplayNotebook', () => {
  it.each(readdirSync(VECTORS).filter(name => name.endsWith('.json')))(
    'shows moments of %s, forwards and in leaps',
    name => {
      const { frames } = JSON.parse(readFileSync(join(VECTORS, name), 'utf8')) as { frames: Frame[] };
      const moments = frames.flatMap(({ state, entries }) => {
        let moment = state;
        return entries.map(entry => (moment = foldEntry(moment, entry)));
      });
      const page = make();
      moments
        .filter((_, index) => index % 9 === 0)
        .forEach(moment => {
          page.show(moment);
          expect(page.seen()).toEqual(expected(moment));
        });
      for (let turn = 0; turn < 12; turn++) {
        const moment = moments[(turn * 37) % moments.length];
        page.show(moment);
        expect(page.seen()).toEqual(expected(moment));
      }
    }
  );

  it('makes cells once, and shows others in them', () => {
    const page = make();
    const of = (...names: string[]): Moment => ({
      ...NOTHING,
      cells: names.map(name => makeCell(name, `# ${name}`))
    });
    page.show(of('a', 'b', 'c'));
    const made = [...page.notebook.widgets];
    for (const moment of [of('b'), of('c', 'a'), of('d', 'e', 'f'), of('a', 'b', 'c')]) {
      page.show(moment);
      expect(page.seen()).toEqual(expected(moment));
    }
    expect(page.notebook.widgets).toEqual(made);
  });

  it('begins with the cell of the edit, and never shows an older wish', () => {
    const page = make();
    const names = ['a', 'b', 'c', 'd', 'e'];
    const moment: Moment = { ...NOTHING, cells: names.map(name => makeCell(name, `# ${name}`)) };
    const told: string[] = [];
    page.notebook.applied.connect((_, { seq }) => told.push(`view ${seq}`));
    page.notebook.completed.connect((_, { seq }) => told.push(`all ${seq}`));
    jest.spyOn(performance, 'now').mockImplementation(() => (clock += 100));
    let clock = 0;
    page.notebook.want({ moment, seq: 1, focus: { cell: 'd', pos: 0 } }, look);
    expect(page.seen()).toMatchObject([{ source: '# d' }]);
    page.notebook.want({ moment: { ...moment, cells: moment.cells.slice(0, 2) }, seq: 2, focus: null }, look);
    jest.advanceTimersByTime(5000);
    expect(told).toEqual(['view 2', 'all 2']);
    expect(page.seen()).toMatchObject([{ source: '# a' }, { source: '# b' }]);
  });

  it('shows a cell of another type in another one', () => {
    const page = make();
    const text = { ...makeCell('t', '# text'), cell_type: 'markdown' };
    for (const cells of [
      [makeCell('a', 'x')],
      [text],
      [makeCell('a', 'x'), text],
      [text, makeCell('a', 'x')]
    ]) {
      page.show({ ...NOTHING, cells });
      expect(page.seen()).toEqual(expected({ ...NOTHING, cells }));
    }
  });

  it('shows cursors with names, and who wrote what', () => {
    const page = make(true);
    const cell = {
      ...makeCell('a', 'one two'),
      authors: [
        [4, 1, 0],
        [3, 2, 1]
      ] as never
    };
    const cursors = { 7: [2, 'a', 0, 3], 8: [1, 'gone', 0, 0] } as never;
    page.show({ ...NOTHING, cells: [cell], cursors }, { whoWrote: true });
    const { node } = page.notebook;
    expect(node.querySelector('.jp-Interview-caret')?.textContent).toContain('member 2');
    expect(node.querySelectorAll('.jp-Interview-caret')).toHaveLength(1);
    expect(node.querySelector('.jp-Interview-selection')?.textContent).toBe('one');
    const marks = [...node.querySelectorAll<HTMLElement>('.jp-Interview-by')];
    expect(
      marks.filter(mark => mark.classList.contains('jp-mod-pasted')).map(mark => mark.textContent)
    ).toEqual(['two']);
    expect(new Set(marks.map(mark => mark.dataset.member))).toEqual(new Set(['1', '2']));
    page.show({ ...NOTHING, cells: [cell] });
    expect(node.querySelector('.jp-Interview-caret, .jp-Interview-by')).toBeNull();
  });

  it('lets a stream grow where it is', () => {
    const page = make();
    const ran = (...texts: string[]): Moment => {
      const outputs = texts.map((text, index) => ({
        output_type: 'stream',
        name: index % 2 ? 'stderr' : 'stdout',
        text
      }));
      return { ...NOTHING, cells: [makeCell('a', 'x', { outputs })] };
    };
    page.show(ran('one'));
    const output = (page.cells()[0].model as CodeCellModel).outputs.get(0);
    const over = ['one two\n50%', 'one two\n60%', 'one two\n6'].map(text => ran(text));
    for (const moment of [...over, ran('one two\n6', 'bad'), ran('one two\n6', 'bad', 'more')]) {
      page.show(moment);
      expect(page.seen()).toEqual(expected(moment));
    }
    expect((page.cells()[0].model as CodeCellModel).outputs.get(0)).toBe(output);
    page.show(ran('other'));
    expect(page.seen()).toEqual(expected(ran('other')));
  });

  it('never trusts an output, whatever the past says of it', () => {
    const page = make();
    const outputs = [{ output_type: 'display_data', data: { 'text/html': '<b>x</b>' }, metadata: {} }];
    page.show({ ...NOTHING, cells: [makeCell('a', 'x', { outputs, metadata: { trusted: true } })] });
    const model = page.cells()[0].model as CodeCellModel;
    expect([model.trusted, model.outputs.get(0).trusted]).toEqual([false, false]);
    page.show({
      ...NOTHING,
      cells: [makeCell('a', 'y', { outputs, metadata: { trusted: true, tags: ['t'] } })]
    });
    expect([model.trusted, model.sharedModel.getMetadata()]).toEqual([false, { tags: ['t'] }]);
  });

  describe('with what Yjs would refuse', () => {
    const unfit = JSON.parse(
      '{"x": {"constructor": 5}, "y": {"__proto__": {"constructor": 1}}, "constructor": {"a": 1}}'
    ) as never;
    const around = (cell: MomentCell): Moment => ({
      ...NOTHING,
      cells: [makeCell('first', 'first'), cell, makeCell('last', 'last')]
    });
    const shown = { output_type: 'display_data', data: { 'application/json': unfit }, metadata: unfit };
    const refused: Record<string, MomentCell> = {
      metadata: makeCell('a', 'seen', { metadata: unfit }),
      outputs: makeCell('a', 'seen', { outputs: [shown] as never }),
      attachments: { ...makeCell('a', 'seen', { attachments: unfit }), cell_type: 'markdown' }
    };

    it.each(Object.keys(refused))('shows %s', name => {
      const page = make();
      const told = jest.fn();
      page.notebook.completed.connect(told);
      // In a new slot, and in one that showed something else.
      for (const moment of [around(refused[name]), around(makeCell('b', 'other')), around(refused[name])]) {
        page.show(moment);
        expect(page.seen()).toMatchObject(moment.cells.map(({ source }) => ({ source })));
      }
      expect(told).toHaveBeenCalledTimes(3);
    });

    it("shows the notebook's own", () => {
      const page = make();
      page.show({ ...around(makeCell('a', 'seen')), metadata: unfit });
      expect(page.seen()).toMatchObject([{ source: 'first' }, { source: 'seen' }, { source: 'last' }]);
    });
  });

  it('shows the source of a cell that can not be shown, and all the others', () => {
    const page = make();
    const told = jest.spyOn(console, 'error').mockImplementation(() => {});
    const completed = jest.fn();
    page.notebook.completed.connect(completed);
    const metadata = {
      get x(): never {
        throw new Error('odd');
      }
    };
    const odd = makeCell('a', 'seen', { metadata });
    const text = makeCell('t', '# seen', { metadata, cell_type: 'markdown' });
    const cells = [makeCell('first', 'first'), odd, text, makeCell('last', 'last')];
    for (const moment of [{ ...NOTHING, cells }, NOTHING, { ...NOTHING, cells: [...cells].reverse() }]) {
      page.show(moment);
      expect(page.seen()).toMatchObject(
        moment.cells.map(({ source }) => ({ source: expect.stringContaining(source) as unknown }))
      );
    }
    expect(page.seen()).toMatchObject([
      {},
      { source: '# seen\n… The rest of this cell can not be shown here.' },
      { source: 'seen\n… The rest of this cell can not be shown here.' },
      {}
    ]);
    expect((page.cells()[1] as MarkdownCell).rendered).toBe(false);
    expect(completed).toHaveBeenCalledTimes(3);
    // Each is tried once.
    expect(told).toHaveBeenCalledTimes(2);
  });

  it('cannot be edited', () => {
    const page = make();
    page.show({ ...NOTHING, cells: [makeCell('a', 'x')] });
    page.cells()[0].model.sharedModel.setSource('y');
    expect(page.seen()).toMatchObject([{ source: 'x' }]);
    expect(page.cells()[0].readOnly).toBe(true);
  });
});

describe('difference', () => {
  it.each([
    ['', 'abc'],
    ['abc', ''],
    ['abc', 'abXc'],
    ['aaa', 'aaaa'],
    ['x🎉y', 'x🎈y'],
    ['🎉', '🎉🎉'],
    ['same', 'same']
  ])('turns %j into %j', (before, after) => {
    const { start, end, text } = difference(before, after);
    expect(before.slice(0, start) + text + before.slice(end)).toBe(after);
    expect(end - start + text.length).toBeLessThanOrEqual(before.length + after.length);
  });

  it('does not cut a surrogate pair in two', () => {
    const { start, end, text } = difference('x🎉y', 'x🎈y');
    expect([start, end, text]).toEqual([1, 3, '🎈']);
  });
});
