/**
 * What is shown instead of what is over its budget? Its source, as text, and a line that says why.
 */
import type { Translations } from '../tokens';

import { type Budgets, type Excess, OUTPUTS } from './budgets';

/** Class of an element that shows a source. */
export const SOURCE_CLASS = 'jp-Interview-source';

/** Class of an element of which only the source is shown. */
export const EXCESS_CLASS = 'jp-mod-interviewExcess';

/** Units of a text that are laid out together; what is out of view is not laid out at all. */
export const BLOCK = 8_192;

/** A text of no more blocks is laid out as a whole. */
export const SHORT_BLOCKS = 4;

export function reasonOf(excess: Excess, trans: Translations): string {
  return {
    long: trans.__('Shown as text: it is too long to be rendered.'),
    deep: trans.__('Shown as text: it is nested too deeply to be rendered.'),
    many: trans.__('Shown as text: it has too many parts to be rendered.'),
    intricate: trans.__('Shown as text: it is too intricate to be rendered.'),
    definitions: trans.__('Shown as text: what defines commands or entities is not rendered.'),
    large: trans.__('Shown as text: a picture in it is too large to be rendered.'),
    unreadable: trans.__('Shown as text: it could not be rendered.')
  }[excess];
}

/** An element with a source in it, and why. */
export function sourceNode(
  source: string,
  excess: Excess,
  trans: Translations,
  budgets: Budgets = OUTPUTS
): HTMLElement {
  const node = document.createElement('div');
  node.className = SOURCE_CLASS;
  const pre = document.createElement('pre');
  const pieces = blocks(source.slice(0, budgets.textChars));
  pre.append(...pieces.map(blockNode));
  pre.classList.toggle('jp-mod-long', pieces.length > SHORT_BLOCKS);
  node.append(noteNode(reasonOf(excess, trans)), pre);
  if (source.length > budgets.textChars) {
    const rest = source.length - budgets.textChars;
    node.append(noteNode(trans.__('… and %1 more characters.', rest)));
  }
  return node;
}

/** A line of ours among what a member made. */
export function noteNode(text: string): HTMLElement {
  const note = document.createElement('p');
  note.className = 'jp-Interview-sourceNote';
  note.textContent = text;
  return note;
}

/** A piece of a text, which the browser lays out when it comes into view. */
export function blockNode(text = ''): HTMLElement {
  const block = document.createElement('span');
  block.className = 'jp-Interview-block';
  block.textContent = text;
  return block;
}

/** A text in pieces that end at a line's end, where it has one. */
export function blocks(text: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length;) {
    const line = text.lastIndexOf('\n', at + BLOCK - 1);
    let end = at + BLOCK >= text.length ? text.length : line >= at ? line + 1 : at + BLOCK;
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last < 0xdc00) {
      end -= 1;
    }
    found.push(text.slice(at, end));
    at = end;
  }
  return found;
}
