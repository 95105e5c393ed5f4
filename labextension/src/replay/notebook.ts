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
import { JSONExt } from '@lumino/coreutils';
import { type Message, MessageLoop } from '@lumino/messaging';
import { type ISignal, Signal } from '@lumino/signaling';

import { RoomNotebook } from '../notebook';

import { boundedCell } from './bounded';
import { type AuthorStyle, cursorsIn, Marks, replayMarks } from './decorations';
import type { Focus } from './framefold';
import type { Moment, MomentCell } from './moment';
import { emptySlot, patchCell, patchMetadata, type Slot } from './patch';
import { isPlain, plainCell, showable } from './plain';
import type { Shown } from './projector';
import { assign, placed, placeFor, spareLacking, spareNeeded } from './slots';
import { changeOutputs, selectNothingIn, tellEditorsInView } from './still';
import { expected, heightOf, type LaidOut, measure, placeIn, scrollTo, type Span } from './view';

/** How long one slice of work may take, in milliseconds: more for what is in view than for the rest. */
const VIEW_MS = 32;
const REST_MS = 8;

/** Pause before what is out of view is brought along: who seeks on within it only wants to see, in milliseconds. */
const QUIET_MS = 120;

/** Height of a line of source before there is an editor to ask, in CSS pixels. */
const LINE = 18;

/** Class of a slot that is not needed at the moment. */
const SPARE = 'jp-Interview-spare';

/** Class of a cell that is in view, and of the notebook while only those are laid out. */
const IN_VIEW = 'jp-Interview-inView';
const BRINGING = 'jp-Interview-bringing';

/** What is shown beside the cells themselves. */
export interface Look {
  follow: boolean;
  whoWrote: boolean;
  /** Name and colour of a member. */
  styleOf: (member: number, manner: number) => AuthorStyle;
  /** Language of the notebook where its metadata does not tell. */
  language: string;
}

/** The edit that is brought into view, and the index of its cell. */
interface Edit {
  cell: number;
  focus: Focus;
}

