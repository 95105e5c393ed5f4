/**
 * How are outputs and Markdown shown where there is no JupyterLab around the player? By the same renderers, from the same
 * packages; but formulas by KaTeX, which is a tenth of MathJax.
 */
import type { IThemeManager } from '@jupyterlab/apputils';
import type { EditorLanguageRegistry } from '@jupyterlab/codemirror';
import { rendererFactory as json } from '@jupyterlab/json-extension';
import { createMarkdownParser } from '@jupyterlab/markedparser-extension';
import {
  MermaidManager,
  MermaidMarkdown,
  RenderedMermaid,
  rendererFactory as mermaid
} from '@jupyterlab/mermaid';
import {
  type IRenderMime,
  type IRenderMimeRegistry,
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { rendererFactory as vega } from '@jupyterlab/vega5-extension';

import type { SystemTheme } from './theme';

/**
 * The renderers; what they make of Markdown and HTML is cleaned by the registry's sanitizer.
 *
 * @param languages - for the colours of code in Markdown
 * @param theme - of charts and diagrams, what draws them is fetched; `null` where that cannot be: their text is shown
 */
export function rendermime(
  languages: EditorLanguageRegistry,
  theme: SystemTheme | null
): IRenderMimeRegistry {
  // It asks the theme manager for no more than ours has.
  const diagrams = theme && new MermaidManager({ themes: theme as unknown as IThemeManager });
  if (diagrams) {
    RenderedMermaid.manager = diagrams;
  }
  const registry = new RenderMimeRegistry({
    initialFactories: standardRendererFactories,
    markdownParser: createMarkdownParser(languages, {
      blocks: diagrams ? [new MermaidMarkdown({ mermaid: diagrams })] : []
    }),
    latexTypesetter: typesetter
  });
  registry.addFactory(json, RANKS.json);
  if (diagrams) {
    registry.addFactory(vega, RANKS.vega);
    registry.addFactory(mermaid, RANKS.mermaid);
  }
  return registry;
}

/** JupyterLab's own: an output that is a chart and a picture is shown as the chart. */
const RANKS = { json: 0, vega: 57, mermaid: 61 };

const ENVIRONMENTS = ['equation', 'align', 'alignat', 'gather', 'CD'];

const DELIMITERS = [
  { left: '$$', right: '$$', display: true },
  { left: '\\[', right: '\\]', display: true },
  ...ENVIRONMENTS.map(name => ({ left: `\\begin{${name}}`, right: `\\end{${name}}`, display: true })),
  { left: '\\(', right: '\\)', display: false },
  { left: '$', right: '$', display: false }
];

/** JupyterLab asks for it with every text; only one that may have a formula in it is worth the fetching. */
const typesetter: IRenderMime.ILatexTypesetter = {
  typeset: element => {
    if (/[$\\]/.test(element.textContent ?? '')) {
      void import('katex/contrib/auto-render').then(({ default: renderMath }) =>
        renderMath(element, { throwOnError: false, delimiters: DELIMITERS })
      );
    }
  }
};
