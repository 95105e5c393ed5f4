import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';

import { namedEditor } from '../editornames';
import { DOMAIN, PLUGIN } from '../tokens';

/** What JupyterLab does not tell a screen reader. */
export const accessiblePlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:accessible`,
  description: 'Names the editors, and numbers the cells for screen readers.',
  autoStart: true,
  requires: [INotebookTracker, IEditorExtensionRegistry, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    extensions: IEditorExtensionRegistry,
    translator: ITranslator
  ) => {
    extensions.addExtension(namedEditor(translator.load(DOMAIN)));
    notebooks.widgetAdded.connect((_, panel) => void panel.context.ready.then(() => numberCells(panel)));
  }
};

/** JupyterLab calls its notebook a feed: what is in a feed are articles. */
function numberCells({ content }: NotebookPanel): void {
  const number = (): void =>
    content.widgets.forEach(({ node }, index) => {
      node.setAttribute('role', 'article');
      node.setAttribute('aria-posinset', String(index + 1));
      node.setAttribute('aria-setsize', String(content.widgets.length));
    });
  number();
  // The notebook makes its cells in the same signal, of which there may be many at once: after them.
  let pending = 0;
  content.model?.cells.changed.connect(() => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(number);
  });
}
