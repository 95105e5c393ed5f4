/**
 * What is shown of a cell that can not be brought on screen? Its source, so that no cell keeps a moment from being seen.
 */
import type { AuthorRun, MomentCell } from './moment';

const NOTE = '… The rest of this cell can not be shown here.';

const plains = new WeakMap<MomentCell, MomentCell>();
const made = new WeakSet<MomentCell>();

/** The source of a cell, with a line that says so. The same one for the same cell. */
export function plainCell(cell: MomentCell): MomentCell {
  let plain = plains.get(cell);
  if (!plain) {
    const { id, cell_type, source, execution_count, execution_state, run } = cell;
    const note = source ? `\n${NOTE}` : NOTE;
    const authors: AuthorRun[] = [...cell.authors, [note.length, 0, 2]];
    const shown = { source: source + note, authors, metadata: {}, outputs: [] };
    plain = { id, cell_type, execution_count, execution_state, run, ...shown };
    plains.set(cell, plain);
    made.add(plain);
  }
  return plain;
}

/** The cell as it is known to be showable: itself, or its source where it was not. */
export function showable(cell: MomentCell): MomentCell {
  return plains.get(cell) ?? cell;
}

/** Whether it is what is shown in the place of a cell. */
export function isPlain(cell: MomentCell): boolean {
  return made.has(cell);
}
