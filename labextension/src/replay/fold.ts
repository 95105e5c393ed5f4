/**
 * What does the notebook look like after these operations? A pure fold, without Yjs.
 *
 * The server's twin is jupyter_interview/core/moment.py; both run on tests/vectors.
 */
import type { IOutput } from '@jupyterlab/nbformat';

import { splice } from './authors';
import type { CursorThen, Entry, Moment, MomentCell, Op } from './moment';

/** The operations do not fit the moment: the frame is damaged, or from another format. */
export class FoldError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FoldError';
  }
}

/** The moment after one event. Raises `FoldError`. */
export function foldEntry(moment: Moment, entry: Entry): Moment {
  return entry[3].reduce(foldOp, moment);
}

/** The moment after one operation. Raises `FoldError`. */
export function foldOp(moment: Moment, op: Op): Moment {
  switch (op[0]) {
    case 't':
      return foldText(moment, op);
    case '+': {
      const [, index, cells] = op;
      check(index >= 0 && index <= moment.cells.length, op);
      return { ...moment, cells: [...moment.cells.slice(0, index), ...cells, ...moment.cells.slice(index)] };
    }
    case '-': {
      const [, index, count] = op;
      check(index >= 0 && count >= 0 && index + count <= moment.cells.length, op);
      return { ...moment, cells: [...moment.cells.slice(0, index), ...moment.cells.slice(index + count)] };
    }
    case 's': {
      const [, index, field, value] = op;
      check(FIELDS.has(field), op);
      const gone = field === 'attachments' && value === null;
      return withCell(moment, index, { [field]: gone ? undefined : value }, op);
    }
    case 'o':
      return foldOutputs(moment, op);
    case 'a':
      return foldStream(moment, op);
    case 'm':
      return { ...moment, metadata: op[1] };
    case 'c':
      return foldCursor(moment, op);
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

function foldText(moment: Moment, op: Extract<Op, readonly ['t', ...unknown[]]>): Moment {
  const [, index, pos, deleted, inserted, authors] = op;
  const cell = moment.cells[index] as MomentCell | undefined;
  check(cell !== undefined && pos >= 0 && deleted >= 0 && pos + deleted <= cell.source.length, op);
  const after = withCell(
    moment,
    index,
    {
      source: cell.source.slice(0, pos) + inserted + cell.source.slice(pos + deleted),
      authors: splice(cell.authors, pos, deleted, authors)
    },
    op
  );
  return { ...after, cursors: shiftCursors(moment.cursors, cell.id, pos, deleted, inserted.length) };
}

/** Cursors move along with the text around them: each sticks to the character behind it. */
function shiftCursors(
  cursors: Moment['cursors'],
  cell: string,
  pos: number,
  deleted: number,
  inserted: number
): Moment['cursors'] {
  const shift = (at: number): number => (at < pos ? at : Math.max(at - deleted, pos) + inserted);
  let after: Record<string, CursorThen> | null = null;
  for (const [connection, [member, where, anchor, head]] of Object.entries(cursors)) {
    if (where === cell && (anchor >= pos || head >= pos)) {
      after ??= { ...cursors };
      after[connection] = [member, where, shift(anchor), shift(head)];
    }
  }
  return after ?? cursors;
}

function foldOutputs(moment: Moment, op: Extract<Op, readonly ['o', ...unknown[]]>): Moment {
  const [, index, at, deleted, outputs] = op;
  const before = moment.cells[index]?.outputs ?? [];
  check(at >= 0 && deleted >= 0 && at + deleted <= before.length, op);
  const after = [...before.slice(0, at), ...outputs, ...before.slice(at + deleted)];
  return withCell(moment, index, { outputs: after }, op);
}

function foldStream(moment: Moment, op: Extract<Op, readonly ['a', ...unknown[]]>): Moment {
  const [, index, at, text] = op;
  const before = moment.cells[index]?.outputs ?? [];
  const output = before[at] as IOutput | undefined;
  check(output?.output_type === 'stream', op);
  const grown = { ...output, text: textOf(output.text) + text };
  const after = [...before.slice(0, at), grown, ...before.slice(at + 1)];
  return withCell(moment, index, { outputs: after }, op);
}

function textOf(text: unknown): string {
  return Array.isArray(text) ? text.join('') : typeof text === 'string' ? text : '';
}

function foldCursor(moment: Moment, op: Extract<Op, readonly ['c', ...unknown[]]>): Moment {
  const cursors = { ...moment.cursors };
  if (op.length === 2) {
    delete cursors[String(op[1])];
  } else {
    const [, connection, member, cell, anchor, head] = op;
    cursors[String(connection)] = [member, cell, anchor, head];
  }
  return { ...moment, cursors };
}

function withCell(moment: Moment, index: number, change: Partial<MomentCell>, op: Op): Moment {
  const cell = moment.cells[index] as MomentCell | undefined;
  check(cell !== undefined, op);
  const cells = moment.cells.slice();
  cells[index] = { ...cell, ...change };
  return { ...moment, cells };
}

function check(fits: boolean, op: Op): asserts fits {
  if (!fits) {
    throw new FoldError(`The operation does not fit: ${JSON.stringify(op).slice(0, 120)}`);
  }
}
