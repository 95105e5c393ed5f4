/**
 * How is a moment of the past shown? With JupyterLab's own cells, read-only, and never with a kernel.
 *
 * Only the latest wish counts. What is in view is brought there first and told as `applied`; the rest follows in slices,
 * so that the page always answers.
 */
import { type Cell, MarkdownCell } from '@jupyterlab/cells';
import type { CodeEditor, IEditorServices } from '@jupyterlab/codeeditor';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';
import { NotebookModel, StaticNotebook } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { MessageLoop } from '@lumino/messaging';
import { type ISignal, Signal } from '@lumino/signaling';

import { RoomNotebook } from '../notebook';

import { type AuthorStyle, type CursorMark, replayMarks, showAuthors, showCursors } from './decorations';
import type { Focus } from './framefold';
import type { Shown } from './model';
import type { Moment, MomentCell } from './moment';
import { contentOf, patchCell, patchMetadata, type Slot } from './patch';
import { assign, placed, placeFor } from './slots';

/** How long one slice of work may take, in milliseconds: more for what is in view than for the rest. */
const VIEW_MS = 24;
const REST_MS = 8;

/** Pause before what is out of view is brought along: who seeks on within it only wants to see, in milliseconds. */
const QUIET_MS = 120;

/** Distance that is kept between an edit and the edge of the view, in CSS pixels. */
const MARGIN = 48;

/** Class of a slot that is not needed at the moment. */
const SPARE = 'jp-Interview-spare';

/** What is shown beside the cells themselves. */
export interface Look {
  follow: boolean;
  whoWrote: boolean;
  /** Name and colour of a member. */
  styleOf: (member: number, manner: number) => AuthorStyle;
  /** Language of the notebook where its metadata does not tell. */
  language: string;
}

/** A moment that is being brought on screen. */
interface Work {
  shown: Shown;
  look: Look;
  steps: Generator<void>;
  /** What is in view is right. */
  inView: boolean;
}

export class ReplayNotebook extends StaticNotebook {
  constructor(options: { rendermime: IRenderMimeRegistry; services: IEditorServices }) {
    const { rendermime, services } = options;
    const { defaultEditorConfig: editor, defaultNotebookConfig: notebook } = StaticNotebook;
    const readOnly = true;
    const newEditor: CodeEditor.Factory = given =>
      services.factoryService.newInlineEditor({
        ...given,
        extensions: [...((given as CodeMirrorEditor.IOptions).extensions ?? []), replayMarks]
      });
    super({
      rendermime,
      contentFactory: new StaticNotebook.ContentFactory({ editorFactory: newEditor }),
      mimeTypeService: services.mimeTypeService,
      editorConfig: {
        code: { ...editor.code, readOnly },
        markdown: { ...editor.markdown, readOnly },
        raw: { ...editor.raw, readOnly }
      },
      notebookConfig: { ...notebook, windowingMode: 'none', showEditorForReadOnlyMarkdown: true }
    });
    this.services = services;
    this.addClass('jp-Interview-replayNotebook');
    this.shared.readOnly = true;
    this.model = new NotebookModel({ sharedModel: this.shared });
  }

  /** What is in view is the moment's. */
  get applied(): ISignal<this, Shown> {
    return this._applied;
  }

  /** All of the notebook is the moment's, also what is out of view. */
  get completed(): ISignal<this, Shown> {
    return this._completed;
  }

  /** Show a moment, exactly; outputs are never trusted. */
  want(shown: Shown, look: Look): void {
    const { last } = this;
    if (last?.shown.moment === shown.moment && last.look.whoWrote === look.whoWrote) {
      // Only the time has passed: what is under way, or done, is what is wanted.
      last.shown = shown;
      if (last.inView) {
        this._applied.emit(shown);
      }
      if (!this.work) {
        this._completed.emit(shown);
      }
      return;
    }
    const work: Work = { shown, look, inView: false, steps: this.bring(shown, look, () => this.tell(work)) };
    this.last = this.work = work;
    this.halt();
    this.slice();
  }

  override dispose(): void {
    this.halt();
    super.dispose();
    Signal.clearData(this);
  }

