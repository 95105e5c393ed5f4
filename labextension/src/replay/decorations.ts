/**
 * How do cursors of the past and the authors of a text appear in JupyterLab's editors?
 */
import { type Extension, RangeSetBuilder, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, WidgetType } from '@codemirror/view';

import { type AuthorRun, Manner, type Moment } from './moment';

/** A member's cursor in one editor; anchor and head in UTF-16 units. */
export interface CursorMark {
  name: string;
  color: string;
  anchor: number;
  head: number;
}

/** How a member's text is shown. */
export interface AuthorStyle {
  name: string;
  color: string;
}

const setCursors = StateEffect.define<readonly CursorMark[]>();
const setAuthors = StateEffect.define<DecorationSet>();

const cursorField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, transaction) => {
    let after = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setCursors)) {
        after = cursorSet(effect.value, transaction.newDoc.length);
      }
    }
    return after;
  },
  provide: field => EditorView.decorations.from(field)
});

const authorField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, transaction) => {
    let after = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setAuthors)) {
        after = effect.value;
      }
    }
    return after;
  },
  provide: field => EditorView.decorations.from(field)
});

/** What an editor needs to show them. */
export const replayMarks: Extension = [cursorField, authorField];

/** The cursors that stood in a cell. */
export function cursorsIn(
  cell: string,
  moment: Moment,
  styleOf: (member: number, manner: number) => AuthorStyle
): CursorMark[] {
  return Object.values(moment.cursors).flatMap(([member, where, anchor, head]) =>
    where === cell ? [{ ...styleOf(member, Manner.typed), anchor, head }] : []
  );
}

/** What editors show of cursors and authors: each is told of what is new to it, and of nothing else. */
export class Marks {
  /** Show these cursors, and no others; colour the text by its authors, or by nobody where they are `null`. */
  show(
    view: EditorView,
    cursors: readonly CursorMark[],
    authors: readonly AuthorRun[] | null,
    styleOf: (member: number, manner: number) => AuthorStyle
  ): void {
    const before = this.shown.get(view) ?? { cursors: '[]', authors: null };
    const now = { cursors: JSON.stringify(cursors), authors };
    if (now.cursors !== before.cursors) {
      view.dispatch({ effects: setCursors.of(cursors) });
    }
    if (authors !== before.authors) {
      const marks = authors ? authorSet(authors, view.state.doc.length, styleOf) : Decoration.none;
      view.dispatch({ effects: setAuthors.of(marks) });
    }
    this.shown.set(view, now);
  }

  private readonly shown = new WeakMap<
    EditorView,
    { cursors: string; authors: readonly AuthorRun[] | null }
  >();
}

/** Class of text by how it came to be. */
export const MANNERS: Record<number, string> = {
  [Manner.typed]: 'jp-mod-typed',
  [Manner.pasted]: 'jp-mod-pasted',
  [Manner.starter]: 'jp-mod-starter',
  [Manner.generated]: 'jp-mod-generated',
  [Manner.away]: 'jp-mod-away'
};

function authorSet(
  runs: readonly AuthorRun[],
  length: number,
  styleOf: (member: number, manner: number) => AuthorStyle
): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const known = new Map<string, Decoration>();
  let start = 0;
  for (const [units, member, manner] of runs) {
    const end = Math.min(start + units, length);
    const key = `${member}/${manner}`;
    let mark = known.get(key);
    if (!mark) {
      const { name, color } = styleOf(member, manner);
      mark = Decoration.mark({
        class: `jp-Interview-by ${MANNERS[manner] ?? ''}`,
        attributes: { style: `--jp-interview-author: ${color}`, title: name, 'data-member': String(member) }
      });
      known.set(key, mark);
    }
    if (end > start) {
      builder.add(start, end, mark);
    }
    start = end;
  }
  return builder.finish();
}

class CaretWidget extends WidgetType {
  constructor(private readonly cursor: CursorMark) {
    super();
  }

  override eq(other: CaretWidget): boolean {
    return other.cursor.name === this.cursor.name && other.cursor.color === this.cursor.color;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement('span');
    caret.className = 'jp-Interview-caret';
    caret.style.setProperty('--jp-interview-author', this.cursor.color);
    caret.dataset.testid = 'interview-cursor';
    const label = document.createElement('span');
    label.className = 'jp-Interview-caretName';
    label.textContent = this.cursor.name;
    // A zero-width character keeps the line's height.
    caret.append('\u2060', label);
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

function cursorSet(cursors: readonly CursorMark[], length: number): DecorationSet {
  const within = (at: number): number => Math.min(Math.max(0, at), length);
  const ranges = cursors.flatMap(cursor => {
    const [anchor, head] = [within(cursor.anchor), within(cursor.head)];
    const caret = Decoration.widget({ widget: new CaretWidget(cursor), side: 1 }).range(head);
    if (anchor === head) {
      return [caret];
    }
    const selection = Decoration.mark({
      class: 'jp-Interview-selection',
      attributes: { style: `--jp-interview-author: ${cursor.color}` }
    }).range(Math.min(anchor, head), Math.max(anchor, head));
    return [selection, caret];
  });
  return Decoration.set(ranges, true);
}
