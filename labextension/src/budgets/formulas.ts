/**
 * Where are the formulas in a text, and which of them are typeset? By KaTeX, which cannot run anything and has no state;
 * each formula within its budget, all of them in slices between which the page answers.
 */
import type { IRenderMime } from '@jupyterlab/rendermime';

import type { Translations } from '../tokens';

import type { Budgets, Excess } from './budgets';
import { markupDepth } from './measure';
import { reasonOf, SOURCE_CLASS } from './source';

/** A formula: as it stands in the text, and without its delimiters. */
export interface Formula {
  raw: string;
  math: string;
  display: boolean;
}

interface Delimiter {
  start: string;
  end: string;
  display: boolean;
}

const ENVIRONMENTS = ['equation', 'align', 'alignat', 'gather', 'CD'];

/** The longer ones first. */
const DELIMITERS: readonly Delimiter[] = [
  { start: '$$', end: '$$', display: true },
  { start: '\\[', end: '\\]', display: true },
  ...ENVIRONMENTS.flatMap(name => [name, `${name}*`]).map(name => ({
    start: `\\begin{${name}}`,
    end: `\\end{${name}}`,
    display: true
  })),
  { start: '\\(', end: '\\)', display: false },
  { start: '$', end: '$', display: false }
];

/** A text as plain pieces and formulas, in order; together they are the text. */
export function findFormulas(text: string): (string | Formula)[] {
  const found: (string | Formula)[] = [];
  // A delimiter whose end is missing once is not looked for again: that would take the square of the length.
  const open = new Set(DELIMITERS);
  let [at, plain] = [0, 0];
  while (at < text.length) {
    if (text[at] !== '$' && text[at] !== '\\') {
      at += 1;
      continue;
    }
    const delimiter = DELIMITERS.find(each => text.startsWith(each.start, at));
    const end =
      delimiter && open.has(delimiter) ? endOf(text, at + delimiter.start.length, delimiter.end) : -1;
    if (!delimiter || end === -1) {
      if (delimiter) {
        open.delete(delimiter);
      }
      // Also what is escaped.
      at += text[at] === '\\' ? 2 : (delimiter?.start.length ?? 1);
      continue;
    }
    const raw = text.slice(at, end + delimiter.end.length);
    const whole = delimiter.start.startsWith('\\begin');
    const math = whole ? raw : text.slice(at + delimiter.start.length, end);
    if (at > plain) {
      found.push(text.slice(plain, at));
    }
    found.push({ raw, math, display: delimiter.display });
    at = plain = at + raw.length;
  }
  if (plain < text.length) {
    found.push(text.slice(plain));
  }
  return found;
}

/** Where a delimiter ends a formula: not within braces, and not escaped. */
function endOf(text: string, from: number, end: string): number {
  let braces = 0;
  for (let at = from; at < text.length; at++) {
    if (braces <= 0 && text.startsWith(end, at)) {
      return at;
    }
    const char = text[at];
    at += char === '\\' ? 1 : 0;
    braces += char === '{' ? 1 : char === '}' ? -1 : 0;
  }
  return -1;
}

/** Commands that define others: few of them may stand for a text of any length. */
const DEFINITION = /\\(?:[egx]?def|(?:new|renew|provide)command|let|futurelet|global|long)(?![a-zA-Z])/;

/** Expansions of KaTeX's own macros in one formula. */
const EXPANSIONS = 300;

/** Of boxes and rules, in em. */
const LARGEST_EM = 20;

type Render = (math: string, options: Record<string, unknown>) => string;

/** The markup of a formula, or why there is none. */
export function formulaMarkup(
  formula: Formula,
  render: Render,
  budgets: Budgets
): { markup: string } | { excess: Excess } {
  if (formula.math.length > budgets.formulaChars) {
    return { excess: 'long' };
  }
  if (DEFINITION.test(formula.math)) {
    return { excess: 'definitions' };
  }
  let markup: string;
  try {
    markup = render(formula.math, {
      displayMode: formula.display,
      throwOnError: false,
      trust: false,
      strict: 'ignore',
      maxSize: LARGEST_EM,
      maxExpand: EXPANSIONS
    });
  } catch {
    // It calls itself for what is nested, until there is no stack left.
    return { excess: 'deep' };
  }
  if (markup.length > budgets.formulaMarkup) {
    return { excess: 'many' };
  }
  return markupDepth(markup) > budgets.formulaDepth ? { excess: 'deep' } : { markup };
}

