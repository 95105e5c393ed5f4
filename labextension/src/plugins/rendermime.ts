import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISanitizer } from '@jupyterlab/apputils';
import { IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { IMarkdownParser, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';

import { boundedLanguage } from '../budgets/editors';
import { BoundedRegistry } from '../budgets/registry';
import { DOMAIN, PLUGIN } from '../tokens';

/** Sources, as they stand in editors. */
export const editorsPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:editors`,
  description: 'Colours sources by their language as long as they are within a budget.',
  autoStart: true,
  requires: [IEditorExtensionRegistry],
  activate: (_app: JupyterFrontEnd, extensions: IEditorExtensionRegistry) =>
    extensions.addExtension(boundedLanguage)
};

/** Takes the place of rendermime-extension's and mathjax-extension's plugins. */
export const rendermimePlugin: JupyterFrontEndPlugin<IRenderMimeRegistry> = {
  id: `${PLUGIN}:rendermime`,
  description: 'Renders outputs, Markdown and messages: without trust, each within its budget.',
  autoStart: true,
  requires: [ITranslator],
  optional: [IMarkdownParser, ISanitizer],
  provides: IRenderMimeRegistry,
  activate: (
    _app: JupyterFrontEnd,
    translator: ITranslator,
    markdownParser: IMarkdownParser | null,
    sanitizer: ISanitizer | null
  ) =>
    new BoundedRegistry({
      markdownParser,
      sanitizer: sanitizer ?? undefined,
      trans: translator.load(DOMAIN)
    })
};
