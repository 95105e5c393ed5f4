import { IConnectionLost, type JupyterFrontEndPlugin } from '@jupyterlab/application';

import { PLUGIN } from '../tokens';

/** JupyterLab would cover the page with a dialog when the network drops; our banner says so and lets people write on. */
export const connectionPlugin: JupyterFrontEndPlugin<IConnectionLost> = {
  id: `${PLUGIN}:connection-lost`,
  description: 'Leaves a lost connection to the banner.',
  autoStart: true,
  provides: IConnectionLost,
  activate: () => () => Promise.resolve()
};
