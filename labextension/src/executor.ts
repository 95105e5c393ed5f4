/**
 * How are cells run in a room?
 *
 * The server runs them: it takes the source from the document. The page only names the cells. JupyterLab's "run all"
 * calls the executor once per cell in the same tick; these calls become one request, so that their order is kept and
 * the server knows them as one batch.
 */
import type { Cell, MarkdownCell } from '@jupyterlab/cells';
import type { INotebookCellExecutor } from '@jupyterlab/notebook';

import type { Run, RunRequest } from './api';

export interface ExecutorOptions {
  /** Ask the server to run cells, in order; rejects when it refuses. */
  run: (cells: RunRequest[]) => Promise<Run[]>;
  /** Whether this member may run code now. */
  mayRun: () => boolean;
  /** Tell the user of a refusal; `null` when this member may not run code. */
  refuse: (reason: unknown) => void;
}

interface Waiting {
  options: INotebookCellExecutor.IRunCellOptions;
  resolve: (success: boolean) => void;
}

export class RoomExecutor implements INotebookCellExecutor {
  constructor(private readonly options: ExecutorOptions) {}

  runCell(options: INotebookCellExecutor.IRunCellOptions): Promise<boolean> {
    const { cell, onCellExecuted } = options;
    if (cell.model.type === 'markdown') {
      (cell as MarkdownCell).rendered = true;
      cell.inputHidden = false;
      onCellExecuted({ cell, success: true });
      return Promise.resolve(true);
    }
    if (cell.model.type !== 'code') {
      return Promise.resolve(true);
    }
    return new Promise(resolve => {
      this.batch.push({ options, resolve });
      if (this.batch.length === 1) {
        queueMicrotask(() => void this.flush());
      }
    });
  }

  private async flush(): Promise<void> {
    const batch = this.batch;
    this.batch = [];
    const success = await this.submit(batch.map(({ options }) => options));
    for (const { options, resolve } of batch) {
      if (!options.cell.isDisposed) {
        options.onCellExecuted({ cell: options.cell, success });
      }
      resolve(success);
    }
  }

  private async submit(batch: INotebookCellExecutor.IRunCellOptions[]): Promise<boolean> {
    if (!this.options.mayRun()) {
      this.options.refuse(null);
      return false;
    }
    batch.forEach(options => options.onCellExecutionScheduled({ cell: options.cell }));
    // The hashes are of the moment when run was pressed, the requests go one after the other.
    const cells = Promise.all(batch.map(({ cell }) => request(cell)));
    const turn = this.tail.then(async () => this.options.run(await cells));
    this.tail = turn.then(
      () => undefined,
      () => undefined
    );
    try {
      await turn;
      return true;
    } catch (reason) {
      this.options.refuse(reason);
      return false;
    }
  }

  private batch: Waiting[] = [];
  private tail: Promise<void> = Promise.resolve();
}

async function request(cell: Cell): Promise<RunRequest> {
  const { id, sharedModel } = cell.model;
  const hash = await sourceHash(sharedModel.getSource());
  return hash === undefined ? { cell: id } : { cell: id, source_hash: hash };
}

/** Lower-case hex SHA-256 of the UTF-8 text; `undefined` where the browser offers none (plain http, not localhost). */
export async function sourceHash(source: string): Promise<string | undefined> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (!subtle) {
    return undefined;
  }
  const digest = await subtle.digest('SHA-256', new TextEncoder().encode(source));
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('');
}
