import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import React from 'react';

import { InterviewApi } from '../api';
import { Ended } from '../components/Ended';
import { HeaderRow } from '../components/header';
import type { RoomModel } from '../model';
import { currentRoom, DOMAIN, IRoomModel, PLUGIN, shareLink, WidgetIDs } from '../tokens';

/** What the page says once the interview is over. */
export const endedPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:ended`,
  description: 'Closes the room page when the interview ends.',
  autoStart: true,
  requires: [IRoomModel, ILabShell, ITranslator],
  activate: (app: JupyterFrontEnd, model: RoomModel, shell: ILabShell, translator: ITranslator) => {
    const api = new InterviewApi(app.serviceManager.serverSettings);
    const widget = new HeaderRow(
      <Ended
        model={model}
        replay={`${shareLink()}/replay`}
        notebook={api.notebookUrl(currentRoom())}
        ownPart={api.ownPartUrl}
        trans={translator.load(DOMAIN)}
      />
    );
    widget.id = WidgetIDs.ended;
    widget.addClass('jp-Interview-endedWidget');
    widget.hide();
    model.changed.connect(() => widget.setHidden(!model.ended));
    // The header shows its rows in the order in which they come: the bar first.
    void app.restored.then(() => shell.add(widget, 'header'));
  }
};
