import { MESSAGES, OUTPUTS } from '../../budgets/budgets';
import {
  depthOf,
  htmlExcess,
  jsonExcess,
  markdownCost,
  markdownExcess,
  markupDepth,
  placesOf
} from '../../budgets/measure';

const nested = (open: string, close: string, times: number): string =>
  `${open.repeat(times)}x${close.repeat(times)}`;

describe('what people write', () => {
  const chapter = `## Heading\n\nA *paragraph* with \`code\`, a [link](https://a.example) and $x^2$.\n\n- one\n- two\n\n`;
  const table = `|a|b|\n|-|-|\n${'|1|2|\n'.repeat(200)}`;

  it.each([
    ['a long text', chapter.repeat(100)],
    ['a table', table],
    ['code', `\`\`\`python\n${'x = foo(1, "a")  # __c__\n\n'.repeat(200)}\`\`\``],
    ['a rule of stars', `${'*'.repeat(60)}\n\ntext`],
    ['a large picture', `![](data:image/png;base64,${'A'.repeat(900_000)})`]
  ])('is rendered as Markdown: %s', (_, text) => {
    expect(markdownExcess(text, OUTPUTS)).toBeNull();
  });

  it('is rendered as HTML: a table of numbers, and a large picture', () => {
    const row = `<tr>${'<td style="text-align: right">1.5</td>'.repeat(20)}</tr>`;
    expect(htmlExcess(`<table>${row.repeat(60)}</table>`, OUTPUTS)).toBeNull();
    expect(htmlExcess(`<img src="data:image/png;base64,${'A'.repeat(900_000)}">`, OUTPUTS)).toBeNull();
  });

  it('is rendered in a message', () => {
    expect(markdownExcess(chapter, MESSAGES)).toBeNull();
    expect(markdownExcess('lorem ipsum '.repeat(800), MESSAGES)).toBeNull();
  });
});

describe('a budget of Markdown', () => {
  it.each([
    ['length', 'a '.repeat(200_000), 'long'],
    ['quotes within each other', `${'>'.repeat(400)}a`, 'deep'],
    ['lists within each other', `${'- '.repeat(400)}a`, 'deep'],
    ['emphasis in one paragraph', '*a '.repeat(4_000), 'intricate'],
    ['emphasis in what is no picture', `data:a;base64,${'/_a'.repeat(4_000)}`, 'intricate'],
    ['emphasis in the type of what is no picture', `data:${'_a'.repeat(6_000)};base64,a`, 'intricate'],
    ['marks in one paragraph', '[a]('.repeat(10_000), 'intricate'],
    ['lines', '- a\n'.repeat(10_000), 'intricate']
  ])('is met by %s', (_, text, excess) => {
    expect(markdownExcess(text, OUTPUTS)).toBe(excess);
  });

  it('counts a mark by the length of its paragraph', () => {
    expect(markdownCost('*a '.repeat(2_000))).toBeGreaterThan(3.9 * markdownCost('*a '.repeat(1_000)));
    expect(markdownCost('*a\n\n'.repeat(2_000))).toBeLessThan(markdownCost('*a '.repeat(1_000)));
  });
});

describe('a budget of HTML', () => {
  it.each([
    ['length', 'a'.repeat(400_000), 'long'],
    ['tags', '<b>a</b> '.repeat(11_000), 'many'],
    ['what has to be escaped', '&'.repeat(60_000), 'many'],
    ['elements within each other', nested('<div>', '</div>', 200), 'deep']
  ])('is met by %s', (_, html, excess) => {
    expect(htmlExcess(html, OUTPUTS)).toBe(excess);
  });

  const table = (rows: string): HTMLTableElement => {
    const node = document.createElement('div');
    node.innerHTML = `<table>${rows}</table>`;
    return node.querySelector('table') as HTMLTableElement;
  };

  it.each([
    ['cells side by side', '<tr><td>a<td>b<tr><td>c', 4],
    ['none', '<caption>a', 0],
    ['cells over many columns', '<tr><td colspan="90">a<tr><td>b', 180],
    ['cells over more rows than there are', '<tr><td rowspan="900">a<tr><td>b', 4],
    ['cells that push others aside', '<tr><td rowspan="3">a<tr><td rowspan="2">b<tr><td>c', 9],
    ['cells down to the end', '<tr><td rowspan="0">a<tr><td>b<tr><td>c', 6],
    [
      'columns without cells',
      '<colgroup span="20"></colgroup><colgroup><col span="30"></colgroup><tr><td>a',
      51
    ],
    ['a table in a cell', '<tr><td><table><tr><td>a<td>b</table>', 1],
    [
      'numbers beyond those of browsers',
      '<tr><td colspan="999999">a<td colspan="x">b<td colspan="-3">c',
      1_002
    ],
    ['parts that end by themselves', '<thead><tr><td rowspan="9">a</thead><tbody><tr><td>b<tr><td>c', 3]
  ])('counts the places of a table: %s', (_, rows, places) => {
    expect(placesOf(table(rows))).toBe(places);
  });

  it('is met by tables that are large with few cells', () => {
    const rows = `<tr>${'<td colspan="1000" rowspan="65534">a'.repeat(20)}`.repeat(8);
    expect(htmlExcess(`<table>${rows}</table>`, OUTPUTS)).toBe('many');
    expect(htmlExcess(`<table>${'<col span="1000">'.repeat(30)}<tr><td>a</table>`, OUTPUTS)).toBe('many');
    expect(htmlExcess(`<table><tr><td colspan="90">a</table>`.repeat(30), MESSAGES)).toBe('many');
    expect(htmlExcess(`<table>${'<tr><td colspan="9">a<tr><td>b'.repeat(300)}</table>`, OUTPUTS)).toBeNull();
  });

  it('takes elements that close by themselves as siblings', () => {
    expect(htmlExcess(`<ul>${'<li>a'.repeat(500)}</ul>${'<p>a<br>'.repeat(500)}`, OUTPUTS)).toBeNull();
  });

  it('counts how many elements stand within each other', () => {
    const root = document.createElement('div');
    root.innerHTML = '<b><i>a</i></b><b>b</b>';
    expect(depthOf(root, 9)).toBe(2);
    expect(depthOf(root, 1)).toBe(2);
    expect(markupDepth('<b><i a="1">x</i><br/></b><b></b>')).toBe(2);
  });
});

describe('a budget of JSON', () => {
  const deep = (depth: number): unknown => (depth ? [deep(depth - 1)] : 1);

  it('is met by depth, number and length of values', () => {
    expect(jsonExcess({ a: [1, { b: null }], c: 'text' }, OUTPUTS)).toBeNull();
    expect(jsonExcess(deep(200), OUTPUTS)).toBe('deep');
    expect(
      jsonExcess(
        Array.from({ length: 30_000 }, () => 0),
        OUTPUTS
      )
    ).toBe('many');
    expect(jsonExcess({ a: 'x'.repeat(400_000) }, OUTPUTS)).toBe('long');
  });
});
