import { RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';

import { BoundedRegistry, forMessages } from '../budgets/registry';
import { isolated, linesBody, linesFactory, linesOf } from '../plainlines';

import { trans } from './fixtures';

const MARKUP = [
  '$\\text{Ivan was removed}\\kern9em$',
  '\\(x\\)',
  '$$x$$',
  'https://a.example/x',
  'www.a.example',
  '[a](https://a.example)',
  '**x** `y` ~~z~~',
  '<b onclick="x()">bold</b>&lt;',
  '# x',
  '\u001b[31mred'
];

async function rendered(lines: string[], registry: RenderMimeRegistry): Promise<HTMLElement> {
  registry.addFactory(linesFactory);
  const body = linesBody(lines);
  const type = registry.preferredMimeType(body.data, 'ensure');
  const renderer = registry.createRenderer(type ?? '');
  await renderer.renderModel(registry.createModel(body));
  return renderer.node;
}

describe.each([
  ['ours', () => forMessages(new BoundedRegistry({ trans })) as RenderMimeRegistry],
  ["JupyterLab's", () => new RenderMimeRegistry({ initialFactories: standardRendererFactories })]
])('a line in the registry that is %s', (_, makeRegistry) => {
  it.each(MARKUP)('shows %p as it stands', async name => {
    const node = await rendered([`${isolated(name)} joined`, 'x'], makeRegistry());
    const [line, other] = node.querySelectorAll('p');
    expect([...line.children].map(child => [child.tagName, child.innerHTML])).toEqual([
      ['BDI', new Option(name).innerHTML]
    ]);
    expect(line.textContent).toBe(`${name} joined`);
    expect(other.textContent).toBe('x');
    expect(node.querySelectorAll('p')).toHaveLength(2);
  });
});

describe('a name in a line', () => {
  it('ends neither the line nor its own direction', () => {
    expect(isolated('a\nb\u2069c')).toBe('\u2068a b c\u2069');
    expect(linesOf(linesBody([isolated('a\n\nb'), 'c']))).toHaveLength(2);
  });

  it('is of no other body', () => {
    expect(linesOf('a\nb')).toEqual(['a', 'b']);
    expect(linesOf({ data: {} })).toEqual([]);
  });
});