  private halt(): void {
    cancelAnimationFrame(this.handle);
    window.clearTimeout(this.timer);
  }

  private readonly slice = (): void => {
    const { work } = this;
    if (this.isDisposed || !work) {
      return;
    }
    const begun = performance.now();
    this.shared.readOnly = false;
    const began = work.inView;
    let done = false;
    try {
      do {
        done = work.steps.next().done === true;
      } while (!done && work.inView === began && performance.now() - begun < (began ? REST_MS : VIEW_MS));
    } finally {
      // Also empties the undo history, which would keep all that was ever shown.
      this.shared.readOnly = true;
    }
    if (done) {
      this.work = null;
      this._completed.emit(work.shown);
    } else if (work.inView && !began) {
      this.timer = window.setTimeout(this.slice, QUIET_MS);
    } else {
      this.handle = requestAnimationFrame(this.slice);
    }
  };

  private tell(work: Work): void {
    work.inView = true;
    this._applied.emit(work.shown);
  }

  private *bring(shown: Shown, look: Look, inView: () => void): Generator<void> {
    const { moment, focus } = shown;
    const { cells } = moment;
    this.setMetadata(moment, look);
    this.places = assign(
      this.shared.cells.map(slot => String(slot.cell_type)),
      cells.map(cell => cell.cell_type)
    );
    this.hideSpares();
    const edited = focus ? cells.findIndex(cell => cell.id === focus.cell) : -1;
    const follows = look.follow && edited !== -1;
    const anchor = Math.max(0, follows ? edited : this.topCell());
    if (cells.length) {
      this.fill(anchor, shown, look);
      yield;
    }
    if (follows && focus) {
      this.reveal(edited, focus);
    }
    // From the anchor outwards until the view is filled, then the rest.
    const range = { first: anchor, last: anchor };
    for (let side = this.uncovered(range, cells.length); side; side = this.uncovered(range, cells.length)) {
      this.fill(side === 'above' ? --range.first : ++range.last, shown, look);
      if (follows && focus) {
        this.reveal(edited, focus);
      }
      yield;
    }
    inView();
    yield;
    for (let index = 0; index < cells.length; index++) {
      if (index < range.first || index > range.last) {
        this.fill(index, shown, look);
        yield;
      }
    }
  }

  /** Which side of the cells that are right reaches into the view; `null` where none does. */
  private uncovered(range: { first: number; last: number }, count: number): 'above' | 'below' | null {
    const view = this.outerNode.getBoundingClientRect();
    const edge = (cell: number): DOMRect => this.widgets[this.places[cell]].node.getBoundingClientRect();
    if (count > 0 && range.last < count - 1 && edge(range.last).bottom < view.bottom) {
      return 'below';
    }
    return range.first > 0 && edge(range.first).top > view.top ? 'above' : null;
  }

  /** Index of the first cell in view. */
  private topCell(): number {
    const { top } = this.outerNode.getBoundingClientRect();
    return this.places.findIndex(
      place => place !== -1 && this.widgets[place].node.getBoundingClientRect().bottom > top
    );
  }

  /** Show a cell of the moment in its slot. */
  private fill(index: number, shown: Shown, look: Look): void {
    const cell = shown.moment.cells[index];
    let place = this.places[index];
    if (place === -1) {
      place = placeFor(index, this.places, this.shared.cells.length);
      this.shared.insertCell(place, contentOf(cell));
      this.content.set(this.shared.cells[place], cell);
      this.places = placed(index, place, this.places);
      this.prepare(this.widgets[place]);
    }
    const slot = this.shared.cells[place];
    const before = this.content.get(slot);
    if (before !== cell) {
      patchCell(slot, before, cell);
      this.content.set(slot, cell);
    }
    this.decorate(this.widgets[place], cell, shown, look);
  }

  /** A new slot is there at once, and does no more than it has to. */
  private prepare(widget: Cell): void {
    // Else JupyterLab writes it into the cell's metadata.
    widget.syncEditable = false;
    widget.readOnly = true;
    MessageLoop.flush();
    // It is measured with every output, and has no use here.
    widget.node.querySelector('.jp-OutputArea-promptOverlay')?.remove();
  }

