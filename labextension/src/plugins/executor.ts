import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookCellExecutor } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';

import { InterviewApi, messageOf } from '../api';
import { RoomExecutor } from '../executor';
import type { RoomModel } from '../model';
import { DOMAIN, IRoomModel, PLUGIN } from '../tokens';

/** Cells of a room are run by the server. */
export const executorPlugin: JupyterFrontEndPlugin<INotebookCellExecutor> = {
  id: `${PLUGIN}:executor`,
  description: 'Runs the cells of a room on the server.',
  autoStart: true,
  requires: [IRoomModel, ITranslator],
  provides: INotebookCellExecutor,
  activate: (app: JupyterFrontEnd, room: RoomModel, translator: ITranslator) => {
    const trans = translator.load(DOMAIN);
    const api = new InterviewApi(app.serviceManager.serverSettings);
    return new RoomExecutor({
      run: async cells => {
        const runs = await api.run(cells);
        room.complain(null);
        return runs;
      },
      mayRun: () => room.permissions.run,
      refuse: reason => {
        // Not as one of JupyterLab's notes: their code comes from the server, which may be what is out of reach.
        room.complain(
          reason === null
            ? trans.__('Running code is switched off for you.')
            : trans.__('The cell was not run. %1', messageOf(reason))
        );
      }
    });
  }
};
