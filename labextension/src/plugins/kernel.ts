import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';

import type { RoomModel } from '../model';
import { DOMAIN, IRoomModel, PLUGIN } from '../tokens';

/** The notebook's connection to the kernel (completion, inspection) follows the room's kernel. */
export const kernelPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:kernel`,
  description: 'Keeps the page connected to the kernel that the room has.',
  autoStart: true,
  requires: [IRoomModel, ITranslator],
  activate: (app: JupyterFrontEnd, room: RoomModel, translator: ITranslator) => {
    const trans = translator.load(DOMAIN);
    const { sessions, kernels } = app.serviceManager;
    let known: string | null | undefined;
    let dead = false;
    const follow = (): void => {
      if (room.ended || room.out) {
        // Who keeps asking for a kernel now only gets refusals.
        sessions.dispose();
        kernels.dispose();
        room.changed.disconnect(follow);
        return;
      }
      const died = room.room?.kernel?.state === 'dead';
      if (died && !dead) {
        Notification.warning(trans.__('The kernel died. It is started again; its variables are lost.'), {
          autoClose: 8000
        });
      }
      dead = died;
      const kernel = room.room?.kernel?.id;
      if (room.channel.state.kind !== 'open' || kernel === known) {
        return;
      }
      if (known !== undefined) {
        // A restarted server gives the room another kernel; the stock polling would notice late.
        sessions.refreshRunning().catch(() => undefined);
      }
      known = kernel;
    };
    room.changed.connect(follow);
    follow();
  }
};