/** Where nothing is a formula. */
const LEFT_ALONE = `pre, code, script, style, textarea, option, .katex, .${SOURCE_CLASS}`;

/** How long a slice of work may take, in milliseconds. */
const SLICE_MS = 12;

/** What is done with an element when it comes into view. */
const waiting = new WeakMap<Element, () => void>();

let observer: IntersectionObserver | null = null;

/** Looks at what comes into view; `null` where nobody can. */
function seen(): IntersectionObserver | null {
  if (typeof IntersectionObserver === 'undefined') {
    return null;
  }
  observer ??= new IntersectionObserver(entries => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) {
        observer?.unobserve(target);
        waiting.get(target)?.();
        waiting.delete(target);
      }
    }
  });
  return observer;
}

export class Typesetter implements IRenderMime.ILatexTypesetter {
  constructor(
    private readonly budgets: Budgets,
    private readonly trans: Translations
  ) {}

  /** Typeset the formulas of an element. JupyterLab asks for it with every text, and often twice. */
  typeset(element: HTMLElement): Promise<void> | void {
    if (!/[$\\]/.test(element.textContent ?? '')) {
      return;
    }
    if (this.budgets.whenSeen && seen()) {
      waiting.set(element, () => void this.enqueue(element));
      seen()?.observe(element);
      return;
    }
    return this.enqueue(element);
  }

  private enqueue(element: HTMLElement): Promise<void> {
    const before = this.working.get(element) ?? Promise.resolve();
    const work = before.then(() => this.work(element));
    this.working.set(element, work);
    return work;
  }

  private async work(element: HTMLElement): Promise<void> {
    // Only a text that may have a formula in it is worth the fetching.
    const { default: katex } = await import('katex');
    const left = { markup: this.budgets.formulasMarkup };
    let until = performance.now() + SLICE_MS;
    for (const node of textsOf(element)) {
      const fragment = document.createDocumentFragment();
      for (const part of findFormulas(node.data)) {
        if (typeof part === 'string' || left.markup <= 0) {
          fragment.append(typeof part === 'string' ? part : part.raw);
          continue;
        }
        fragment.append(this.typesetOne(part, katex.renderToString, left));
        if (performance.now() > until) {
          await new Promise(resolve => setTimeout(resolve));
          until = performance.now() + SLICE_MS;
        }
      }
      node.replaceWith(fragment);
    }
  }

  /** One formula, or its source; `left` is what all others may still become. */
  private typesetOne(formula: Formula, render: Render, left: { markup: number }): HTMLElement {
    const made = formulaMarkup(formula, render, this.budgets);
    if ('excess' in made) {
      return this.source(formula, made.excess);
    }
    left.markup -= made.markup.length;
    return left.markup > 0 ? typesetNode(formula, made.markup) : this.source(formula, 'many');
  }

  private source(formula: Formula, excess: Excess): HTMLElement {
    const node = document.createElement(formula.display ? 'div' : 'span');
    node.className = SOURCE_CLASS;
    const note = document.createElement('small');
    note.className = 'jp-Interview-sourceNote';
    note.textContent = reasonOf(excess, this.trans);
    // In a direction of its own: what turns it does not turn the note.
    const raw = document.createElement('bdi');
    raw.textContent = formula.raw;
    node.append(raw, ' ', note);
    return node;
  }

  private readonly working = new WeakMap<HTMLElement, Promise<void>>();
}

function typesetNode({ display }: Formula, markup: string): HTMLElement {
  const node = document.createElement('span');
  node.className = display ? 'jp-Interview-formula jp-mod-display' : 'jp-Interview-formula';
  // KaTeX's own markup, in which all that is the formula's is escaped.
  node.innerHTML = markup;
  return node;
}

/** The texts of an element in which formulas may be. */
function textsOf(element: HTMLElement): Text[] {
  element.normalize();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const found: Text[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node as Text;
    if (/[$\\]/.test(text.data) && !text.parentElement?.closest(LEFT_ALONE)) {
      found.push(text);
    }
  }
  return found;
}
