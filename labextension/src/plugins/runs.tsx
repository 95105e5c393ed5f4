import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { KernelAPI, type ServerConnection } from '@jupyterlab/services';
import { ITranslator } from '@jupyterlab/translation';
import React from 'react';

import { HeaderWidget } from '../components/header';
import { Runs } from '../components/Runs';
import type { RoomModel } from '../model';
import { DOMAIN, IRoomModel, PLUGIN, type Translations, WidgetIDs } from '../tokens';
import { showWaiting, strayRuns, waitingCells } from '../waiting';

/** What there is to say of runs beside what their cells say. */
export const runsPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:runs`,
  description:
    'Shows which cells wait for their turn, runs whose cell was removed, and why a run was refused.',
  autoStart: true,
  requires: [IRoomModel, INotebookTracker, ILabShell, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    room: RoomModel,
    notebooks: INotebookTracker,
    shell: ILabShell,
    translator: ITranslator
  ) => {
    const row = new RunsWidget(room, app.serviceManager.serverSettings, translator.load(DOMAIN));
    // The header shows its rows in the order in which they come: the bar first.
    void app.restored.then(() => shell.add(row, 'header'));
    notebooks.widgetAdded.connect((_, panel) => void panel.context.ready.then(() => row.follow(panel)));
  }
};

class RunsWidget extends HeaderWidget {
  constructor(
    private readonly room: RoomModel,
    private readonly settings: ServerConnection.ISettings,
    private readonly trans: Translations
  ) {
    super();
    this.id = WidgetIDs.runs;
    this.addClass('jp-Interview-runsWidget');
    room.changed.connect(this.onChange, this);
    this.onChange();
  }

  /** Show what waits in the cells of this notebook. */
  follow(panel: NotebookPanel): void {
    this.panel = panel;
    panel.content.model?.cells.changed.connect(this.onChange, this);
    this.onChange();
  }

  protected override render(): React.ReactElement {
    const { room } = this;
    return (
      <Runs
        complaint={room.complaint}
        strays={this.strays}
        mayStop={room.permissions.run}
        trans={this.trans}
        onDismiss={() => room.complain(null)}
        onStop={() => this.stop()}
      />
    );
  }

  private async stop(): Promise<void> {
    const kernel = this.room.room?.kernel?.id;
    if (kernel) {
      await KernelAPI.interruptKernel(kernel, this.settings);
    }
  }

  private onChange(): void {
    const { room, panel } = this;
    const runs = room.ended ? [] : [...room.runs.values()];
    if (panel && !panel.isDisposed) {
      const waiting = waitingCells(runs);
      panel.content.widgets.forEach(cell => showWaiting(cell, waiting.has(cell.model.id)));
      const cells = panel.content.model?.cells ?? [];
      this.strays = strayRuns(runs, new Set([...cells].map(({ id }) => id)));
    }
    this.setHidden(room.complaint === null && !this.strays.length);
    this.update();
  }

  private panel: NotebookPanel | null = null;
  private strays: ReturnType<typeof strayRuns> = [];
}
