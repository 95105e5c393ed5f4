import { OutputAreaModel, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import { type IRenderMime, MimeModel, RenderMimeRegistry } from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { BoundedRegistry, forMessages } from '../../budgets/registry';

const trans = nullTranslator.load('');
const echo: IRenderMime.IMarkdownParser = { render: source => Promise.resolve(source) };

async function render(
  type: string,
  data: unknown,
  registry = new BoundedRegistry({ trans, markdownParser: echo })
): Promise<HTMLElement> {
  const renderer = registry.createRenderer(type);
  await renderer.renderModel(new MimeModel({ trusted: true, data: { [type]: data as never } }));
  return renderer.node;
}

describe('trust', () => {
  const script = '<b onclick="x()">bold</b><script>x()</script>';

  it.each(['text/html', 'text/markdown'])('is given to no %s, whatever the model says', async type => {
    const node = await render(type, script);
    expect(node.querySelector('b')?.outerHTML).toBe('<b>bold</b>');
    expect(node.querySelector('script')).toBeNull();
    expect(node.classList).not.toContain('jp-mod-trusted');
  });

  it('is given to no type that needs it', () => {
    const registry = new BoundedRegistry({ trans });
    const bundle = { 'application/javascript': 'x()', 'text/plain': 'x' };
    expect(registry.preferredMimeType(bundle)).toBe('text/plain');
    expect(registry.preferredMimeType({ 'application/javascript': 'x()' })).toBeUndefined();
    const model = new OutputAreaModel({
      trusted: true,
      values: [{ output_type: 'display_data', metadata: {}, data: { 'text/html': script } }]
    });
    const area = new SimplifiedOutputArea({ model, rendermime: registry });
    Widget.attach(area, document.body);
    expect(area.node.querySelector('script')).toBeNull();
    area.dispose();
  });

  it('is not needed by a drawing, which is shown as a picture', async () => {
    const node = await render('image/svg+xml', '<svg><script>x()</script><path d="M0 0"/></svg>');
    expect(node.children).toHaveLength(1);
    expect(node.querySelector('img')?.src).toMatch(/^data:image\/svg\+xml,/);
  });
});

describe('what is left of HTML', () => {
  it('asks no server for anything', async () => {
    const own = 'data:image/png;base64,AA==';
    const node = await render(
      'text/html',
      `<img src="/logout"><img src="${own}"><img srcset="/x 1x"><audio src="/x"></audio><video poster="/x"></video>` +
        '<div style="color: red; background-image: url(/logout)">x</div><table background="/x"></table>'
    );
    expect(
      [...node.querySelectorAll('*')].flatMap(({ attributes }) => [...attributes].map(a => a.value))
    ).not.toContainEqual(expect.stringMatching(/^\/|logout|\/x/));
    expect(node.querySelectorAll('img')[1].src).toBe(own);
    expect(node.querySelector('div')?.style.color).toBe('red');
  });

  it('has no form, no field that can be filled in, and no name of the page', async () => {
    const node = await render(
      'text/html',
      '<form action="/login"><input type="password" name="p"><button formaction="/x">Log in</button></form><i id="main">x</i>'
    );
    expect(node.querySelector('form')).toBeNull();
    expect(node.querySelector('input')?.disabled).toBe(true);
    expect(node.querySelector('[action], [formaction], [id]')).toBeNull();
    expect(node.querySelector('[data-jupyter-id=main]')).not.toBeNull();
  });
});

describe('what is over its budget', () => {
  it.each([
    ['text/markdown', `${'>'.repeat(400)}a`, 'nested too deeply'],
    ['text/html', '<b>a</b>'.repeat(20_000), 'too many parts'],
    ['application/json', Array.from({ length: 30_000 }, () => 0), 'too many parts'],
    ['image/svg+xml', '<svg><foreignObject/></svg>', 'too intricate']
  ])('is shown as its source: %s', async (type, data, why) => {
    const registry = new BoundedRegistry({ trans, markdownParser: echo });
    registry.addFactory({
      safe: true,
      mimeTypes: ['application/json'],
      createRenderer: () => {
        throw new Error('not to be rendered');
      }
    });
    registry.addFactory({ ...plainFactory, mimeTypes: ['application/json'] });
    const node = await render(type, data, registry);
    expect(node.querySelector('.jp-Interview-sourceNote')?.textContent).toContain(why);
    const source = typeof data === 'string' ? data : JSON.stringify(data, undefined, 1);
    expect(node.querySelector('pre')?.textContent).toBe(source);
    expect(node.children).toHaveLength(1);
  });

  it('is shown as the text that lies in the notebook, with its digits', async () => {
    const registry = new BoundedRegistry({ trans });
    registry.addFactory({ ...plainFactory, mimeTypes: ['application/json'] });
    const text = `[${'9007199254740993,'.repeat(30_000)}NaN]`;
    const node = await render('application/json', { $json: text }, registry);
    expect(node.querySelector('pre')?.textContent?.slice(0, 34)).toBe('[9007199254740993,9007199254740993');
  });

  it('is known only after parsing: too deep, or too much for the parser', async () => {
    const parsers = [
      { render: () => Promise.resolve('<div>'.repeat(300)) },
      { render: () => Promise.reject(new RangeError('Maximum call stack size exceeded')) }
    ];
    for (const markdownParser of parsers) {
      const node = await render('text/markdown', 'a', new BoundedRegistry({ trans, markdownParser }));
      expect(node.textContent).toBe('Shown as text: it is nested too deeply to be rendered.a');
    }
  });

  it('gives way to what is rendered when it is so no more', async () => {
    const registry = new BoundedRegistry({ trans, markdownParser: echo });
    const renderer = registry.createRenderer('text/markdown');
    const show = (text: string): Promise<void> =>
      renderer.renderModel(new MimeModel({ data: { 'text/markdown': text } }));
    await show('fine');
    await show('*a '.repeat(5_000));
    expect(renderer.node.classList).toContain('jp-mod-interviewExcess');
    await show('fine again');
    expect(renderer.node.textContent).toBe('fine again');
    expect(renderer.node.classList).not.toContain('jp-mod-interviewExcess');
  });

  it('is less in a message', async () => {
    const registry = new BoundedRegistry({ trans, markdownParser: echo });
    const text = '*a '.repeat(500);
    expect((await render('text/markdown', text, registry)).textContent).not.toContain('Shown as text');
    const messages = forMessages(registry) as BoundedRegistry;
    expect((await render('text/markdown', text, messages)).textContent).toContain('Shown as text');
  });
});

describe('a value of JSON', () => {
  it('comes to its renderer as it was written', async () => {
    const seen: unknown[] = [];
    const registry = new BoundedRegistry({ trans });
    registry.addFactory({
      safe: true,
      mimeTypes: ['application/json', 'application/geo+json'],
      createRenderer: ({ mimeType }) =>
        Object.assign(new Widget(), {
          renderModel: (model: IRenderMime.IMimeModel) =>
            Promise.resolve(void seen.push(model.data[mimeType]))
        })
    });
    await render('application/json', { $json: '{"zeta":1,"alpha":NaN}' }, registry);
    await render('application/geo+json', { $json: '[1]' }, registry);
    await render('application/json', { recorded: 'earlier' }, registry);
    expect(seen).toEqual([{ zeta: 1, alpha: NaN }, [1], { recorded: 'earlier' }]);
    expect(Object.keys(seen[0] as object)).toEqual(['zeta', 'alpha']);
  });
});

const plainFactory: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: [],
  createRenderer: () => Object.assign(new Widget(), { renderModel: () => Promise.resolve() })
};

describe('a clone', () => {
  it('is bounded as well, knows the same types, and asks for no files', async () => {
    const registry = new BoundedRegistry({ trans });
    registry.addFactory({ ...plainFactory, mimeTypes: ['text/x'] }, 7);
    const resolver = new RenderMimeRegistry.UrlResolver({ path: '', contents: {} as never });
    const clone = registry.clone({ resolver });
    expect(clone).toBeInstanceOf(BoundedRegistry);
    expect(clone.resolver).toBeNull();
    expect(clone.getRank('text/x')).toBe(7);
    expect([...clone.mimeTypes].sort()).toEqual([...registry.mimeTypes].sort());
    const small = 'data:image/png;base64,AA==';
    const large = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"><foreignObject/></svg>';
    const attachments = {
      resolveUrl: (url: string) => Promise.resolve(url),
      getDownloadUrl: (path: string) => Promise.resolve(path === 'a' ? small : large)
    };
    const given = clone.clone({ resolver: attachments }).resolver;
    expect(await given?.getDownloadUrl('a')).toBe(small);
    expect(await given?.getDownloadUrl('b')).toBe('');
  });
});
