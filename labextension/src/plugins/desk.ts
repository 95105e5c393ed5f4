import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';

import { plainSides } from '../layout';
import { PLUGIN } from '../tokens';

/** The desk is the launcher and what it opens: no side panels. */
export const deskPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:desk`,
  description: 'Arranges the page of interviewers with accounts.',
  autoStart: true,
  requires: [ILabShell],
  activate: (app: JupyterFrontEnd, shell: ILabShell) => {
    void app.restored.then(() => {
      plainSides(shell);
      shell.collapseLeft();
      shell.collapseRight();
    });
  }
};
