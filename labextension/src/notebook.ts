/**
 * What of this page does the shared notebook of a room take? A member's edits: nothing that JupyterLab writes into it by
 * itself, and nothing at all when this member may not edit.
 *
 * JupyterLab's commands change the shared model without asking anybody, and its own read-only flag is only looked at
 * by a few of them. So the model itself ignores local changes while it is read-only; changes of others still arrive.
 * The server enforces the same rule: this only spares the member a refused edit.
 */
import { createStandaloneCell, type SharedCell, YBaseCell, YCodeCell, YNotebook } from '@jupyter/ydoc';
import type { INotebookMetadata } from '@jupyterlab/nbformat';

import { withFitNames } from './properties';

/** Notebook metadata that belongs to the server: every stock client writes it anew when a kernel answers. */
const SERVER_METADATA = ['kernelspec', 'language_info'];

/**
 * Write nothing of this page into the shared state.
 *
 * JupyterLab keeps there which document it is, and with every edit whether it has to be saved. A room's always is saved,
 * and the log would have each of these as an edit of the member whose page wrote it, who may not have touched a key.
 */
function leaveOut(state: YNotebook['ystate']): void {
  state.set = <Value>(_key: string, value: Value): Value => value;
}

/**
 * The shared model of a room's notebook.
 *
 * Undo is document-wide: only then do the cells send their changes through the notebook, where they can be refused.
 * Others' changes are not undone, because they have another origin.
 */
export class RoomNotebook extends YNotebook {
  constructor() {
    super({ disableDocumentWideUndoRedo: false });
    leaveOut(this.ystate);
  }

  /** Whether local changes are ignored. */
  get readOnly(): boolean {
    return this._readOnly;
  }
  set readOnly(value: boolean) {
    if (value && !this._readOnly) {
      this.clearUndoHistory();
    }
    this._readOnly = value;
  }

  override transact(change: () => void, undoable = true, origin: unknown = null): void {
    if (!this._readOnly) {
      super.transact(change, undoable, origin);
    }
  }

  override insertCells(index: number, cells: SharedCell.Cell[]): ReturnType<YNotebook['insertCells']> {
    return this._readOnly ? [] : super.insertCells(index, cells.map(insertable));
  }

  /**
   * Move `n` cells, or none of them and raise: Yjs takes back nothing of a change in the midst of which it refuses
   * something, and what remained of a move would be the removal.
   */
  override moveCells(from: number, to: number, n = 1): void {
    if (this._readOnly) {
      return;
    }
    const moved = this.cells.slice(from, from + n).map(cell => insertable(cell.toJSON()));
    // By trial, in a document of its own.
    moved.forEach(cell => createStandaloneCell(cell).dispose());
    this.transact(() => {
      this.deleteCellRange(from, from + n);
      this.insertCells(from > to ? to : to - n + 1, moved);
    });
  }

  override deleteCellRange(from: number, to: number): void {
    if (!this._readOnly) {
      super.deleteCellRange(from, to);
    }
  }

  override updateMetadata(value: Partial<INotebookMetadata>): void {
    const known = this.getMetadata() ?? {};
    const ours = Object.entries(value).filter(([key]) => !SERVER_METADATA.includes(key) || !(key in known));
    if (ours.length && !this._readOnly) {
      super.updateMetadata(withFitNames(Object.fromEntries(ours)));
    }
  }

  override undo(): boolean {
    return this._readOnly ? false : super.undo();
  }

  override redo(): boolean {
    return this._readOnly ? false : super.redo();
  }

  private _readOnly = false;
}

/** The field of a cell's metadata by which JupyterLab shows its outputs as they are, script and all. */
const TRUST = 'trusted';

/** Metadata without a word on trust, which is never taken from a document, nor written into one. */
function withoutTrust<Metadata>(metadata: Metadata): Metadata {
  if (typeof metadata !== 'object' || metadata === null || !(TRUST in metadata)) {
    return metadata;
  }
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== TRUST)) as Metadata;
}

/** A cell as it may come into the notebook: without a word on trust, and with names that Yjs takes. */
function insertable(cell: SharedCell.Cell): SharedCell.Cell {
  return withFitNames({ ...cell, metadata: withoutTrust(cell.metadata) });
}

/** How JupyterLab marks what its cell writes into the shared one because something changed on this page alone. */
const MIRRORED = 'silent-change';

/**
 * The method without what a page mirrors, its origin being the argument at `place`.
 *
 * Outputs are the server's. A page changes its own copy when it shows one: a chart gets a picture of itself. Mirrored by
 * two pages at once, the shared output would be there twice, and the log would have it as edits of who looked at it.
 */
function unlessMirrored<Rest extends unknown[]>(write: (...rest: Rest) => void, place: number) {
  return function (this: YCodeCell, ...rest: Rest): void {
    if (rest[place] !== MIRRORED || !(this.notebook instanceof RoomNotebook)) {
      write.apply(this, rest);
    }
  };
}

const { updateOutputs, appendStreamOutput, removeStreamOutput } = YCodeCell.prototype;

Object.assign(YCodeCell.prototype, {
  updateOutputs: unlessMirrored(updateOutputs, 3),
  appendStreamOutput: unlessMirrored(appendStreamOutput, 2),
  removeStreamOutput: unlessMirrored(removeStreamOutput, 2)
});

const { getMetadata, setMetadata } = YBaseCell.prototype;

Object.assign(YBaseCell.prototype, {
  getMetadata(this: YBaseCell<never>, key?: string): unknown {
    if (!(this.notebook instanceof RoomNotebook)) {
      return getMetadata.call(this, key as string);
    }
    return key === TRUST ? undefined : withoutTrust(getMetadata.call(this, key as string) as unknown);
  },
  setMetadata(this: YBaseCell<never>, metadata: object | string, value?: unknown): void {
    if (!(this.notebook instanceof RoomNotebook)) {
      setMetadata.call(this, metadata as string, value as never);
    } else if (metadata !== TRUST) {
      setMetadata.call(this, withFitNames(withoutTrust(metadata)) as string, withFitNames(value) as never);
    }
  }
});
