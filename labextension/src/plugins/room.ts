import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';

import { plainSides } from '../layout';
import { PLUGIN, WidgetIDs } from '../tokens';

/** Below this width the page starts with the side panel closed, in CSS pixels. */
const NARROW = 700;

/** Opens the notebook and arranges the page. */
export const roomPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:room`,
  description: 'Opens the notebook of the room and arranges the page.',
  autoStart: true,
  requires: [ILabShell, IDocumentManager],
  activate: (app: JupyterFrontEnd, shell: ILabShell, documents: IDocumentManager) => {
    void app.restored.then(() => {
      const notebook = documents.openOrReveal(PageConfig.getOption('treePath'), 'Notebook');
      if (notebook) {
        // The server starts the kernel: the page takes the one that there is, and neither starts nor asks for one.
        const { sessionContext } = notebook.context;
        sessionContext.kernelPreference = { ...sessionContext.kernelPreference, shouldStart: false };
        void notebook.context.ready.then(() => shell.activateById(notebook.id));
      }
      plainSides(shell);
      shell.collapseLeft();
      if (window.innerWidth < NARROW) {
        shell.collapseRight();
      } else {
        shell.expandRight();
        shell.activateById(WidgetIDs.side);
      }
    });
  }
};
