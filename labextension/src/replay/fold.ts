/**
 * What does the notebook look like after these operations? A pure fold, without Yjs.
 *
 * The server's twin is jupyter_interview/core/moment.py; both run on tests/vectors.
 */
import type { IOutput } from '@jupyterlab/nbformat';

import type { CursorThen, Entry, Moment, MomentCell, Op } from './moment';
import { multiline } from './multiline';
import { TextDraft } from './textdraft';

/** The operations do not fit the moment: the frame is damaged, or from another format. */
export class FoldError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FoldError';
  }
}

/** The moment after the entries from `from` and before `to`. Raises `FoldError`. */
export function fold(moment: Moment, entries: readonly Entry[], from: number, to: number): Moment {
  const draft = new Draft(moment);
  for (let index = from; index < to; index++) {
    entries[index][3].forEach(op => apply(draft, op));
  }
  return draft.done();
}

/** The moment after one event. Raises `FoldError`. */
export function foldEntry(moment: Moment, entry: Entry): Moment {
  return fold(moment, [entry], 0, 1);
}

/** The moment after one operation. Raises `FoldError`. */
export function foldOp(moment: Moment, op: Op): Moment {
  const draft = new Draft(moment);
  apply(draft, op);
  return draft.done();
}

type Own<T> = { -readonly [Key in keyof T]: T[Key] };

/** A moment under way. Moments never change: what changes is copied, but only once for all operations. */
class Draft {
  constructor(private readonly before: Moment) {
    this.metadata = before.metadata;
    this.cells = before.cells;
    this.cursors = before.cursors;
  }

  metadata: Moment['metadata'];
  /** As they are; `ownCells` and `ownCell` are for changes. */
  cells: Moment['cells'];
  /** As they are; `ownCursors` is for changes. */
  cursors: Moment['cursors'];

  ownCells(): MomentCell[] {
    if (this.cells === this.before.cells) {
      this.cells = [...this.cells];
    }
    return this.cells as MomentCell[];
  }

  ownCell(index: number, op: Op): Own<MomentCell> {
    const cell = this.cells[index] as MomentCell | undefined;
    check(cell !== undefined, op);
    if (this.own.has(cell)) {
      return cell;
    }
    const copy = { ...cell };
    this.own.add(copy);
    return (this.ownCells()[index] = copy);
  }

  ownCursors(): Record<string, CursorThen> {
    if (this.cursors === this.before.cursors) {
      this.cursors = { ...this.cursors };
    }
    return this.cursors;
  }

  /** The text of a cell that is the draft's own. */
  textOf(cell: MomentCell): TextDraft {
    let text = this.texts.get(cell);
    if (!text) {
      text = new TextDraft(cell.source, cell.authors);
      this.texts.set(cell, text);
    }
    return text;
  }

  done(): Moment {
    for (const [cell, { text, authors }] of this.texts) {
      Object.assign(cell, { source: text, authors });
    }
    const { metadata, cells, cursors } = this;
    return { metadata, cells, cursors };
  }

  private readonly own = new Set<MomentCell>();
  private readonly texts = new Map<Own<MomentCell>, TextDraft>();
}

function apply(draft: Draft, op: Op): void {
  switch (op[0]) {
    case 't':
      return applyText(draft, op);
    case '+': {
      const [, index, cells] = op;
      check(index >= 0 && index <= draft.cells.length, op);
      draft.ownCells().splice(index, 0, ...cells);
      return;
    }
    case '-': {
      const [, index, count] = op;
      check(index >= 0 && count >= 0 && index + count <= draft.cells.length, op);
      draft.ownCells().splice(index, count);
      return;
    }
    case 's': {
      const [, index, field, value] = op;
      check(FIELDS.has(field), op);
      const gone = field === 'attachments' && value === null;
      Object.assign(draft.ownCell(index, op), { [field]: gone ? undefined : value });
      return;
    }
    case 'o':
      return applyOutputs(draft, op);
    case 'a':
      return applyStream(draft, op);
    case 'm':
      draft.metadata = op[1];
      return;
    case 'c':
      return applyCursor(draft, op);
    default:
      throw new FoldError(`Unknown operation ${JSON.stringify(op)}`);
  }
}

const FIELDS = new Set([
  'execution_count',
  'execution_state',
  'metadata',
  'attachments',
  'id',
  'cell_type',
  'run'
]);

function applyText(draft: Draft, op: Extract<Op, readonly ['t', ...unknown[]]>): void {
  const [, index, pos, deleted, inserted, authors] = op;
  const cell = draft.ownCell(index, op);
  const text = draft.textOf(cell);
  check(pos >= 0 && deleted >= 0 && pos + deleted <= text.length, op);
  text.splice(pos, deleted, inserted, authors);
  shiftCursors(draft, cell.id, pos, deleted, inserted.length);
}

/** Cursors move along with the text around them: each sticks to the character behind it. */
function shiftCursors(draft: Draft, cell: string, pos: number, deleted: number, inserted: number): void {
  const shift = (at: number): number => (at < pos ? at : Math.max(at - deleted, pos) + inserted);
  for (const connection in draft.cursors) {
    const [member, where, anchor, head] = draft.cursors[connection];
    if (where === cell && (anchor >= pos || head >= pos)) {
      draft.ownCursors()[connection] = [member, where, shift(anchor), shift(head)];
    }
  }
}

function applyOutputs(draft: Draft, op: Extract<Op, readonly ['o', ...unknown[]]>): void {
  const [, index, at, deleted, outputs] = op;
  const cell = draft.ownCell(index, op);
  const before = cell.outputs;
  check(at >= 0 && deleted >= 0 && at + deleted <= before.length, op);
  cell.outputs = [...before.slice(0, at), ...outputs, ...before.slice(at + deleted)];
}

function applyStream(draft: Draft, op: Extract<Op, readonly ['a', ...unknown[]]>): void {
  const [, index, at, text, removed = 0] = op;
  const cell = draft.ownCell(index, op);
  const output = cell.outputs[at] as IOutput | undefined;
  check(output?.output_type === 'stream', op);
  const before = multiline(output.text);
  check(removed >= 0 && removed <= before.length, op);
  const changed = { ...output, text: before.slice(0, before.length - removed) + text };
  cell.outputs = [...cell.outputs.slice(0, at), changed, ...cell.outputs.slice(at + 1)];
}

function applyCursor(draft: Draft, op: Extract<Op, readonly ['c', ...unknown[]]>): void {
  const cursors = draft.ownCursors();
  if (op.length === 2) {
    delete cursors[String(op[1])];
  } else {
    const [, connection, member, cell, anchor, head] = op;
    cursors[String(connection)] = [member, cell, anchor, head];
  }
}

function check(fits: boolean, op: Op): asserts fits {
  if (!fits) {
    throw new FoldError(`The operation does not fit: ${JSON.stringify(op).slice(0, 120)}`);
  }
}
