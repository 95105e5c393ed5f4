import { Cell, CodeCell, CodeCellModel, RawCell, RawCellModel } from '@jupyterlab/cells';
import { CodeMirrorEditorFactory } from '@jupyterlab/codemirror';
import { RenderMimeRegistry } from '@jupyterlab/rendermime';
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import React from 'react';

import { Runs } from '../components/Runs';
import { showWaiting, strayRuns, waitingCells, WAITS } from '../waiting';

import { FakeSocket, makeMember, makeModel, makeRun, trans } from './fixtures';

afterEach(cleanup);

const RUNS = [
  makeRun('1', { cell: 'a', status: 'running' }),
  makeRun('2', { cell: 'b', status: 'queued' }),
  makeRun('3', { cell: 'c' })
];

/** A code cell that is drawn when it comes into view, and its prompt. */
function makeCodeCell(executionState: 'idle' | 'running', executionCount: number | null) {
  const model = new CodeCellModel();
  Object.assign(model, { executionState, executionCount });
  const editorFactory = new CodeMirrorEditorFactory().newInlineEditor;
  const contentFactory = new Cell.ContentFactory({ editorFactory });
  const rendermime = new RenderMimeRegistry();
  const cell = new CodeCell({ model, contentFactory, rendermime }).initializeState();
  const prompt = () => cell.promptNode?.textContent;
  return { cell, model, prompt };
}

describe('what waits', () => {
  it('is what is queued, and what goes on without a cell is stray', () => {
    expect([...waitingCells(RUNS)]).toEqual(['b']);
    expect(strayRuns(RUNS, new Set(['b', 'c'])).map(({ id }) => id)).toEqual(['1']);
    expect(strayRuns(RUNS, new Set(['a', 'b']))).toEqual([]);
  });

  it('has a star for its number until it begins or is over', () => {
    const { cell, prompt } = makeCodeCell('idle', 4);
    cell.placeholder = false;
    showWaiting(cell, false);
    expect(prompt()).toBe('[4]:');
    showWaiting(cell, true);
    expect([prompt(), cell.hasClass(WAITS)]).toEqual(['[*]:', true]);
    showWaiting(cell, false);
    expect([prompt(), cell.hasClass(WAITS)]).toEqual(['[4]:', false]);
  });

  it('has its star also when it is drawn later', async () => {
    const { cell, prompt } = makeCodeCell('idle', 4);
    showWaiting(cell, true);
    cell.placeholder = false;
    await cell.ready;
    expect(prompt()).toBe('[*]:');
  });

  it('has its star also when the document says later that its earlier run is over', () => {
    const { cell, model, prompt } = makeCodeCell('running', null);
    cell.placeholder = false;
    showWaiting(cell, true);
    model.executionState = 'idle';
    model.executionCount = 5;
    expect(prompt()).toBe('[*]:');
    showWaiting(cell, false);
    model.executionCount = 6;
    expect(prompt()).toBe('[6]:');
  });

  it('is not told of cells that are no code', () => {
    const cell = new RawCell({ model: new RawCellModel() }).initializeState();
    showWaiting(cell, true);
    expect(cell.hasClass(WAITS)).toBe(false);
  });
});

describe('Runs', () => {
  const props = {
    complaint: null,
    strays: [],
    mayStop: true,
    trans,
    onDismiss: jest.fn(),
    onStop: jest.fn()
  };

  it('says nothing where there is nothing to say', () => {
    render(<Runs {...props} />);
    expect(screen.queryByTestId('interview-runs')).toBeNull();
  });

  it('says why a run is none, until that was read', () => {
    render(<Runs {...props} complaint="The server cannot be reached." />);
    expect(screen.getByRole('alert').textContent).toBe('The server cannot be reached.');
    fireEvent.click(screen.getByRole('button', { name: 'Close' }));
    expect(props.onDismiss).toHaveBeenCalled();
  });

  it('stops a run whose cell is gone, and says why it could not', async () => {
    const onStop = jest.fn(() => Promise.reject(new Error('Not now.')));
    render(<Runs {...props} strays={RUNS.slice(0, 1)} onStop={onStop} />);
    expect(screen.getByRole('status').textContent).toBe('A cell that was removed still runs, for Cara.');
    fireEvent.click(screen.getByRole('button', { name: 'Stop' }));
    await waitFor(() => expect(screen.getByRole('alert').textContent).toBe('Not now.'));
  });

  it('offers no stop to whoever may not run', () => {
    render(<Runs {...props} strays={RUNS.slice(0, 1)} mayStop={false} />);
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Stop' }).disabled).toBe(true);
  });
});

describe('RoomModel', () => {
  it('knows of a queued run, and of a complaint until it is read', () => {
    const model = makeModel(makeMember('Cara'));
    const changed = jest.fn();
    act(() => void FakeSocket.last.say({ type: 'run_queued', content: RUNS[1] }));
    expect([...waitingCells(model.runs.values())]).toEqual(['b']);
    model.changed.connect(changed);
    model.complain('No.');
    model.complain('No.');
    expect([model.complaint, changed.mock.calls.length]).toEqual(['No.', 1]);
    model.complain(null);
    expect(model.complaint).toBeNull();
    model.dispose();
  });
});
