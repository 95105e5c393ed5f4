/**
 * Is this within its budget? Pure measuring, in one pass each, before anything is rendered.
 */
import type { Budgets, Excess } from './budgets';

/** Nothing in it means anything to a parser: whatever else stands there is counted. */
const DATA_URL = /data:[a-zA-Z0-9/+.-]+;base64,[a-zA-Z0-9+/=]+/g;

/** What emphasis, other marks, and lines cost the parser, for each character of the text that they stand in. */
const COST = { emphasis: 1, mark: 0.1, line: 0.08 };

const EMPHASIS = new Set('*_~');
const MARKS = new Set('[]()`<>\\!&#|');

/** Containers (quotes, lists) that may open in one line of Markdown. */
const CONTAINERS = 40;

/** The text without the pictures in it. */
function withoutData(text: string): string {
  return text.includes('data:') ? text.replace(DATA_URL, '') : text;
}

/**
 * How long the parser takes, in its own unit: it looks for the end of each emphasis, and of other marks, through all of
 * their paragraph, and for each block through all of the text.
 */
export function markdownCost(text: string): number {
  let [cost, start, lines] = [0, 0, 0];
  let [emphasis, marks, blank] = [0, 0, true];
  const paragraph = (end: number): void => {
    cost += (COST.emphasis * emphasis + COST.mark * marks) * (end - start);
    [start, emphasis, marks] = [end, 0, 0];
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '\n') {
      if (blank) {
        paragraph(at);
      } else {
        lines += 1;
      }
      blank = true;
      continue;
    }
    blank &&= char === ' ' || char === '\t' || char === '\r';
    emphasis += EMPHASIS.has(char) ? 1 : 0;
    marks += MARKS.has(char) ? 1 : 0;
  }
  paragraph(text.length);
  return cost + COST.line * lines * text.length;
}

/** Whether a line opens more quotes and lists than anybody writes: the parser calls itself for each. */
function opensTooMany(text: string): boolean {
  let [open, fresh] = [0, true];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '\n') {
      [open, fresh] = [0, true];
    } else if (fresh) {
      const listed = '-+*.)'.includes(char) && /\s/.test(text[at + 1] ?? '');
      open += char === '>' || listed ? 1 : 0;
      fresh = char === '>' || listed || /[\s\d]/.test(char);
      if (open > CONTAINERS) {
        return true;
      }
    }
  }
  return false;
}

export function markdownExcess(text: string, budgets: Budgets): Excess | null {
  const bare = withoutData(text);
  if (bare.length > budgets.markupChars) {
    return 'long';
  }
  if (opensTooMany(bare)) {
    return 'deep';
  }
  return markdownCost(bare) > budgets.markdownCost ? 'intricate' : null;
}

export function htmlExcess(html: string, budgets: Budgets): Excess | null {
  const bare = withoutData(html);
  if (bare.length > budgets.markupChars) {
    return 'long';
  }
  let [tags, escapes] = [0, 0];
  for (let at = 0; at < bare.length; at++) {
    const char = bare.charCodeAt(at);
    if (char === 60 || char === 62 || char === 38) {
      escapes += 1;
      const next = char === 60 ? bare.charCodeAt(at + 1) | 32 : 0;
      tags += next >= 97 && next <= 122 ? 1 : 0;
    }
  }
  // An ordinary tag has one of each.
  if (tags > budgets.htmlTags || escapes - 4 * tags > budgets.htmlEscapes) {
    return 'many';
  }
  return laidOutExcess(bare, budgets);
}

/** The same for what is laid out: elements within each other, and tables. */
export function laidOutExcess(html: string, budgets: Budgets): Excess | null {
  // Nothing in a document that is only parsed runs, or loads.
  const { body } = new DOMParser().parseFromString(withoutData(html), 'text/html');
  if (depthOf(body, budgets.htmlDepth) > budgets.htmlDepth) {
    return 'deep';
  }
  let places = 0;
  for (const table of body.querySelectorAll('table')) {
    places += placesOf(table);
  }
  return places > budgets.tablePlaces ? 'many' : null;
}

/**
 * How many places the grid of a table has: a few cells that span others make a large one.
 *
 * No row is wider than all that stand or reach into it, side by side.
 */
export function placesOf(table: HTMLTableElement): number {
  let [rows, columns] = [0, 0];
  for (const column of table.querySelectorAll(':scope > col, :scope > colgroup, :scope > colgroup > col')) {
    columns += numberOf(column, 'span', SPANS.span);
  }
  for (const section of table.children) {
    const lines = [...section.children].filter(each => each.localName === 'tr');
    const widths = new Array<number>(lines.length + 1).fill(0);
    lines.forEach((line, at) => {
      for (const cell of line.children) {
        const width = numberOf(cell, 'colspan', SPANS.colspan);
        // None reaches out of its section, and one of 0 rows reaches to its end.
        const reach = numberOf(cell, 'rowspan', SPANS.rowspan, 0) || lines.length;
        widths[at] += width;
        widths[Math.min(lines.length, at + reach)] -= width;
      }
    });
    let width = 0;
    for (const change of widths) {
      width += change;
      columns = Math.max(columns, width);
    }
    rows += lines.length;
  }
  return Math.max(1, rows) * columns;
}

/** What browsers take at most. */
const SPANS = { span: 1_000, colspan: 1_000, rowspan: 65_534 };

function numberOf(element: Element, name: string, most: number, least = 1): number {
  const value = parseInt(element.getAttribute(name) ?? '1', 10);
  return Number.isNaN(value) ? 1 : Math.max(least, Math.min(most, value));
}

/** How many elements stand within each other; counts no further than to one more than `enough`. */
export function depthOf(root: Element, enough: number): number {
  let level: Element[] = [...root.children];
  let depth = 0;
  while (level.length && depth <= enough) {
    depth += 1;
    level = level.flatMap(element => [...element.children]);
  }
  return depth;
}

/** How many elements the markup of a library of ours has within each other. */
export function markupDepth(markup: string): number {
  let [depth, deepest] = [0, 0];
  for (const tag of markup.matchAll(/<(\/?)[a-zA-Z][^>]*?(\/?)>/g)) {
    depth += tag[1] ? -1 : tag[2] ? 0 : 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

export function jsonExcess(value: unknown, budgets: Budgets): Excess | null {
  let level: unknown[] = [value];
  let values = 0;
  for (let depth = 0; level.length; depth++) {
    values += level.length;
    if (depth > budgets.jsonDepth) {
      return 'deep';
    }
    if (values > budgets.jsonValues) {
      return 'many';
    }
    const next: unknown[] = [];
    for (const each of level) {
      if (typeof each === 'string' && each.length > budgets.markupChars) {
        return 'long';
      }
      if (typeof each === 'object' && each !== null) {
        for (const inner of Object.values(each)) {
          next.push(inner);
        }
      }
      if (next.length > budgets.jsonValues) {
        return 'many';
      }
    }
    level = next;
  }
  return null;
}
