/**
 * Who decides what of a member's is rendered, and how? This registry, for outputs, Markdown and messages alike, in the
 * room, the replay and an exported file.
 *
 * Nothing is ever trusted, whatever a document, an output or a model says. What is over its budget is shown as its source.
 */
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import {
  type IRenderMime,
  type IRenderMimeRegistry,
  MimeModel,
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';

import { jsonText, jsonValue } from '../jsontext';
import { multiline } from '../replay/multiline';
import type { Translations } from '../tokens';

import { type Budgets, type Excess, MESSAGES, OUTPUTS, TooMuch } from './budgets';
import { Typesetter } from './formulas';
import { htmlExcess, jsonExcess, markdownExcess } from './measure';
import { drawingFactory } from './picture';
import { pictureExcess, svgExcess } from './pictures';
import { CleanSanitizer } from './sanitizer';
import { EXCESS_CLASS, SOURCE_CLASS, sourceNode } from './source';
import { still, stillAddress } from './still';
import { plainTags } from './tags';
import { RenderedTerminal } from './terminal';
import { countValues, Unfolding, UNFOLDED } from './unfolding';

/** Types that `RenderedTerminal` shows. */
const TEXTS = ['text/plain', 'application/vnd.jupyter.stdout', 'application/vnd.jupyter.stderr'];

const MARKDOWN = 'text/markdown';

/** Charts are drawn elsewhere, with budgets of their own. */
const CHART = /^application\/vnd\.vega/;

/** Units of Markdown or HTML that are rendered at once; of what is longer one at a time, and the page answers between. */
const SHORT = 4_000;

/** Units of text that take as long as the frame of a tree of JSON, and as one value of it that is unfolded. */
const TREE_UNITS = 500;
const VALUE_UNITS = 50;

/** Of this page. */
const unfolding = new Unfolding();

export interface BoundedOptions {
  markdownParser?: IRenderMime.IMarkdownParser | null;
  sanitizer?: IRenderMime.ISanitizer;
  trans: Translations;
}

export class BoundedRegistry extends RenderMimeRegistry {
  constructor(
    private readonly bounds: BoundedOptions,
    private readonly budgets: Budgets = OUTPUTS,
    resolver?: IRenderMime.IResolver
  ) {
    const { markdownParser, sanitizer, trans } = bounds;
    super({
      sanitizer: new CleanSanitizer(sanitizer, budgets),
      markdownParser: markdownParser ? boundedParser(markdownParser, budgets) : undefined,
      latexTypesetter: new Typesetter(budgets, trans),
      resolver: resolver && boundedResolver(resolver, budgets)
    });
    standardRendererFactories.forEach(factory => this.addFactory(factory));
    this.addFactory(drawingFactory);
    this.addFactory(
      {
        safe: true,
        mimeTypes: TEXTS,
        createRenderer: options => new RenderedTerminal(options, budgets, trans)
      },
      120
    );
  }

  /** Only what is safe without trust. */
  override preferredMimeType(bundle: ReadonlyPartialJSONObject): string | undefined {
    return super.preferredMimeType(bundle, 'ensure');
  }

  override createRenderer(mimeType: string): IRenderMime.IRenderer {
    const renderer = super.createRenderer(mimeType);
    // A renderer of any package: it is bounded from the outside.
    const render = renderer.renderModel.bind(renderer);
    renderer.node.classList.add('jp-Interview-bounded');
    renderer.renderModel = model => this.renderBounded(renderer, mimeType, model, render);
    return renderer;
  }

  /** With another resolver: that of a cell's attachments. Files, which a notebook's resolver asks for, there are none. */
  override clone(options: IRenderMimeRegistry.ICloneOptions = {}): RenderMimeRegistry {
    const { resolver } = options;
    const ofFiles = resolver instanceof RenderMimeRegistry.UrlResolver;
    return this.within(this.budgets, ofFiles ? undefined : (resolver ?? undefined));
  }

  /** The same renderers with other budgets. */
  within(budgets: Budgets, resolver?: IRenderMime.IResolver): BoundedRegistry {
    const other = new BoundedRegistry(this.bounds, budgets, resolver ?? this.resolver ?? undefined);
    for (const mimeType of this.mimeTypes) {
      const factory = this.getFactory(mimeType);
      const rank = this.getRank(mimeType);
      // The terminal's are of the other's budgets; what a page added or replaced is the same everywhere.
      if (factory && factory !== other.getFactory(mimeType) && !TEXTS.includes(mimeType)) {
        other.removeMimeType(mimeType);
        other.addFactory({ ...factory, mimeTypes: [mimeType] }, rank);
      }
    }
    return other;
  }

  private async renderBounded(
    renderer: IRenderMime.IRenderer,
    mimeType: string,
    model: IRenderMime.IMimeModel,
    render: IRenderMime.IRenderer['renderModel']
  ): Promise<void> {
    const written = jsonText(model.data[mimeType]);
    const untrusted = withValue(mimeType, distrust(model));
    const data = untrusted.data[mimeType];
    const source = (): string => written ?? textOf(data);
    unfolding.forget(renderer);
    if (written !== null && !data) {
      // JupyterLab would show an empty object.
      showSource(renderer, plainNode(written));
      return;
    }
    const excess = excessOf(mimeType, data, this.budgets);
    if (excess === null) {
      try {
        const asks = asksToUnfold(mimeType, untrusted);
        const values = asks ? countValues(data, UNFOLDED) : 0;
        const unfolded = unfolding.takes(renderer, values) ? values : 0;
        const isTree = typeof data === 'object' && !CHART.test(mimeType);
        const units = isTree ? TREE_UNITS + VALUE_UNITS * unfolded : unitsOf(mimeType, data);
        if (units > SHORT || ((isTree || this.budgets.whenSeen) && isCrowded(units))) {
          await turn();
        }
        showSource(renderer, null);
        await render(asks && !unfolded ? folded(mimeType, untrusted) : untrusted);
        return;
      } catch (reason) {
        const told = reason instanceof TooMuch ? reason.excess : reason instanceof RangeError ? 'deep' : null;
        if (told === null) {
          throw reason;
        }
        showSource(renderer, sourceNode(source(), told, this.bounds.trans, this.budgets));
      }
    } else {
      showSource(renderer, sourceNode(source(), excess, this.bounds.trans, this.budgets));
    }
  }
}

/** The registry for chat messages, of which a page shows hundreds. */
export function forMessages(rendermime: IRenderMimeRegistry): IRenderMimeRegistry {
  return rendermime instanceof BoundedRegistry ? rendermime.within(MESSAGES) : rendermime;
}

/** The model, of which nothing is trusted. */
function distrust(model: IRenderMime.IMimeModel): IRenderMime.IMimeModel {
  if (!model.trusted) {
    return model;
  }
  return new MimeModel({
    trusted: false,
    data: model.data,
    metadata: model.metadata,
    callback: options => model.setData(options)
  });
}

/** The model, with the value of what lies in the notebook as a text of JSON. */
function withValue(mimeType: string, model: IRenderMime.IMimeModel): IRenderMime.IMimeModel {
  const found = model.data[mimeType];
  if (jsonText(found) === null) {
    return model;
  }
  let value = found;
  try {
    value = jsonValue(found) as ReadonlyPartialJSONObject;
  } catch (reason) {
    if (!(reason instanceof RangeError)) {
      throw reason;
    }
  }
  return new MimeModel({
    data: { ...model.data, [mimeType]: value },
    metadata: model.metadata,
    callback: options => model.setData(options)
  });
}

/** Whether an output asks for its tree to be unfolded. */
function asksToUnfold(mimeType: string, { metadata }: IRenderMime.IMimeModel): boolean {
  const about = metadata[mimeType];
  return typeof about === 'object' && about !== null && 'expanded' in about && !!about.expanded;
}

/** The model of one that asks, which unfolds nothing. */
function folded(mimeType: string, { data, metadata }: IRenderMime.IMimeModel): IRenderMime.IMimeModel {
  const about = metadata[mimeType] as ReadonlyPartialJSONObject;
  return new MimeModel({ data, metadata: { ...metadata, [mimeType]: { ...about, expanded: false } } });
}

/** Units of a text that is parsed before it is shown. */
function unitsOf(mimeType: string, data: unknown): number {
  return typeof data === 'string' && !TEXTS.includes(mimeType) ? data.length : 0;
}

/** A short text as it is. */
function plainNode(text: string): HTMLElement {
  const node = document.createElement('div');
  node.className = SOURCE_CLASS;
  node.appendChild(document.createElement('pre')).textContent = text;
  return node;
}

function excessOf(mimeType: string, data: unknown, budgets: Budgets): Excess | null {
  try {
    if (mimeType === MARKDOWN) {
      return markdownExcess(String(data), budgets);
    }
    if (mimeType === 'text/html') {
      return htmlExcess(String(data), budgets);
    }
    if (mimeType === 'text/latex') {
      return String(data).length > budgets.markupChars ? 'long' : null;
    }
    if (mimeType === 'image/svg+xml') {
      return svgExcess(still(multiline(data)), budgets);
    }
    if (mimeType.startsWith('image/')) {
      return pictureExcess(`data:${mimeType};base64,${String(data)}`, budgets);
    }
    return typeof data === 'object' && !CHART.test(mimeType) ? jsonExcess(data, budgets) : null;
  } catch (reason) {
    if (reason instanceof RangeError) {
      return 'deep';
    }
    throw reason;
  }
}

/** A resolver that gives no picture over its budget: that of a cell's attachments has them beside the text. */
function boundedResolver(resolver: IRenderMime.IResolver, budgets: Budgets): IRenderMime.IResolver {
  return {
    resolveUrl: (url, context) => resolver.resolveUrl(url, context),
    ...(resolver.isLocal && { isLocal: url => resolver.isLocal?.(url) ?? true }),
    getDownloadUrl: async path => {
      const url = stillAddress(await resolver.getDownloadUrl(path));
      return pictureExcess(url, budgets) === null ? url : '';
    }
  };
}

type Parser = IRenderMime.IMarkdownParser & { getHeadingTokens?(source: string): Promise<unknown[]> };

/** A parser that looks at what it made before anybody shows it. */
function boundedParser(parser: Parser, budgets: Budgets): Parser {
  return {
    // JupyterLab asks for the headings of each cell as well, which takes as long as rendering it.
    getHeadingTokens: async source =>
      markdownExcess(source, budgets) === null ? ((await parser.getHeadingTokens?.(source)) ?? []) : [],
    render: async source => {
      const html = await parser.render(budgets.plainTags ? plainTags(source) : source);
      // The renderers of code and diagrams in it mark each word.
      const excess = htmlExcess(html, { ...budgets, markupChars: 10 * budgets.markupChars });
      if (excess !== null) {
        throw new TooMuch(excess);
      }
      return html;
    }
  };
}

/** Show a source instead of what the renderer has in its element, which stays the renderer's; or that again. */
function showSource({ node }: IRenderMime.IRenderer, source: HTMLElement | null): void {
  node.querySelector(`:scope > .${SOURCE_CLASS}`)?.remove();
  node.classList.toggle(EXCESS_CLASS, source !== null);
  if (source) {
    node.append(source);
  }
}

function textOf(data: unknown): string {
  if (typeof data === 'string') {
    return data;
  }
  try {
    return JSON.stringify(data, undefined, 1);
  } catch {
    return '…';
  }
}

let crowd = 0;

/** Whether many short texts, together with this one, come at once. */
function isCrowded(units: number): boolean {
  if (crowd === 0) {
    setTimeout(() => (crowd = 0));
  }
  crowd += units;
  return crowd > SHORT;
}

let last = Promise.resolve();

/** Wait for all before, and until the page has had time to answer. */
function turn(): Promise<void> {
  last = last.then(() => new Promise(resolve => setTimeout(resolve)));
  return last;
}
