/**
 * How much of a cell's source is put into an editor? An editor that is out of view lays out all that comes into it.
 */
import type { AuthorRun, MomentCell } from './moment';

/** UTF-16 units and lines of a source that are shown. */
const CHARS = 200_000;
const LINES = 10_000;

const cut = new WeakMap<MomentCell, MomentCell>();

/** The cell as it is shown: itself, or its beginning, with a line that says so. The same one for the same cell. */
export function boundedCell(cell: MomentCell): MomentCell {
  const end = endOf(cell.source);
  if (end === cell.source.length) {
    return cell;
  }
  let shown = cut.get(cell);
  if (!shown) {
    const note = `\n… ${cell.source.length - end} more characters are not shown here.`;
    const authors: AuthorRun[] = [];
    let at = 0;
    for (const [length, member, manner] of cell.authors) {
      if (at < end) {
        authors.push([Math.min(length, end - at), member, manner]);
      }
      at += length;
    }
    shown = { ...cell, source: cell.source.slice(0, end) + note, authors: [...authors, [note.length, 0, 2]] };
    cut.set(cell, shown);
  }
  return shown;
}

function endOf(source: string): number {
  let end = Math.min(source.length, CHARS);
  for (let at = source.indexOf('\n'), lines = 1; at !== -1 && at < end; at = source.indexOf('\n', at + 1)) {
    lines += 1;
    if (lines > LINES) {
      end = at;
    }
  }
  const last = source.charCodeAt(end - 1);
  return end < source.length && last >= 0xd800 && last < 0xdc00 ? end - 1 : end;
}
