import { createHash } from 'crypto';

import type { INotebookCellExecutor } from '@jupyterlab/notebook';

import { ApiError, type RunRequest } from '../api';
import { RoomExecutor, sourceHash } from '../executor';

type Options = INotebookCellExecutor.IRunCellOptions;

function cell(id: string, source = '', type = 'code'): Options & { log: string[] } {
  const log: string[] = [];
  return {
    log,
    cell: {
      isDisposed: false,
      rendered: false,
      model: { id, type, sharedModel: { getSource: () => source } }
    },
    onCellExecutionScheduled: () => log.push('scheduled'),
    onCellExecuted: ({ success }: { success: boolean }) => log.push(success ? 'done' : 'failed')
  } as unknown as Options & { log: string[] };
}

function make(run: (cells: RunRequest[]) => Promise<never[]>, mayRun = true) {
  const refused: unknown[] = [];
  const executor = new RoomExecutor({ run, mayRun: () => mayRun, refuse: reason => refused.push(reason) });
  return { executor, refused };
}

describe('RoomExecutor', () => {
  it('makes one request of the calls of one tick, in order, with the hash of each source', async () => {
    const run = jest.fn((cells: RunRequest[]) => Promise.resolve(cells.slice(0, 0) as never[]));
    const { executor } = make(run);
    const cells = [cell('a', 'x = 1'), cell('b', 'é'), cell('c')];
    const results = await Promise.all(cells.map(one => executor.runCell(one)));
    expect(results).toEqual([true, true, true]);
    expect(run).toHaveBeenCalledTimes(1);
    expect(run.mock.calls[0][0]).toEqual(
      [
        ['a', 'x = 1'],
        ['b', 'é'],
        ['c', '']
      ].map(([id, source]) => ({ cell: id, source_hash: createHash('sha256').update(source).digest('hex') }))
    );
    expect(cells.map(one => one.log)).toEqual(Array(3).fill(['scheduled', 'done']));
  });

  it('sends the next request after the answer to the one before', async () => {
    const order: string[] = [];
    let answerFirst: () => void = () => undefined;
    let firstAsked: () => void = () => undefined;
    const asked = new Promise<void>(resolve => (firstAsked = resolve));
    const { executor } = make(cells => {
      order.push(cells[0].cell);
      firstAsked();
      return order.length === 1
        ? new Promise(resolve => (answerFirst = () => resolve([])))
        : Promise.resolve([]);
    });
    const first = executor.runCell(cell('a'));
    await asked;
    const second = executor.runCell(cell('b'));
    await sourceHash('time for the second to be ready');
    expect(order).toEqual(['a']);
    answerFirst();
    await first;
    await second;
    expect(order).toEqual(['a', 'b']);
  });

  it('tells of a refusal and goes on with the next request', async () => {
    const refusal = new ApiError(409, 'source_changed', 'The cell changed.');
    let refuse = true;
    const { executor, refused } = make(() => (refuse ? Promise.reject(refusal) : Promise.resolve([])));
    const first = cell('a');
    expect(await executor.runCell(first)).toBe(false);
    expect(refused).toEqual([refusal]);
    expect(first.log).toEqual(['scheduled', 'failed']);
    refuse = false;
    expect(await executor.runCell(cell('b'))).toBe(true);
  });

  it('asks for nothing without the permission', async () => {
    const run = jest.fn(() => Promise.resolve([]));
    const { executor, refused } = make(run, false);
    expect(await executor.runCell(cell('a'))).toBe(false);
    expect(run).not.toHaveBeenCalled();
    expect(refused).toEqual([null]);
  });

  it('renders Markdown here', async () => {
    const run = jest.fn(() => Promise.resolve([]));
    const { executor } = make(run);
    const text = cell('a', '# x', 'markdown');
    expect(await executor.runCell(text)).toBe(true);
    expect((text.cell as unknown as { rendered: boolean }).rendered).toBe(true);
    expect(run).not.toHaveBeenCalled();
  });
});

describe('sourceHash', () => {
  it('is left out where the browser has no crypto.subtle', async () => {
    const { crypto } = globalThis;
    Object.defineProperty(globalThis, 'crypto', { value: {}, configurable: true });
    try {
      expect(await sourceHash('x')).toBeUndefined();
    } finally {
      Object.defineProperty(globalThis, 'crypto', { value: crypto, configurable: true });
    }
  });
});
