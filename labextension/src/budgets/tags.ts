/**
 * How does a message say `List<int>` or `<div>`? As it was typed: people talk about code, and Markdown would take tags
 * for its own and leave out what it does not know.
 */

/** What begins a tag, a comment or a declaration, and no address in angle brackets. */
const BEGINS = /^<(?=[a-z/!?])(?![a-z][a-z0-9+.-]{1,31}:[^\s<>]*>)(?![^\s<>@]+@[^\s<>@]+>)/i;

/** UTF-16 units of the longest address in angle brackets that is seen as one. */
const LONGEST = 2_000;

const MARKS = /`+/y;
/** What begins or ends a block of code, also within lists and quotations. Marks that are closed in the line are none. */
const FENCE = /^(?:\s*(?:[-*+>]|\d{1,9}[.)])(?=\s))*\s*(`{3,}(?=[^`]*$)|~{3,})/;

const ITEM = /^\s*(?:[-*+]|\d{1,9}[.)])\s/;

/** Markdown in which tags are text; code, where they are text anyway, is left alone. */
export function plainTags(source: string): string {
  let fence: string | null = null;
  let blank = true;
  let listed = false;
  const parts: string[] = [];
  let text: string[] = [];
  const endText = (): void => {
    if (text.length) {
      parts.push(escaped(text.join('\n')));
    }
    text = [];
  };
  for (const line of source.split('\n')) {
    const marks = FENCE.exec(line)?.[1];
    listed = ITEM.test(line) || (listed && /^(\s|$)/.test(line));
    // What is indented below an item belongs to the item.
    const indented: boolean = blank && !listed && /^( {4}|\t)/.test(line);
    if (fence !== null || marks !== undefined || indented) {
      endText();
      parts.push(line);
      if (fence === null) {
        fence = marks ?? null;
      } else if (marks?.startsWith(fence) && line.trimEnd().endsWith(marks)) {
        fence = null;
      }
      blank = indented;
    } else {
      text.push(line);
      blank = !line.trim();
    }
  }
  endText();
  return parts.join('\n');
}

/** A text without blocks of code: what stands between marks of code is left alone. */
function escaped(text: string): string {
  let made = '';
  let at = 0;
  while (at < text.length) {
    const marks = runOfMarks(text, at);
    let length = 1;
    let part = text[at];
    if (marks) {
      const end = closing(text, at + marks, marks);
      length = end === -1 ? marks : end - at;
      part = text.slice(at, at + length);
    } else if (part === '\\') {
      length = 2;
      part = text.slice(at, at + 2);
    } else if (part === '<' && BEGINS.test(text.slice(at, at + LONGEST))) {
      part = '\\<';
    }
    made += part;
    at += length;
  }
  return made;
}

/** How many marks of code begin here. */
function runOfMarks(text: string, at: number): number {
  MARKS.lastIndex = at;
  return MARKS.exec(text)?.[0].length ?? 0;
}

/** Where a span of code ends that so many marks began; -1 where it is none. */
function closing(text: string, from: number, length: number): number {
  const paragraph = text.indexOf('\n\n', from);
  for (const match of text.slice(from, paragraph === -1 ? undefined : paragraph).matchAll(/`+/g)) {
    if (match[0].length === length) {
      return from + match.index + length;
    }
  }
  return -1;
}
