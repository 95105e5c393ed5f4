/**
 * How do outputs, Markdown and messages with programs in them come to isolated frames? By renderers that take the place of
 * JupyterLab's own.
 */
import type { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { RenderedMarkdown } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';

import { OUTPUTS } from '../budgets/budgets';
import { pictureExcess } from '../budgets/pictures';

import type { IsolatedFrames } from './frames';
import type { Grammar, Kind } from './protocol';
import type { IsolatedView, Program } from './view';

const GRAMMARS: Readonly<Record<string, Grammar>> = {
  'application/vnd.vega.v5+json': 'vega',
  'application/vnd.vegalite.v3+json': 'vega-lite',
  'application/vnd.vegalite.v4+json': 'vega-lite',
  'application/vnd.vegalite.v5+json': 'vega-lite'
};

const DIAGRAM = 'text/vnd.mermaid';
const MARKDOWN = 'text/markdown';
const PICTURE = 'image/png';
const BASE64 = /^[A-Za-z0-9+/\s]+=*\s*$/;

/** A code block of Markdown that is a diagram. */
const BLOCK = 'pre > code.language-mermaid';

/** JupyterLab's own: an output that is a chart and a picture is shown as the chart. */
const RANKS = { chart: 57, diagram: 61, markdown: 60 };

/** Let a registry show programs in isolated frames, and nowhere else. */
export function addIsolated(registry: IRenderMimeRegistry, frames: IsolatedFrames): void {
  const factory = (kind: Kind, mimeTypes: string[]): IRenderMime.IRendererFactory => ({
    safe: true,
    mimeTypes,
    createRenderer: ({ mimeType }) => new RenderedProgram(frames, kind, mimeType)
  });
  registry.addFactory(factory('chart', Object.keys(GRAMMARS)), RANKS.chart);
  registry.addFactory(factory('diagram', [DIAGRAM]), RANKS.diagram);
  const Markdown = withDiagrams(RenderedMarkdown, frames);
  registry.addFactory(
    { safe: true, mimeTypes: [MARKDOWN], createRenderer: options => new Markdown(options) },
    RANKS.markdown
  );
}

/** An output that is a program. */
export class RenderedProgram extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly frames: IsolatedFrames,
    private readonly kind: Kind,
    private readonly mimeType: string
  ) {
    super();
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const program = this.programOf(model);
    // An output is rendered again with each change of its bundle.
    if (!this.view || this.text !== program.text) {
      this.text = program.text;
      this.view?.dispose();
      this.view = this.frames.show(program);
      this.node.replaceChildren(this.view.node);
    }
    return Promise.resolve();
  }

  override dispose(): void {
    this.view?.dispose();
    super.dispose();
  }

  private programOf({ data }: IRenderMime.IMimeModel): Program {
    const content = data[this.mimeType];
    const picture = data[PICTURE];
    return {
      kind: this.kind,
      grammar: GRAMMARS[this.mimeType],
      text: typeof content === 'string' ? content : JSON.stringify(content ?? null),
      ...(typeof picture === 'string' && isShown(picture) ? { picture } : {})
    };
  }

  private view: IsolatedView | null = null;
  private text = '';
}

/** Whether something is a picture, and within its budget. */
function isShown(picture: string): boolean {
  return BASE64.test(picture) && pictureExcess(`data:${PICTURE};base64,${picture}`, OUTPUTS) === null;
}

type MarkdownRenderer = new (options: IRenderMime.IRendererOptions) => RenderedMarkdown;

/** A renderer of Markdown that shows code blocks of Mermaid as diagrams. */
export function withDiagrams(Base: MarkdownRenderer, frames: IsolatedFrames): MarkdownRenderer {
  return class extends Base {
    override async render(model: IRenderMime.IMimeModel): Promise<void> {
      const views = new Set(this.views);
      await super.render(model);
      views.forEach(view => this.drop(view));
      if (!this.isDisposed) {
        this.node.querySelectorAll<HTMLElement>(BLOCK).forEach(block => {
          const view = frames.show({ kind: 'diagram', text: block.textContent ?? '' });
          this.views.add(view);
          block.parentElement?.replaceWith(view.node);
        });
      }
    }

    override dispose(): void {
      this.views.forEach(view => this.drop(view));
      super.dispose();
    }

    private drop(view: IsolatedView): void {
      this.views.delete(view);
      view.dispose();
    }

    private readonly views = new Set<IsolatedView>();
  };
}
