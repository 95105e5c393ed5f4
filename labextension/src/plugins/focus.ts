import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';

import { PLUGIN } from '../tokens';

/** Whoever types in a cell that goes (somebody removes it, or the server takes it back) goes on in its neighbour. */
export const focusPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:focus`,
  description: 'Keeps the keyboard in the notebook when a cell goes.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, notebooks: INotebookTracker) => {
    notebooks.widgetAdded.connect((_, panel) => void panel.context.ready.then(() => keepFocus(panel)));
  }
};

function keepFocus({ content }: NotebookPanel): void {
  let inside = false;
  // A focus that is lost with its element tells nobody: what counts is where it was last.
  document.addEventListener(
    'focusin',
    ({ target }) => (inside = content.node.contains(target as Node)),
    true
  );
  content.model?.cells.changed.connect((_, { type }) => {
    if (type === 'remove' && inside) {
      requestAnimationFrame(() => {
        if (document.activeElement === null || document.activeElement === document.body) {
          content.activate();
        }
      });
    }
  });
}