/** A moment that is being brought on screen. */
interface Work {
  shown: Shown;
  look: Look;
  steps: Iterator<void>;
  /** Indices of the cells that are right. */
  done: Set<number>;
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
    tellEditorsInView(
      this.outerNode,
      () => this.widgets,
      () => this.scrolled()
    );
    // It can be scrolled by the keyboard.
    this.outerNode.tabIndex = 0;
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
    const work: Work = { shown, look, inView: false, done: new Set(), steps: [][Symbol.iterator]() };
    work.steps = this.bring(work);
    this.last = this.work = work;
    this.halt();
    this.slice();
  }

  override dispose(): void {
    this.halt();
    super.dispose();
    Signal.clearData(this);
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    selectNothingIn(this.node);
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
    const began = work.inView;
    const until = performance.now() + (began ? REST_MS : VIEW_MS);
    let done = false;
    this.change(() => {
      do {
        done = work.steps.next().done === true;
      } while (!done && work.inView === began && performance.now() < until);
    });
    if (done) {
      this.work = null;
      this.removeClass(BRINGING);
      this._completed.emit(work.shown);
    } else if (work.inView && !began) {
      this.timer = window.setTimeout(this.slice, QUIET_MS);
    } else {
      this.handle = requestAnimationFrame(this.slice);
    }
  };

  private change(change: () => void): void {
    this.shared.readOnly = false;
    try {
      change();
    } finally {
      // Also empties the undo history, which would keep all that was ever shown.
      this.shared.readOnly = true;
    }
  }

  private *bring(work: Work): Generator<void> {
    const { shown, look, done } = work;
    const { cells } = shown.moment;
    // As it was laid out for the picture before: from here on the page changes.
    const laidOut = measure(
      this.outerNode,
      this.widgets.map(widget => widget.node)
    );
    this.setMetadata(shown.moment, look);
    this.places = assign(
      this.shared.cells.map(slot => String(slot.cell_type)),
      cells.map(cell => cell.cell_type)
    );
    this.hideSpares();
    this.addClass(BRINGING);
    yield* this.bringView(work, laidOut);
    work.inView = true;
    this._applied.emit(work.shown);
    yield;
    for (let index = 0; index < cells.length; index++) {
      if (!done.has(index)) {
        this.fill(index, shown, look);
        yield;
      }
    }
    yield* this.makeSpares();
  }

  /** Slots are made before they are needed: making one takes longer than all else of a moment. */
  private *makeSpares(): Generator<void> {
    for (;;) {
      const types = this.shared.cells.map(slot => String(slot.cell_type));
      const place = spareNeeded(types, 'markdown');
      if (place !== -1) {
        this.makeSpare(place, 'markdown');
      } else if (spareLacking(types, this.places, 'code')) {
        this.makeSpare(types.length, 'code');
      } else {
        return;
      }
      yield;
    }
  }

  private makeSpare(place: number, type: 'code' | 'markdown'): void {
    this.shared.insertCell(place, emptySlot(type));
    this.places = placed(-1, place, this.places);
    this.prepare(this.widgets[place]);
    this.widgets[place].addClass(SPARE);
  }

  /** What the view shows is known only after a layout: first what is expected to be in view, then what else is. */
  private *bringView({ shown, look, done }: Work, laidOut: LaidOut): Generator<void> {
    const { moment, focus } = shown;
    const { cells } = moment;
    const edited = focus && look.follow ? cells.findIndex(cell => cell.id === focus.cell) : -1;
    const edit = focus && edited !== -1 ? { cell: edited, focus } : null;
    let next = this.expected(cells, edit, laidOut);
    while (next.length) {
      for (const index of next) {
        this.fill(index, shown, look);
        this.widgets[this.places[index]].addClass(IN_VIEW);
        done.add(index);
        yield;
      }
      if (edit) {
        this.reveal(edit);
      }
      next = this.cellsInView().filter(index => !done.has(index));
    }
    const here = new Set([...done].map(index => this.widgets[this.places[index]]));
    this.widgets.forEach(widget => widget.toggleClass(IN_VIEW, here.has(widget)));
  }

  /** Somebody scrolls before all is there: what comes into view comes first. */
  private scrolled(): void {
    const { work } = this;
    if (work?.inView && !this.scrolls) {
      this.change(() => {
        for (const index of this.cellsInView().filter(seen => !work.done.has(seen))) {
          this.fill(index, work.shown, work.look);
          this.widgets[this.places[index]].addClass(IN_VIEW);
          work.done.add(index);
        }
      });
    }
    this.scrolls = false;
  }

  /** Indices of the cells of the moment that are in view. One without a slot is where its slot would be. */
  private cellsInView(): number[] {
    const view = this.outerNode.getBoundingClientRect();
    const rects = this.places.map(place =>
      place === -1 ? null : this.widgets[place].node.getBoundingClientRect()
    );
    return [...rects.keys()].filter(index => {
      const top = rects[index]?.top ?? rects[index - 1]?.bottom ?? rects[index + 1]?.top ?? Infinity;
      return top < view.bottom && (rects[index]?.bottom ?? top + 1) > view.top;
    });
  }

  /** Indices of the cells that will be in view; of the first one where nobody knows. */
  private expected(cells: readonly MomentCell[], edit: Edit | null, { heights, view }: LaidOut): number[] {
    const editor = this.widgets.find(widget => widget.editor)?.editor as CodeMirrorEditor | undefined;
    const line = editor?.lineHeight ?? LINE;
    const then = (index: number): number => heightOf(cells[index], line);
    const now = this.places.map((place, index) => heights[place] || then(index));
    const place = edit && { cell: edit.cell, place: placeIn(cells[edit.cell], edit.focus, line) };
    const found = expected({ now, then, view, edit: place });
    return found.length || !cells.length ? found : [0];
  }

  /** Show a cell of the moment in its slot; its source alone where it can not be shown. */
  private fill(index: number, shown: Shown, look: Look): void {
    const cell = boundedCell(shown.moment.cells[index]);
    try {
      this.put(index, showable(cell), shown, look);
    } catch (reason) {
      console.error('A cell can not be shown', reason);
      this.put(index, plainCell(cell), shown, look);
    }
  }

  private put(index: number, cell: MomentCell, shown: Shown, look: Look): void {
    let place = this.places[index];
    if (place === -1) {
      place = placeFor(index, this.places, this.shared.cells.length);
      this.shared.insertCell(place, emptySlot(cell.cell_type));
      this.places = placed(index, place, this.places);
      this.prepare(this.widgets[place]);
    }
    const slot = this.shared.cells[place];
    const before = this.content.get(slot);
    if (before !== cell) {
      // Not known until all of it is there.
      this.content.delete(slot);
      patchCell(slot, before, cell, change => changeOutputs(this.widgets[place], change));
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
    if (this.metadata === null || !JSONExt.deepEqual(this.metadata, moment.metadata)) {
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
    const cursors = cursorsIn(cell.id, shown.moment, look.styleOf);
    if (widget instanceof MarkdownCell) {
      // Whoever writes it sees its source, and so does who looks over their shoulder.
      const written = shown.focus?.cell === cell.id && shown.focus.pos !== null;
      const asSource = look.whoWrote || written || cursors.length > 0 || isPlain(cell);
      widget.rendered = !asSource && cell.source.trim() !== '';
    }
    const view = (widget.editor as CodeMirrorEditor | null)?.editor;
    if (view) {
      this.marks.show(view, cursors, look.whoWrote ? cell.authors : null, look.styleOf);
    }
  }

  /** Bring the place of an edit into view, where it is not. */
  private reveal({ cell, focus }: Edit): void {
    const widget = this.widgets[this.places[cell]];
    const by = scrollTo(placeOf(widget, focus), this.outerNode.getBoundingClientRect());
    if (by) {
      this.scrolls = true;
      this.outerNode.scrollTop += by;
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
  /** The view is moved by the player itself. */
  private scrolls = false;
  private readonly services: IEditorServices;
  private readonly shared = new RoomNotebook();
  private readonly content = new WeakMap<Slot, MomentCell>();
  private readonly marks = new Marks();
  private readonly _applied = new Signal<this, Shown>(this);
  private readonly _completed = new Signal<this, Shown>(this);
}

/** Where an edit stands in a cell: its line, its outputs, or all of it. */
function placeOf(widget: Cell, focus: Focus): Span {
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
