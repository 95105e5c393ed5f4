import { nullTranslator } from '@jupyterlab/translation';
import { waitFor } from '@testing-library/react';
import katex from 'katex';

import { MESSAGES, OUTPUTS } from '../../budgets/budgets';
import { findFormulas, formulaMarkup, Typesetter } from '../../budgets/formulas';

const trans = nullTranslator.load('');

function typeset(html: string): Promise<HTMLElement> {
  const element = document.createElement('div');
  element.innerHTML = html;
  return Promise.resolve(new Typesetter(OUTPUTS, trans).typeset(element)).then(() => element);
}

const excess = (math: string): unknown =>
  formulaMarkup(
    { raw: `$${math}$`, math, display: false },
    (text, options) => katex.renderToString(text, options),
    OUTPUTS
  );

const nested = (open: string, close: string, times: number): string =>
  `${open.repeat(times)}1${close.repeat(times)}`;

describe('formulas in a text', () => {
  it.each([
    ['none', []],
    ['a $x$ b', ['x']],
    ['$$x$$ and \\[y\\] and \\(z\\)', ['x', 'y', 'z']],
    ['\\begin{align}a&b\\end{align}', ['\\begin{align}a&b\\end{align}']],
    ['costs \\$5 and \\$6', []],
    ['costs $5', []],
    ['costs $5, and \\(x\\)', ['x']],
    ['$\\text{for $a$}$', ['\\text{for $a$}']],
    ['$a\\$b$', ['a\\$b']]
  ])('%s', (text, expected) => {
    const found = findFormulas(text);
    expect(found.map(part => (typeof part === 'string' ? part : part.raw)).join('')).toBe(text);
    expect(found.flatMap(part => (typeof part === 'string' ? [] : part.math))).toEqual(expected);
  });

  it('are looked for once, also where none ends', () => {
    expect(findFormulas('\\(a'.repeat(100_000))).toHaveLength(1);
    expect(findFormulas('\\begin{align}'.repeat(50_000))).toHaveLength(1);
  });
});

describe('the budget of a formula', () => {
  it.each([
    ['a fraction of fractions', nested('\\frac{1}{', '}', 12)],
    ['a root of roots', nested('\\sqrt{', '}', 12)],
    ['a matrix', `\\begin{matrix}${'1&2\\\\'.repeat(20)}\\end{matrix}`],
    ['a mistake, which is shown as one', '\\frac{']
  ])('has room for %s', (_, math) => {
    expect(excess(math)).toHaveProperty('markup');
  });

  it.each([
    ['fractions within each other', nested('\\frac{', '}{1}', 100), 'deep'],
    ['exponents within each other', nested('x^{', '}', 100), 'deep'],
    ['more than there is stack for', nested('{', '}', 1_900), 'deep'],
    ['length', 'x+'.repeat(3_000), 'long'],
    ['markup', '\\frac12'.repeat(570), 'many'],
    ['commands of its own', '\\def\\a{b}\\a', 'definitions']
  ])('is met by %s', (_, math, told) => {
    expect(excess(math)).toEqual({ excess: told });
  });

  it('runs nothing and leads nowhere', () => {
    for (const math of [
      '\\href{javascript:alert(1)}{x}',
      '\\includegraphics{x}',
      '\\htmlStyle{color:red}{x}'
    ]) {
      const { markup } = excess(math) as { markup: string };
      expect(markup).not.toMatch(/href=|<img|style="color:red"/);
    }
  });
});

describe('the typesetter', () => {
  it('typesets within a text, and leaves code alone', async () => {
    const element = await typeset('<p>a $x$ b</p><pre>$y$</pre><code>$z$</code>');
    expect(element.querySelectorAll('.katex')).toHaveLength(1);
    expect(element.querySelector('pre')?.textContent).toBe('$y$');
  });

  it('shows the source of what is over its budget, once, and why', async () => {
    const math = `$$${nested('\\frac{', '}{1}', 100)}$$`;
    const element = document.createElement('div');
    element.append(`before ${math} and $x$`);
    const typesetter = new Typesetter(OUTPUTS, trans);
    await Promise.all([typesetter.typeset(element), typesetter.typeset(element)]);
    await typesetter.typeset(element);
    const [source, ...more] = element.querySelectorAll('.jp-Interview-source');
    expect(more).toEqual([]);
    expect(source.querySelector('bdi')?.textContent).toBe(math);
    expect(source.textContent).toBe(`${math} Shown as text: it is nested too deeply to be rendered.`);
    expect(element.querySelectorAll('.katex')).toHaveLength(1);
  });

  it('ends where all formulas of a text are too many', async () => {
    const element = await typeset(`<p>${'$\\frac12$ '.repeat(2_000)}</p>`);
    expect(element.querySelectorAll('.katex').length).toBeGreaterThan(100);
    expect(element.querySelector('.jp-Interview-source')?.textContent).toContain('too many parts');
    expect(element.innerHTML.length).toBeLessThan(1_500_000);
  });
});

describe('formulas of messages', () => {
  it('are typeset when the message comes into view', async () => {
    const watched = new Map<Element, (entry: object) => void>();
    class Observer {
      constructor(private readonly tell: (entries: object[]) => void) {}
      observe(element: Element): void {
        watched.set(element, entry => this.tell([{ ...entry, target: element }]));
      }
      unobserve(element: Element): void {
        watched.delete(element);
      }
    }
    Object.assign(globalThis, { IntersectionObserver: Observer });
    const element = document.createElement('div');
    element.append('$x$');
    const typesetter = new Typesetter(MESSAGES, trans);
    await typesetter.typeset(element);
    expect(element.innerHTML).toBe('$x$');
    watched.get(element)?.({ isIntersecting: false });
    expect(watched.size).toBe(1);
    watched.get(element)?.({ isIntersecting: true });
    expect(watched.size).toBe(0);
    await waitFor(() => expect(element.querySelectorAll('.katex')).toHaveLength(1));
    Reflect.deleteProperty(globalThis, 'IntersectionObserver');
  });
});
