import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';

import { Access } from '../access';
import { ApiError, InterviewApi } from '../api';
import { Channel, type Verdict } from '../channel';
import { RoomModel } from '../model';
import { currentMember, currentRoom, IRoomModel, PLUGIN } from '../tokens';

/** The room of this page, connected. */
export const roomModelPlugin: JupyterFrontEndPlugin<RoomModel> = {
  id: `${PLUGIN}:room-model`,
  description: 'Connects the page to the channel of its interview room.',
  autoStart: true,
  provides: IRoomModel,
  activate: (app: JupyterFrontEnd) => {
    const member = currentMember();
    if (!member) {
      throw new Error('The page does not say whose it is.');
    }
    const settings = app.serviceManager.serverSettings;
    const access = new Access(settings);
    const api = new InterviewApi(settings);
    const room = currentRoom();
    const channel = new Channel({
      url: URLExt.join(settings.wsUrl, 'api/channel'),
      room,
      check: () => verdict(api, room),
      connect: url => new settings.WebSocket(url)
    });
    const model = new RoomModel(channel, member);
    model.refused.connect((_, { message }) => void Notification.warning(message, { autoClose: 6000 }));
    channel.stateChanged.connect((_, state) => {
      if (state.kind === 'stopped' && state.reason !== 'ended') {
        access.end();
      }
    });
    channel.start();
    return model;
  }
};

/** Whether it is worth trying to connect again. */
async function verdict(api: InterviewApi, room: string): Promise<Verdict> {
  try {
    return (await api.room(room)).state === 'ended' ? 'ended' : 'retry';
  } catch (reason) {
    const status = reason instanceof ApiError ? reason.status : 0;
    return [401, 403, 404].includes(status) ? 'gone' : status === 410 ? 'ended' : 'retry';
  }
}
