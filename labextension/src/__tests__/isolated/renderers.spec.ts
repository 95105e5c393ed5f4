import { type IRenderMime, RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { IsolatedFrames } from '../../isolated/frames';
import { addIsolated } from '../../isolated/renderers';
import { servedFrames } from '../../isolated/source';
import type { Program } from '../../isolated/view';

const frames = new IsolatedFrames({
  source: servedFrames(new URL('http://localhost/static/isolated/')),
  theme: null,
  trans: nullTranslator.load('x')
});
const markdownParser: IRenderMime.IMarkdownParser = { render: text => Promise.resolve(text) };
const registry = new RenderMimeRegistry({ initialFactories: standardRendererFactories, markdownParser });
addIsolated(registry, frames);

const rendered = async (data: Record<string, string | object>): Promise<Widget> => {
  const [mimeType] = Object.keys(data);
  const widget = registry.createRenderer(mimeType);
  Widget.attach(widget, document.body);
  await widget.renderModel(registry.createModel({ data: data as never, trusted: false }));
  return widget;
};

let asked: jest.SpyInstance<unknown, [Program]>;

beforeEach(() => {
  asked = jest.spyOn(frames, 'show');
});

describe('programs of members', () => {
  it.each([
    ['application/vnd.vega.v5+json', 'vega'],
    ['application/vnd.vegalite.v3+json', 'vega-lite'],
    ['application/vnd.vegalite.v4+json', 'vega-lite'],
    ['application/vnd.vegalite.v5+json', 'vega-lite']
  ])('are drawn in a frame, untrusted as they are: %s', async (mimeType, grammar) => {
    expect(
      registry.preferredMimeType({ [mimeType]: {}, 'image/png': 'x', 'text/plain': 'x' }, 'ensure')
    ).toBe(mimeType);
    const widget = await rendered({ [mimeType]: { mark: 'bar' }, 'image/png': 'AAAA\n', 'text/plain': 'x' });
    expect(asked.mock.lastCall).toEqual([
      { kind: 'chart', grammar, text: '{"mark":"bar"}', picture: 'AAAA\n' }
    ]);
    widget.dispose();
    expect(document.querySelector('.jp-Interview-isolated')).toBeNull();
  });

  it('are drawn once as long as they stay the same, and a picture that is none is left out', async () => {
    const widget = registry.createRenderer('text/vnd.mermaid');
    const model = registry.createModel({ data: { 'text/vnd.mermaid': 'graph', 'image/png': '" onload="x' } });
    await widget.renderModel(model);
    await widget.renderModel(model);
    expect(asked.mock.calls).toEqual([[{ kind: 'diagram', grammar: undefined, text: 'graph' }]]);
    await widget.renderModel(registry.createModel({ data: { 'text/vnd.mermaid': 'other' } }));
    expect(asked).toHaveBeenCalledTimes(2);
    expect(widget.node.querySelectorAll('.jp-Interview-isolated')).toHaveLength(1);
    widget.dispose();
  });

  it('stand in Markdown as diagrams, and go with it', async () => {
    const html =
      '<p>a</p><pre><code class="language-mermaid">graph &lt;b&gt;</code></pre><pre><code>b</code></pre>';
    const widget = await rendered({ 'text/markdown': html });
    expect(asked.mock.calls).toEqual([[{ kind: 'diagram', text: 'graph <b>' }]]);
    expect(widget.node.querySelectorAll('pre')).toHaveLength(1);
    const [[view]] = [asked.mock.results.map(result => result.value as { isDisposed: boolean })];
    await (widget as unknown as IRenderMime.IRenderer).renderModel(
      registry.createModel({ data: { 'text/markdown': '<p>b</p>' } })
    );
    expect(view.isDisposed).toBe(true);
    expect(widget.node.querySelector('.jp-Interview-isolated')).toBeNull();
    widget.dispose();
  });
});
