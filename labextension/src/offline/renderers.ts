/**
 * How are outputs and Markdown shown where there is no JupyterLab around the player?
 */
import {
  type IMarkdownParser,
  type IRenderMime,
  type IRenderMimeRegistry,
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import renderMath from 'katex/contrib/auto-render';
import { Marked } from 'marked';

/** The renderers; what they make of Markdown and HTML is cleaned by the registry's sanitizer. */
export function rendermime(): IRenderMimeRegistry {
  return new RenderMimeRegistry({
    initialFactories: standardRendererFactories,
    markdownParser,
    latexTypesetter: typesetter
  });
}

const markdownParser: IMarkdownParser = {
  render: async source => marked.parse(source)
};

const marked = new Marked({ gfm: true });

const typesetter: IRenderMime.ILatexTypesetter = {
  typeset: element =>
    renderMath(element, {
      throwOnError: false,
      delimiters: [
        { left: '$$', right: '$$', display: true },
        { left: '\\[', right: '\\]', display: true },
        { left: '\\(', right: '\\)', display: false },
        { left: '$', right: '$', display: false }
      ]
    })
};
