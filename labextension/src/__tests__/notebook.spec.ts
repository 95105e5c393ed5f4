import { type YCodeCell, YNotebook } from '@jupyter/ydoc';
import { CodeCellModel } from '@jupyterlab/cells';

import { RoomNotebook } from '../notebook';

function make(): RoomNotebook {
  const notebook = new RoomNotebook();
  notebook.fromJSON({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { language_info: { name: 'python' } },
    cells: [
      { id: 'a', cell_type: 'code', source: 'x = 1', metadata: {}, outputs: [], execution_count: null },
      { id: 'b', cell_type: 'markdown', source: 'text', metadata: {} }
    ]
  });
  return notebook;
}

describe('RoomNotebook', () => {
  it('ignores every local change while it is read-only', () => {
    const notebook = make();
    const before = JSON.stringify(notebook.toJSON());
    const updates = jest.fn();
    notebook.ydoc.on('update', updates);
    notebook.readOnly = true;
    notebook.insertCell(0, { cell_type: 'code' });
    notebook.deleteCell(0);
    notebook.moveCell(0, 1);
    notebook.setMetadata('title', 'x');
    notebook.getCell(0).setSource('y = 2');
    notebook.getCell(0).setMetadata('tags', ['x']);
    notebook.dirty = true;
    notebook.undo();
    notebook.getCell(0).undo();
    notebook.redo();
    expect(JSON.stringify(notebook.toJSON())).toBe(before);
    expect(updates).not.toHaveBeenCalled();
  });

  it('shares nothing that is not an edit', () => {
    const notebook = make();
    const updates = jest.fn();
    notebook.ydoc.on('update', updates);
    // As the provider does when the page has the document.
    notebook.ydoc.getMap('state').set('document_id', 'json:notebook:x');
    notebook.dirty = true;
    notebook.dirty = false;
    notebook.setState('path', 'x');
    expect(updates).not.toHaveBeenCalled();
    expect(notebook.state).toEqual({});
    notebook.getCell(0).setSource('y = 2');
    expect(updates).toHaveBeenCalledTimes(1);
  });

  it('leaves outputs to the server: what a page does to its own copy stays there', () => {
    const chart = { output_type: 'display_data', data: { 'application/json': {} }, metadata: {} };
    const printed = { output_type: 'stream', name: 'stdout', text: 'x' };
    for (const [notebook, times] of [
      [make(), 0],
      [new YNotebook(), 2]
    ] as const) {
      notebook.insertCell(0, { cell_type: 'code', outputs: [chart, printed] });
      const shared = notebook.getCell(0) as YCodeCell;
      const model = new CodeCellModel({ sharedModel: shared });
      const updates = jest.fn();
      notebook.ydoc.on('update', updates);
      const shown = model.outputs.get(0);
      shown.setData({ data: { ...shown.data, 'image/png': 'eA==' } });
      model.outputs.get(1).streamText?.insert(1, 'y');
      expect(updates).toHaveBeenCalledTimes(times);
      expect(shown.data).toHaveProperty('image/png');
      updates.mockClear();
      // What a member wants is an edit, as ever.
      model.clearExecution();
      expect(updates).toHaveBeenCalled();
      expect(shared.getOutputs()).toEqual([]);
    }
  });

  it('takes no trust from the document, and writes none into it', async () => {
    const Y = await import('yjs');
    const theirs = new YNotebook();
    const metadata = { trusted: true, tags: ['x'] };
    theirs.insertCell(0, { cell_type: 'code', source: '', metadata, outputs: [] });
    expect(new CodeCellModel({ sharedModel: theirs.getCell(0) as YCodeCell }).trusted).toBe(true);
    const ours = new RoomNotebook();
    Y.applyUpdate(ours.ydoc, Y.encodeStateAsUpdate(theirs.ydoc));
    const shared = ours.getCell(0) as YCodeCell;
    const model = new CodeCellModel({ sharedModel: shared });
    expect(model.trusted).toBe(false);
    expect(shared.getMetadata()).toEqual({ tags: ['x'] });
    expect(ours.toJSON().cells[0].metadata).toEqual({ tags: ['x'] });

    const updates = jest.fn();
    ours.ydoc.on('update', updates);
    model.trusted = true;
    shared.setMetadata('trusted', true);
    expect(updates).not.toHaveBeenCalled();
    ours.insertCell(1, { cell_type: 'code', source: '', metadata });
    ours.moveCell(0, 1);
    const cells = ours.ydoc.getArray('cells').toJSON() as { metadata: unknown }[];
    expect(cells.map(cell => cell.metadata)).toEqual([{ tags: ['x'] }, { tags: ['x'] }]);
  });

  it('still takes the changes of others', async () => {
    const Y = await import('yjs');
    const ours = make();
    ours.readOnly = true;
    const theirs = new RoomNotebook();
    Y.applyUpdate(theirs.ydoc, Y.encodeStateAsUpdate(ours.ydoc));
    theirs.getCell(0).setSource('z = 3');
    theirs.deleteCell(1);
    Y.applyUpdate(ours.ydoc, Y.encodeStateAsUpdate(theirs.ydoc));
    expect(ours.cells.map(cell => cell.getSource())).toEqual(['z = 3']);
  });

  it('can be changed again afterwards, without the old undo history', () => {
    const notebook = make();
    notebook.getCell(0).setSource('y = 2');
    notebook.readOnly = true;
    notebook.readOnly = false;
    expect(notebook.undo()).toBe(false);
    notebook.getCell(0).setSource('z = 3');
    expect(notebook.getCell(0).getSource()).toBe('z = 3');
    expect(notebook.undo()).toBe(true);
    expect(notebook.getCell(0).getSource()).toBe('y = 2');
  });

  it('does not undo what others wrote', async () => {
    const Y = await import('yjs');
    const ours = make();
    const theirs = new RoomNotebook();
    Y.applyUpdate(theirs.ydoc, Y.encodeStateAsUpdate(ours.ydoc));
    theirs.getCell(0).setSource('theirs');
    ours.clearUndoHistory();
    Y.applyUpdate(ours.ydoc, Y.encodeStateAsUpdate(theirs.ydoc));
    ours.undo();
    expect(ours.getCell(0).getSource()).toBe('theirs');
  });

  const unfit = (): Record<string, unknown> =>
    JSON.parse('{"x": {"constructor": 5}, "y": {"__proto__": {"a": 1}}, "z": 1}') as Record<string, unknown>;
  const fit = { x: { _constructor: 5 }, y: { ___proto__: { a: 1 } }, z: 1 };

  it('moves cells with what Yjs would refuse', async () => {
    const Y = await import('yjs');
    const notebook = make();
    const [code, text] = notebook.cells.map(cell => cell.ymodel as InstanceType<typeof Y.Map>);
    // As it comes from elsewhere: not written here, so refused by nobody.
    const shown = { output_type: 'display_data', data: { 'application/json': { constructor: 5 } } };
    notebook.ydoc.transact(() => {
      for (const [name, value] of Object.entries(unfit())) {
        (code.get('metadata') as InstanceType<typeof Y.Map>).set(name, [value]);
      }
      (code.get('outputs') as InstanceType<typeof Y.Array>).push([new Y.Map(Object.entries(shown))]);
      text.set('attachments', { a: { constructor: 'x' } });
    });
    notebook.undoManager.stopCapturing();
    notebook.moveCell(0, 1);
    expect(notebook.cells.map(cell => cell.getSource())).toEqual(['text', 'x = 1']);
    notebook.moveCells(0, 1, 1);
    const [first, second] = notebook.toJSON().cells;
    expect(first.metadata).toEqual({ x: [fit.x], y: [fit.y], z: [1] });
    expect(first.outputs).toMatchObject([{ data: { 'application/json': { _constructor: 5 } } }]);
    expect(second.attachments).toEqual({ a: { _constructor: 'x' } });
    expect(notebook.undo()).toBe(true);
    expect(notebook.cells).toHaveLength(2);
  });

  it('moves several at once, and back by one undo', () => {
    const notebook = make();
    notebook.insertCell(2, { cell_type: 'raw', source: 'end' });
    notebook.undoManager.stopCapturing();
    const sources = (): string[] => notebook.cells.map(cell => cell.getSource());
    notebook.moveCells(0, 2, 2);
    expect(sources()).toEqual(['end', 'x = 1', 'text']);
    notebook.undo();
    expect(sources()).toEqual(['x = 1', 'text', 'end']);
    notebook.moveCells(2, 0, 1);
    expect(sources()).toEqual(['end', 'x = 1', 'text']);
  });

  it('moves nothing where it can not move all', () => {
    const notebook = make();
    const before = JSON.stringify(notebook.toJSON());
    const updates = jest.fn();
    notebook.ydoc.on('update', updates);
    const cell = notebook.getCell(1);
    jest.spyOn(cell, 'toJSON').mockReturnValue({
      ...cell.toJSON(),
      source: 5
    } as never);
    expect(() => notebook.moveCells(0, 1, 2)).toThrow();
    jest.restoreAllMocks();
    expect(JSON.stringify(notebook.toJSON())).toBe(before);
    expect(updates).not.toHaveBeenCalled();
  });

  it('takes metadata and cells with names that their objects can have', () => {
    const notebook = make();
    notebook.getCell(0).setMetadata(unfit() as never);
    notebook.getCell(1).setMetadata('x', unfit() as never);
    notebook.insertCell(2, { cell_type: 'code', source: 'new', metadata: unfit() as never });
    notebook.setMetadata('x', unfit() as never);
    expect(notebook.cells.map(cell => cell.getMetadata())).toEqual([fit, { x: fit }, fit]);
    expect(notebook.getMetadata('x')).toEqual(fit);
  });

  it('leaves the metadata of the language to the server', () => {
    const notebook = make();
    notebook.setMetadata('language_info', { name: 'java' });
    expect(notebook.getMetadata('language_info')).toEqual({ name: 'python' });
    notebook.setMetadata('kernelspec', { name: 'python3', display_name: 'Python' });
    expect(notebook.getMetadata('kernelspec')).toMatchObject({ name: 'python3' });
  });
});
