/**
 * Which cells of a notebook wait for their turn, and which runs have no cell any more?
 */
import type { Cell, ICodeCellModel } from '@jupyterlab/cells';

import type { Run } from './api';

/** Marks a cell that waits. */
export const WAITS = 'jp-mod-waiting';

/** The runs that wait or go on, oldest first. */
export function openRuns(runs: Iterable<Run>): Run[] {
  return [...runs].filter(({ status }) => status === 'queued' || status === 'running');
}

/** Ids of the cells that wait for their turn. */
export function waitingCells(runs: Iterable<Run>): ReadonlySet<string> {
  return new Set([...runs].filter(({ status }) => status === 'queued').map(({ cell }) => cell));
}

/** The open runs whose cell is none of `cells`. */
export function strayRuns(runs: Iterable<Run>, cells: ReadonlySet<string>): Run[] {
  return openRuns(runs).filter(({ cell }) => !cells.has(cell));
}

/**
 * Show at a code cell whether it waits, where its number stands otherwise.
 *
 * JupyterLab shows so what the shared document says: there it runs or it does not. A place in the queue is no change of
 * the document. JupyterLab writes the number anew when it draws the cell, and when the document says that an earlier
 * run of it is over; both may come after the cell was queued.
 */
export function showWaiting(cell: Cell, waits: boolean): void {
  if (cell.model.type !== 'code' || (!waits && !cell.hasClass(WAITS))) {
    return;
  }
  cell.toggleClass(WAITS, waits);
  writePrompt.call(cell);
  if (waits) {
    cell.model.stateChanged.connect(writePrompt, cell);
    void cell.ready.then(() => writePrompt.call(cell));
  } else {
    cell.model.stateChanged.disconnect(writePrompt, cell);
  }
}

function writePrompt(this: Cell): void {
  if (this.isDisposed) {
    return;
  }
  const { executionState, executionCount } = this.model as ICodeCellModel;
  if (executionState !== 'running') {
    this.setPrompt(this.hasClass(WAITS) ? '*' : String(executionCount ?? ''));
  }
}
