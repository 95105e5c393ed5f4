import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
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
      run: cells => api.run(cells),
      mayRun: () => room.permissions.run,
      refuse: reason => {
        const text = reason === null ? trans.__('Running code is switched off for you.') : messageOf(reason);
        Notification.error(text, { autoClose: 8000 });
      }
    });
  }
};
