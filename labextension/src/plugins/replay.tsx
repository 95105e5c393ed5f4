import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import React from 'react';

import { InterviewApi, messageOf } from '../api';
import { HeaderWidget } from '../components/header';
import { ReplayBar, ReplaySide } from '../components/Replay';
import { interviewIcon } from '../icons';
import { plainSides } from '../layout';
import { loadRecord, ReplayModel } from '../replay';
import type { ReplayNotebook } from '../replayview';
import { currentRoom, DOMAIN, PLUGIN, type Translations, WidgetIDs } from '../tokens';

/** Keys mean something else in here. */
const EDITABLE = 'input, select, textarea, button, .cm-editor';

/** The replay page. */
export const replayPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:replay`,
  description: 'Shows an interview as it stood at any moment.',
  autoStart: true,
  requires: [ILabShell, IRenderMimeRegistry, IEditorServices, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    shell: ILabShell,
    rendermime: IRenderMimeRegistry,
    services: IEditorServices,
    translator: ITranslator
  ) => {
    const trans = translator.load(DOMAIN);
    const api = new InterviewApi(app.serviceManager.serverSettings);
    const start = async (): Promise<void> => {
      const [{ ReplayNotebook }, record] = await Promise.all([
        import('../replayview'),
        loadRecord(api, currentRoom()),
        app.restored
      ]);
      const notebook = new ReplayNotebook({ rendermime, services });
      arrange(shell, new ReplayModel(api, record), notebook, trans);
    };
    start().catch((reason: unknown) => void app.restored.then(() => fail(shell, reason, trans)));
  }
};

function arrange(shell: ILabShell, model: ReplayModel, notebook: ReplayNotebook, trans: Translations): void {
  const main = new MainAreaWidget({ content: notebook });
  main.id = WidgetIDs.replay;
  main.title.label = trans.__('Notebook');
  main.title.closable = false;
  main.toolbar.hide();
  const bar = new BarWidget(model, notebook, trans);
  shell.add(bar, 'header', { rank: 1 });
  shell.add(main, 'main');
  const side = ReactWidget.create(<ReplaySide model={model} trans={trans} />);
  side.id = WidgetIDs.side;
  side.addClass('jp-Interview-side');
  side.title.icon = interviewIcon;
  side.title.caption = trans.__('People, runs and chat');
  shell.add(side, 'right', { rank: 1 });
  plainSides(shell);
  shell.collapseLeft();
  shell.expandRight();
  shell.activateById(side.id);
  document.addEventListener('keydown', event => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && !(event.target as Element).closest(EDITABLE)) {
      event.preventDefault();
      model.index += step;
    }
  });
  void model.show();
}

class BarWidget extends HeaderWidget {
  constructor(
    private readonly model: ReplayModel,
    notebook: ReplayNotebook,
    private readonly trans: Translations
  ) {
    super();
    this.id = WidgetIDs.bar;
    this.addClass('jp-Interview-barWidget');
    model.shown.connect((_, { seq, notebook: content }) => {
      notebook.showMoment(content);
      this.shown = seq;
      this.error = null;
      this.update();
    });
    model.failed.connect((_, reason) => {
      this.error = messageOf(reason);
      this.update();
    });
  }

  protected override render(): React.ReactElement {
    const { model, shown, error, trans } = this;
    return <ReplayBar model={model} shown={shown} error={error} trans={trans} />;
  }

  private shown: number | null = null;
  private error: string | null = null;
}

function fail(shell: ILabShell, reason: unknown, trans: Translations): void {
  const content = new Widget();
  content.addClass('jp-Interview-failure');
  content.node.setAttribute('role', 'alert');
  const text = messageOf(reason);
  content.node.textContent = trans.__('The replay could not be loaded: %1', text);
  const main = new MainAreaWidget({ content });
  main.id = WidgetIDs.replay;
  main.title.label = trans.__('Replay');
  shell.add(main, 'main');
}
