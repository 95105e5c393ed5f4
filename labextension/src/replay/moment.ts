/**
 * What is a moment: the notebook, its authors and the cursors as they stood after one event?
 *
 * The specification is docs/developers/frames.md; the server folds the same operations. Positions and lengths are in
 * UTF-16 units, as JavaScript counts. A moment never changes: what comes after it shares what did not change, so that
 * `===` tells what to draw anew.
 */
import type { ICellMetadata, INotebookMetadata, IOutput } from '@jupyterlab/nbformat';

/** How text came to be where it is. */
export const Manner = { typed: 0, pasted: 1, starter: 2, generated: 3, away: 4 } as const;

/** `length` units of text in a row by one member: `[length, member, manner]`; member 0 is the server. */
export type AuthorRun = readonly [length: number, member: number, manner: number];

/** A cell at a moment. `authors` cover the source exactly. */
export interface MomentCell {
  readonly id: string;
  readonly cell_type: string;
  readonly metadata: Partial<ICellMetadata>;
  readonly source: string;
  readonly authors: readonly AuthorRun[];
  /** Empty for cells that are not code. */
  readonly outputs: readonly IOutput[];
  readonly execution_count: number | null;
  readonly execution_state: string | null;
  /** Id of the run that last began in this cell. */
  readonly run: string | null;
  readonly attachments?: Readonly<Record<string, unknown>>;
}

/** `[member, cell id, anchor, head]` */
export type CursorThen = readonly [member: number, cell: string, anchor: number, head: number];

export interface Moment {
  readonly cells: readonly MomentCell[];
  readonly metadata: Partial<INotebookMetadata>;
  /** By connection. */
  readonly cursors: Readonly<Record<string, CursorThen>>;
}

/** Before the first event. */
export const NOTHING: Moment = { cells: [], metadata: {}, cursors: {} };

/** A change; docs/developers/frames.md describes each. */
export type Op =
  | readonly [
      't',
      cell: number,
      pos: number,
      deleted: number,
      inserted: string,
      authors: readonly AuthorRun[]
    ]
  | readonly ['+', index: number, cells: readonly MomentCell[]]
  | readonly ['-', index: number, count: number]
  | readonly ['s', cell: number, field: string, value: unknown]
  | readonly ['o', cell: number, index: number, deleted: number, outputs: readonly IOutput[]]
  | readonly ['a', cell: number, index: number, text: string, removed?: number]
  | readonly ['m', metadata: Partial<INotebookMetadata>]
  | readonly ['c', connection: number, member: number, cell: string, anchor: number, head: number]
  | readonly ['c', connection: number];

/** What one event changed: `[seq, milliseconds since the first event, member, operations]`. */
export type Entry = readonly [seq: number, ms: number, member: number, ops: readonly Op[]];

/** A piece of the history that can be folded alone. */
export interface Frame {
  readonly state: Moment;
  readonly entries: readonly Entry[];
}

/** Whether an entry changes the notebook, and not cursors only. */
export function edits(entry: Entry): boolean {
  return entry[3].some(op => op[0] !== 'c');
}
