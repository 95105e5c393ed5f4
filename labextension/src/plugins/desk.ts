import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';

import { plainSides } from '../layout';
import { DOMAIN, PLUGIN } from '../tokens';

/** The desk is the launcher and what it opens: no side panels. */
export const deskPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:desk`,
  description: 'Arranges the page of interviewers with accounts.',
  autoStart: true,
  requires: [ILabShell, ITranslator],
  activate: (app: JupyterFrontEnd, shell: ILabShell, translator: ITranslator) => {
    document.title = translator.load(DOMAIN).__('Interviews');
    void app.restored.then(() => {
      plainSides(shell);
      shell.collapseLeft();
      shell.collapseRight();
    });
  }
};
