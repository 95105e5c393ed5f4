import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';

import type { RoomModel } from '../model';
import { DOMAIN, IRoomModel, PLUGIN, type Translations } from '../tokens';

/** The notebook's connection to the kernel (completion, inspection) follows the room's kernel. */
export const kernelPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:kernel`,
  description: 'Keeps the page connected to the kernel that the room has.',
  autoStart: true,
  requires: [IRoomModel, INotebookTracker, ITranslator],
  activate: (app: JupyterFrontEnd, room: RoomModel, notebooks: INotebookTracker, translator: ITranslator) => {
    const trans = translator.load(DOMAIN);
    const { sessions, kernels } = app.serviceManager;
    const connect = async (panel: NotebookPanel): Promise<void> => {
      const { sessionContext } = panel;
      await sessionContext.ready;
      const id = runningKernel(room);
      if (!id || sessionContext.isDisposed || sessionContext.session?.kernel?.id === id) {
        return;
      }
      if (sessionContext.session) {
        // The session stays and has another kernel now, for instance after a restart of the server.
        await sessions.refreshRunning();
      } else {
        await sessionContext.changeKernel({ id });
      }
    };
    // One after the other: two that both find no session would make two, and the second would end the first.
    const connecting = new WeakMap<NotebookPanel, Promise<void>>();
    const join = (panel: NotebookPanel): void => {
      const before = connecting.get(panel) ?? Promise.resolve();
      const next = before.then(() => connect(panel)).catch(() => undefined);
      connecting.set(panel, next);
    };
    let known: string | null = null;
    let dead = false;
    let restarted: string | null = null;
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
      restarted = tellRestart(room, restarted, trans);
      const id = runningKernel(room);
      if (id !== known) {
        known = id;
        notebooks.forEach(join);
      }
    };
    notebooks.widgetAdded.connect((_, panel) => join(panel));
    room.changed.connect(follow);
    follow();
  }
};

/** Tell of a restart that somebody else asked for after the one at `told`; returns the moment of the last one. */
function tellRestart(room: RoomModel, told: string | null, trans: Translations): string | null {
  if (!room.room) {
    return null;
  }
  const { at = '', by } = room.room.kernel?.restarted ?? {};
  if (told !== null && at > told && by && by.id !== room.you.id) {
    Notification.info(trans.__('%1 restarted the kernel: its variables are gone.', by.name), {
      autoClose: 8000
    });
  }
  return at;
}

/** Id of the room's kernel while it answers. */
function runningKernel(room: RoomModel): string | null {
  const kernel = room.channel.state.kind === 'open' ? room.room?.kernel : undefined;
  return kernel && (kernel.state === 'idle' || kernel.state === 'busy') ? kernel.id : null;
}
