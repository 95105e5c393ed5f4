/**
 * How is a cell on screen brought to another cell with as few changes as possible?
 *
 * What does not change does not flicker, and keeps its editor. Yjs is given nothing that it would refuse.
 */
import type { SharedCell, YCodeCell } from '@jupyter/ydoc';
import type { IOutput } from '@jupyterlab/nbformat';
import { JSONExt, type PartialJSONObject } from '@lumino/coreutils';

import { withFitNames } from '../properties';
import type { RoomNotebook } from '../notebook';

import type { Moment, MomentCell } from './moment';
import { multiline } from './multiline';

/** A cell of the notebook on screen. */
export type Slot = RoomNotebook['cells'][number];

/** Bring the notebook's metadata to a moment's. */
export function patchMetadata(shared: RoomNotebook, metadata: Moment['metadata']): void {
  shared.setMetadata(JSONExt.deepCopy(withFitNames(metadata)));
}

/** Metadata as it may be shown: whatever the past says, its outputs are not trusted. */
function metadataOf(cell: MomentCell): PartialJSONObject {
  const metadata = JSONExt.deepCopy(withFitNames(cell.metadata));
  delete metadata.trusted;
  return metadata;
}

/** What a new slot begins with: what nothing can refuse. Its id is its own: it will show other cells, too. */
export function emptySlot(type: string): SharedCell.Cell {
  return { cell_type: type, source: '', metadata: {} };
}

/**
 * Bring a slot to a cell.
 *
 * @param before what it shows now, where that is known.
 * @param around does what it is given: a change that takes outputs away.
 */
export function patchCell(
  shared: Slot,
  before: MomentCell | undefined,
  cell: MomentCell,
  around: (change: () => void) => void
): void {
  const source = shared.getSource();
  if (source !== cell.source) {
    const { start, end, text } = difference(source, cell.source);
    shared.updateSource(start, end, text);
  }
  if (!before || !JSONExt.deepEqual(before.metadata, cell.metadata)) {
    shared.setMetadata(metadataOf(cell) as never);
  }
  if (shared.cell_type === 'code') {
    const code = shared;
    if (before?.outputs !== cell.outputs) {
      const shown = before ? joinStreams(before.outputs) : code.getOutputs();
      patchOutputs(code, shown, joinStreams(cell.outputs), around);
    }
    code.execution_count = cell.execution_count;
    code.executionState = cell.execution_state === 'running' ? 'running' : 'idle';
  } else if (before?.attachments !== cell.attachments) {
    shared.attachments = JSONExt.deepCopy(withFitNames(cell.attachments ?? {}) as PartialJSONObject) as never;
  }
}

/** Outputs are appended to, also in the place of a last line, where that is all; else they are made anew. */
function patchOutputs(
  cell: YCodeCell,
  before: readonly IOutput[],
  outputs: IOutput[],
  around: (change: () => void) => void
): void {
  const same = before.findIndex((output, index) => !equal(output, outputs[index]));
  const kept = same === -1 ? before.length : same;
  if (kept === before.length) {
    if (outputs.length > kept) {
      cell.updateOutputs(kept, kept, outputs.slice(kept));
    }
    return;
  }
  const tail = kept === before.length - 1 ? tailOf(before[kept], outputs[kept]) : null;
  if (tail !== null) {
    if (tail.from < tail.end) {
      cell.removeStreamOutput(kept, tail.from);
    }
    if (tail.text) {
      cell.appendStreamOutput(kept, tail.text);
    }
    if (outputs.length > kept + 1) {
      cell.updateOutputs(kept + 1, kept + 1, outputs.slice(kept + 1));
    }
  } else {
    // In one step, JupyterLab would add a new stream to an old one of that name, and remove both.
    around(() => {
      cell.clearOutputs();
      cell.setOutputs(outputs);
    });
  }
}

function equal(a: IOutput, b: IOutput | undefined): boolean {
  return b !== undefined && JSONExt.deepEqual(a, b);
}

/** What follows in a stream on what it has in common with before; `null` where it is another output. */
function tailOf(
  before: IOutput,
  after: IOutput | undefined
): { from: number; end: number; text: string } | null {
  if (before.output_type !== 'stream' || after?.output_type !== 'stream' || before.name !== after.name) {
    return null;
  }
  const [old, now] = [multiline(before.text), multiline(after.text)];
  if (now.startsWith(old)) {
    return { from: old.length, end: old.length, text: now.slice(old.length) };
  }
  // Only a last line is ever printed over.
  const line = old.lastIndexOf('\n') + 1;
  const { start } = difference(old, now);
  return start < line ? null : { from: start, end: old.length, text: now.slice(start) };
}

const fit = new WeakMap<IOutput, IOutput>();

/** An output with names that its objects can have. The same one for the same output. */
function fitOutput(output: IOutput): IOutput {
  let found = fit.get(output);
  if (!found) {
    found = withFitNames(output);
    fit.set(output, found);
  }
  return found;
}

/** Outputs as JupyterLab's own model holds them: neighbouring streams of one name are one. */
export function joinStreams(outputs: readonly IOutput[]): IOutput[] {
  const joined: IOutput[] = [];
  for (const output of outputs) {
    const last = joined[joined.length - 1] as IOutput | undefined;
    if (output.output_type !== 'stream') {
      joined.push(fitOutput(output));
    } else if (last?.output_type === 'stream' && last.name === output.name) {
      joined[joined.length - 1] = { ...last, text: multiline(last.text) + multiline(output.text) };
    } else {
      joined.push({ ...output, text: multiline(output.text) });
    }
  }
  return joined;
}

/** The one splice that turns `before` into `after`; never between the halves of a surrogate pair. */
export function difference(before: string, after: string): { start: number; end: number; text: string } {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) {
    start += 1;
  }
  if (start > 0 && isHigh(before.charCodeAt(start - 1))) {
    start -= 1;
  }
  let tail = 0;
  while (
    tail < shorter - start &&
    before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)
  ) {
    tail += 1;
  }
  if (tail > 0 && isLow(before.charCodeAt(before.length - tail))) {
    tail -= 1;
  }
  return { start, end: before.length - tail, text: after.slice(start, after.length - tail) };
}

function isHigh(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}