  private hideSpares(): void {
    const needed = new Set(this.places);
    this.widgets.forEach((widget, index) => widget.toggleClass(SPARE, !needed.has(index)));
  }

  private setMetadata(moment: Moment, look: Look): void {
    if (this.metadata !== moment.metadata) {
      const info = moment.metadata.language_info ?? { name: look.language };
      this.metadata = moment.metadata;
      patchMetadata(this.shared, { ...moment.metadata, language_info: info });
      this.mimeType = this.services.mimeTypeService.getMimeTypeByLanguage(info);
    }
  }

  private decorate(widget: Cell, cell: MomentCell, shown: Shown, look: Look): void {
    if (widget.model.type === 'code' && widget.model.mimeType !== this.mimeType) {
      widget.model.mimeType = this.mimeType;
    }
    const cursors = cursorsIn(cell.id, shown.moment, look);
    if (widget instanceof MarkdownCell) {
      // Whoever writes it sees its source, and so does who looks over their shoulder.
      const written = shown.focus?.cell === cell.id && shown.focus.pos !== null;
      widget.rendered = !(look.whoWrote || written || cursors.length > 0) && cell.source.trim() !== '';
    }
    const view = (widget.editor as CodeMirrorEditor | null)?.editor;
    if (!view) {
      return;
    }
    const marked = this.marks.get(widget) ?? { cursors: '[]', authors: null };
    const text = JSON.stringify(cursors);
    if (text !== marked.cursors) {
      showCursors(view, cursors);
    }
    const authors = look.whoWrote ? cell.authors : null;
    if (authors !== marked.authors) {
      showAuthors(view, authors, look.styleOf);
    }
    this.marks.set(widget, { cursors: text, authors });
  }

  /** Bring the place of an edit into view, where it is not. */
  private reveal(index: number, focus: Focus): void {
    const widget = this.widgets[this.places[index]];
    const outer = this.outerNode.getBoundingClientRect();
    const place = placeOf(widget, focus);
    const high = Math.min(MARGIN, outer.height / 4);
    if (place.top < outer.top + high) {
      this.outerNode.scrollTop += place.top - outer.top - high;
    } else if (place.bottom > outer.bottom - high) {
      // The beginning of something tall matters more than its end.
      this.outerNode.scrollTop += Math.min(place.bottom - outer.bottom, place.top - outer.top) + high;
    }
  }

  private work: Work | null = null;
  /** The last one that was begun, also when it is done. */
  private last: Work | null = null;
  private handle = 0;
  private timer: number | undefined;
  private mimeType = 'text/plain';
  private metadata: Moment['metadata'] | null = null;
  /** Index of the slot of each cell of the moment; -1 while it has none. */
  private places: number[] = [];
  private readonly services: IEditorServices;
  private readonly shared = new RoomNotebook();
  private readonly content = new WeakMap<Slot, MomentCell>();
  private readonly marks = new WeakMap<Cell, { cursors: string; authors: MomentCell['authors'] | null }>();
  private readonly _applied = new Signal<this, Shown>(this);
  private readonly _completed = new Signal<this, Shown>(this);
}

function cursorsIn(cell: string, moment: Moment, look: Look): CursorMark[] {
  return Object.values(moment.cursors).flatMap(([member, where, anchor, head]) =>
    where === cell ? [{ ...look.styleOf(member, 0), anchor, head }] : []
  );
}

/** Where an edit stands in a cell: its line, its outputs, or all of it. */
function placeOf(widget: Cell, focus: Focus): { top: number; bottom: number } {
  const view = (widget.editor as CodeMirrorEditor | null)?.editor;
  if (view && focus.pos !== null && !(widget instanceof MarkdownCell && widget.rendered)) {
    const block = view.lineBlockAt(Math.min(focus.pos, view.state.doc.length));
    const top = view.documentTop + block.top;
    return { top, bottom: top + block.height };
  }
  const part =
    focus.pos === null && 'outputArea' in widget ? (widget.outputArea as { node: HTMLElement }) : widget;
  return part.node.getBoundingClientRect();
}
