import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, type NotebookPanel, type StaticNotebook } from '@jupyterlab/notebook';

import type { Permissions } from '../api';
import type { RoomModel } from '../model';
import { RoomNotebook } from '../notebook';
import { IRoomModel, PLUGIN } from '../tokens';

/** Items of the notebook's toolbar that need a permission. */
const NEEDS: Record<string, 'edit' | 'run'> = {
  insert: 'edit',
  cut: 'edit',
  paste: 'edit',
  cellType: 'edit',
  run: 'run',
  interrupt: 'run',
  restart: 'run',
  'restart-and-run': 'run'
};

/** Items that mean nothing in a room: everything is saved at once, there is one kernel, and the bar shows its state. */
const NEEDLESS = ['save', 'kernelName', 'executionProgress'];

/** The page follows what this member may do, in both directions, at once. */
export const permissionsPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:permissions`,
  description: 'Makes the notebook of a room read-only or writable as the interviewers say.',
  autoStart: true,
  requires: [IRoomModel, INotebookTracker],
  activate: (_app: JupyterFrontEnd, room: RoomModel, notebooks: INotebookTracker) => {
    const apply = (): void => {
      const { permissions } = room;
      document.body.dataset.interviewEdit = String(permissions.edit);
      document.body.dataset.interviewRun = String(permissions.run);
      notebooks.forEach(panel => enforce(panel, permissions));
    };
    notebooks.widgetAdded.connect((_, panel) => {
      void panel.context.ready.then(apply);
      void panel.revealed.then(apply);
    });
    room.changed.connect(apply);
    apply();
  }
};

function enforce(panel: NotebookPanel, permissions: Permissions): void {
  const { model } = panel.context;
  const readOnly = !permissions.edit;
  if (model.sharedModel instanceof RoomNotebook) {
    model.sharedModel.readOnly = readOnly;
  }
  if (model.readOnly !== readOnly) {
    model.readOnly = readOnly;
  }
  const config = panel.content.editorConfig;
  if (config.code.readOnly !== readOnly) {
    panel.content.editorConfig = withReadOnly(config, readOnly);
  }
  for (const item of panel.toolbar.children()) {
    const name = item.node.dataset.jpItemName ?? '';
    item.setHidden(item.isHidden || NEEDLESS.includes(name));
    const need = NEEDS[name];
    if (need) {
      item.node.inert = !permissions[need];
    }
  }
}

function withReadOnly(config: StaticNotebook.IEditorConfig, readOnly: boolean): StaticNotebook.IEditorConfig {
  return {
    code: { ...config.code, readOnly },
    markdown: { ...config.markdown, readOnly },
    raw: { ...config.raw, readOnly }
  };
}
