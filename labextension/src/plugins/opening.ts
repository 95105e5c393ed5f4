import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { Opening } from '../replay/open';
import { ReplayServer } from '../replay/server';
import { currentRoom, IOpening, PLUGIN } from '../tokens';

/** The record that the replay page shows. It needs nothing of JupyterLab, so it is asked for before all else. */
export const openingPlugin: JupyterFrontEndPlugin<Opening> = {
  id: `${PLUGIN}:opening`,
  description: 'Asks for the record of the interview that is replayed.',
  autoStart: true,
  provides: IOpening,
  activate: (app: JupyterFrontEnd) => {
    // What shows it comes meanwhile; whoever needs it hears if it does not.
    import('../replay/page').catch(() => undefined);
    return new Opening(new ReplayServer(app.serviceManager.serverSettings, currentRoom()));
  }
};
