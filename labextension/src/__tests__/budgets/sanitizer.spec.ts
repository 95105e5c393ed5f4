import { TooMuch } from '../../budgets/budgets';
import { CleanSanitizer } from '../../budgets/sanitizer';

function left(html: string): HTMLElement {
  const node = document.createElement('div');
  node.innerHTML = new CleanSanitizer().sanitize(html);
  return node;
}

/** Attributes by which JupyterLab, our pages or the browser act on an element, or on another one. */
const ACTING = [
  'data-commandlinker-command="x:y"',
  'data-commandlinker-args="{}"',
  'data-trust-command="true"',
  'data-jp-undoer="true"',
  'data-jp-suppress-context-menu=""',
  'data-lm-dragscroll=""',
  'data-icon="ui-components:add"',
  'data-icon-id="x"',
  'data-testid="interview-end"',
  'data-member="1"',
  'data-path="/x"',
  'data-windowed-list-index="0"',
  'accesskey="x"',
  'tabindex="1"',
  'autofocus',
  'contenteditable="true"',
  'draggable="true"',
  'inert',
  'role="alert"',
  'aria-label="x"',
  'aria-hidden="true"',
  'slot="x"',
  'part="x"',
  'itemref="x"',
  'popovertarget="x"',
  'command="show-modal"',
  'commandfor="x"',
  'form="x"',
  'for="x"',
  'list="x"',
  'usemap="#x"',
  'headers="x"',
  'onclick="x()"',
  'name="x"'
];

describe('what acts on a page', () => {
  it.each(['button', 'a', 'div', 'label', 'output', 'input', 'textarea', 'img', 'td', 'h1', 'details'])(
    'is not left on %s',
    tag => {
      const [open, close] =
        tag === 'td' ? ['<table><tr><td', '</td></tr></table>'] : [`<${tag}`, `</${tag}>`];
      for (const attribute of ACTING) {
        const node = left(`${open} ${attribute} title="seen">x${close}`).querySelector('[title=seen]');
        const kept = [...(node?.attributes ?? [])].map(each => each.name);
        expect(kept.filter(name => !['title', 'disabled', 'rel'].includes(name))).toEqual([]);
      }
    }
  );

  it('is no name of the page either, and a link within a text still finds its place', () => {
    const node = left('<p id="main" data-jupyter-id="x">a</p><p data-jupyter-id="y">b</p>');
    expect([...node.children].map(each => each.outerHTML)).toEqual([
      '<p data-jupyter-id="main">a</p>',
      '<p>b</p>'
    ]);
  });

  it('is no class of a page, of which only some that look like something are left', () => {
    const names = [
      'jp-Cell',
      'jp-collapseHeadingButton',
      'lm-Menu',
      'jp-Interview-hide',
      'cm-editor',
      'MuiButton-root'
    ];
    const looks = ['dataframe', 'alert', 'alert-info', 'language-c++', '\u037c1a'];
    const node = left(
      `<b class="${[...names, ...looks].join('\n ')}">x</b><i class="${names.join(' ')}">x</i>`
    );
    expect([...(node.querySelector('b')?.classList ?? [])]).toEqual(looks);
    expect(node.querySelector('i')?.outerHTML).toBe('<i>x</i>');
  });

  it('is no field or button that takes the focus', () => {
    const node = left('<button>a</button><input><select></select><textarea></textarea>');
    expect([...node.children].map(each => each.hasAttribute('disabled'))).toEqual([true, true, true, true]);
  });
});

describe('what a browser makes room for, or works out', () => {
  it('is a number that somebody needs', () => {
    const node = left(
      '<table><colgroup span="999"><col span="999"></colgroup><tr><td colspan="999" rowspan="65534">a</table><textarea rows="99999"></textarea>'
    );
    expect(
      [...node.querySelectorAll('[span], [colspan], [rows]')].flatMap(({ attributes }) =>
        [...attributes].map(a => a.value)
      )
    ).toEqual(['100', '100', '100', '1000', '500', 'disabled']);
  });

  it.each([
    'background-image: u\\72l(x)',
    'background: url(x)',
    'background-image: image-set("x" 1x)',
    'list-style-image: url(x)',
    'border-image: url(x)',
    'cursor: url(x), auto',
    'animation: a 1s',
    'transition: all 1s',
    'filter: blur(9px)',
    'backdrop-filter: blur(9px)',
    'mask: url(#x)',
    'mix-blend-mode: screen',
    'grid-column: 1 / 9000000',
    'grid-template-columns: repeat(1000, 1px)',
    'display: table-row',
    '/**/ display: table-row'
  ])('is not left in a style: %s', style => {
    expect(left(`<div style='color:red; ${style}'>a</div>`).innerHTML).toBe('<div style="color:red">a</div>');
  });

  it('leaves grids, and tables as they are', () => {
    const grid = '<div style="display:grid;grid-template-columns:100px 1fr 100%">a</div>';
    const table =
      '<table style="display:inline"><tbody><tr style="display:none"><td>a</td></tr></tbody></table>';
    expect(left(grid + table).innerHTML).toBe(grid + table);
    expect(left('<table><tr style="display: block"><td>a</table>').querySelector('tr')?.style.display).toBe(
      ''
    );
  });

  it('is counted where what kept it apart is taken away', () => {
    const rows = `<tr>${'<td colspan="90">a</td>'.repeat(9)}</tr>`.repeat(90);
    for (const [open, close] of [
      ['<template>', '</template>'],
      ['<xmp>', '</xmp>'],
      ['', '']
    ]) {
      expect(() => left(`${open}<table>${rows}</table>${close}`)).toThrow(TooMuch);
      expect(() => left(`${open}${'<div>'.repeat(120)}${close}`)).toThrow(TooMuch);
    }
    expect(() => left('<b style="box-shadow: 0 0 9px red">a</b>'.repeat(101))).toThrow(TooMuch);
  });
});

it('leaves what says how something looks', () => {
  const html =
    '<table border="1" class="dataframe"><tbody><tr align="right"><td colspan="2" style="color:red">1</td></tr></tbody></table>' +
    '<details open=""><summary>x</summary><ol start="3" reversed=""><li>y</li></ol></details>' +
    '<a href="https://example.org" target="_blank" rel="nofollow">z</a><bdo dir="rtl">a</bdo><progress value="1" max="2">b</progress>';
  expect(left(html).innerHTML).toBe(html);
});
