import { MimeModel } from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';

import { AnsiReader } from '../../budgets/ansi';
import { type Budgets, OUTPUTS } from '../../budgets/budgets';
import { BoundedRegistry } from '../../budgets/registry';
import { blocks } from '../../budgets/source';
import type { RenderedTerminal } from '../../budgets/terminal';

const STDOUT = 'application/vnd.jupyter.stdout';
const trans = nullTranslator.load('');

function terminal(budgets: Budgets = OUTPUTS): { node: HTMLElement; show(text: string): Promise<void> } {
  const renderer = new BoundedRegistry({ trans }, budgets).createRenderer(STDOUT) as RenderedTerminal;
  return {
    node: renderer.node,
    show: text => renderer.renderModel(new MimeModel({ data: { [STDOUT]: text } }))
  };
}

describe('colours of a terminal', () => {
  const read = (text: string): string[] =>
    new AnsiReader().read(text).map(({ text: shown, classes, style }) => `${shown}|${classes}|${style}`);

  it.each([
    ['plain', ['plain||']],
    ['\x1b[31mred\x1b[0m plain', ['red|jp-mod-readable|--jp-interview-front: rgb(231, 92, 88)', ' plain||']],
    ['\x1b[1;32mgreen\x1b[m', ['green|jp-mod-readable ansi-bold|--jp-interview-front: rgb(0, 116, 39)']],
    ['\x1b[94;101mx', ['x|ansi-blue-intense-fg ansi-red-intense-bg|']],
    ['\x1b[38;5;196mx', ['x|jp-mod-readable|--jp-interview-front: rgb(255, 0, 0)']],
    ['\x1b[48;2;1;2;3mx', ['x||background-color: rgb(1, 2, 3)']],
    ['\x1b[38;2;4;5;6;48;2;1;2;3mx', ['x||color: rgb(4, 5, 6);background-color: rgb(1, 2, 3)']],
    ['\x1b[38;5;9mx\x1b[39my', ['x|jp-mod-readable|--jp-interview-front: rgb(178, 43, 49)', 'y||']],
    ['\x1b[7mx', ['x|ansi-default-inverse-fg ansi-default-inverse-bg|']],
    ['\x1b[40;7mx', ['x|ansi-black-fg ansi-default-inverse-bg|']],
    ['\x1b[2Kx\x1b[?25ly', ['x||', 'y||']],
    ['\x1b[38;9mx', ['x||']],
    ['a\x1bb', ['a||', 'b||']]
  ])('%j', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it('are read on where a text grows, also within a sequence', () => {
    const reader = new AnsiReader();
    expect(reader.read('a\x1b[3')).toMatchObject([{ text: 'a' }]);
    expect(reader.read('1mb')).toMatchObject([{ text: 'b', classes: 'jp-mod-readable' }]);
    expect(reader.read('\x1b')).toEqual([]);
    expect(reader.read('[0mc')).toMatchObject([{ text: 'c', classes: '' }]);
  });

  it('take no sequence that does not end', () => {
    expect(read(`\x1b[${'1'.repeat(1_000)}`).join('')).toContain('1'.repeat(900));
  });
});

describe('text on the page', () => {
  it('is shown with links, and nothing of it is markup', async () => {
    const { node, show } = terminal();
    await show('<b>see</b> https://a.example/x. and data:text/html,x');
    expect(node.textContent).toBe('<b>see</b> https://a.example/x. and data:text/html,x');
    expect([...node.querySelectorAll('a')].map(link => link.href)).toEqual(['https://a.example/x']);
    expect(node.querySelector('b')).toBeNull();
  });

  it('is added to where it grows: what is there stays', async () => {
    const { node, show } = terminal();
    await show('one\n');
    const first = node.querySelector('pre')?.firstChild?.firstChild;
    await show('one\n\x1b[31mtwo\n');
    expect(node.textContent).toBe('one\ntwo\n');
    expect(node.querySelector('pre')?.firstChild?.firstChild).toBe(first);
    await show('other');
    expect(node.textContent).toBe('other');
  });

  it('comes in slices when it is long', async () => {
    const { node, show } = terminal();
    const text = 'line of text\n'.repeat(20_000);
    const all = show(text);
    const soon = node.textContent?.length ?? 0;
    expect(soon).toBeGreaterThan(0);
    expect(soon).toBeLessThan(text.length);
    await all;
    expect(node.textContent).toBe(text);
  });

  it('loses its colours, then its end, beyond the budget', async () => {
    const { node, show } = terminal({ ...OUTPUTS, textSpans: 3, textChars: 1_000 });
    await show('\x1b[31ma\x1b[32mb\n'.repeat(10));
    expect(node.querySelectorAll('.jp-mod-readable')).toHaveLength(3);
    expect(node.textContent).toContain('From here on without colours');
    const cut = terminal({ ...OUTPUTS, textChars: 1_000 });
    await cut.show('x'.repeat(2_000));
    expect(cut.node.querySelector('pre')?.textContent).toBe('x'.repeat(1_000));
    expect(cut.node.textContent).toContain('The rest is not shown');
  });

  it('is cut at the ends of lines, and never within a character', () => {
    const text = `${'a'.repeat(8_191)}🎉${'b\n'.repeat(10_000)}`;
    const pieces = blocks(text);
    expect(pieces.join('')).toBe(text);
    expect(pieces.slice(1).every(piece => piece.endsWith('\n'))).toBe(true);
    expect(pieces.every(piece => !/[\ud800-\udbff]$/.test(piece))).toBe(true);
  });
});
