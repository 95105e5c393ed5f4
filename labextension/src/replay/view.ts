/**
 * Which cells of a moment will be in view? Told before anything is laid out, because each layout takes as long as a cell.
 *
 * A guess: the notebook looks when it has laid them out, and brings what is missing.
 */
import type { IOutput } from '@jupyterlab/nbformat';

import type { Focus } from './framefold';
import type { MomentCell } from './moment';
import { multiline } from './multiline';

/** What JupyterLab puts around the lines of a source and around outputs, in CSS pixels. */
const AROUND_SOURCE = 20;
const AROUND_OUTPUTS = 5;

/** Height of a line of an output, and of an output that is no text, in CSS pixels. */
const OUTPUT_LINE = 17;
const OTHER_OUTPUT = 200;

/** Distance that is kept between an edit and the edge of the view, in CSS pixels. */
const MARGIN = 48;

/** Enough to find all: with each turn the guess only grows. */
const TURNS = 8;

/** From `top` to `bottom`, in CSS pixels. */
export interface Span {
  top: number;
  bottom: number;
}

/** By how much to scroll for a place to be in view; 0 where it is. */
export function scrollTo(place: Span, view: Span): number {
  const margin = Math.min(MARGIN, (view.bottom - view.top) / 4);
  if (place.top < view.top + margin) {
    return place.top - view.top - margin;
  }
  if (place.bottom > view.bottom - margin) {
    // The beginning of something tall matters more than its end.
    return Math.min(place.bottom - view.bottom, place.top - view.top) + margin;
  }
  return 0;
}

/** The height that a cell will have, about, if a line of source has `line`. */
export function heightOf(cell: MomentCell, line: number): number {
  return bottomOfSource(cell, line) + heightOfOutputs(cell.outputs);
}

/** Where in its cell an edit will be, about. */
export function placeIn(cell: MomentCell, focus: Focus, line: number): Span {
  if (focus.pos === null) {
    return { top: bottomOfSource(cell, line), bottom: heightOf(cell, line) };
  }
  const top = AROUND_SOURCE / 2 + (linesOf(cell.source.slice(0, focus.pos)) - 1) * line;
  return { top, bottom: top + line };
}

/** How high slots are, 0 where they are out of sight, and where the view is from the top of the first one. */
export interface LaidOut {
  heights: readonly number[];
  view: Span;
}

/** Read how slots in `outer` stand. It costs nothing as long as the page has not changed since its last picture. */
export function measure(outer: Element, slots: readonly Element[]): LaidOut {
  const { top, height } = outer.getBoundingClientRect();
  const rects = slots.map(slot => slot.getBoundingClientRect());
  const above = top - (rects.find(rect => rect.height > 0)?.top ?? top);
  return { heights: rects.map(rect => rect.height), view: { top: above, bottom: above + height } };
}

/** What `expected` goes by; all in CSS pixels, from the top of the first cell. */
export interface Layout {
  /** Heights of the cells as they stand, and as they will be. */
  now: readonly number[];
  then: (index: number) => number;
  view: Span;
  /** The cell that is brought into view, and the place in it. */
  edit: { cell: number; place: Span } | null;
}

/** Indices of the cells that will be in view once they are brought to their moment, the edited one first. */
export function expected({ now, then, view, edit }: Layout): number[] {
  const found = new Set(edit ? [edit.cell] : []);
  for (let turn = 0; turn < TURNS; turn++) {
    const tops = [0];
    now.forEach((height, index) => tops.push(tops[index] + (found.has(index) ? then(index) : height)));
    const by = edit ? scrollTo(shifted(edit.place, tops[edit.cell]), view) : 0;
    const lowest = tops[now.length] - (view.bottom - view.top);
    const scroll = Math.max(Math.min(view.top + by, lowest), Math.min(view.top, 0)) - view.top;
    const seen = now.flatMap((_, index) =>
      tops[index] < view.bottom + scroll && tops[index + 1] > view.top + scroll ? [index] : []
    );
    if (seen.every(index => found.has(index))) {
      break;
    }
    seen.forEach(index => found.add(index));
  }
  return [...found];
}

function shifted({ top, bottom }: Span, by: number): Span {
  return { top: top + by, bottom: bottom + by };
}

function bottomOfSource(cell: MomentCell, line: number): number {
  return AROUND_SOURCE + linesOf(cell.source) * line;
}

function heightOfOutputs(outputs: readonly IOutput[]): number {
  const heights = outputs.map(output => {
    const text = textOf(output);
    return text === null ? OTHER_OUTPUT : linesOf(text.trimEnd()) * OUTPUT_LINE;
  });
  return heights.length ? heights.reduce((sum, height) => sum + height, AROUND_OUTPUTS) : 0;
}

/** What of an output is text; `null` where it is shown as something else. */
function textOf(output: IOutput): string | null {
  if (output.output_type === 'stream') {
    return multiline(output.text);
  }
  if (output.output_type === 'error') {
    return multiline(output.traceback, '\n');
  }
  const data = (output.data ?? {}) as Record<string, unknown>;
  const kinds = Object.keys(data);
  return kinds.length === 1 && kinds[0] === 'text/plain' ? multiline(data['text/plain']) : null;
}

function linesOf(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    lines += 1;
  }
  return lines;
}
