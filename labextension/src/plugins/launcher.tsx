import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, Notification } from '@jupyterlab/apputils';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator } from '@jupyterlab/translation';
import React from 'react';

import { Access } from '../access';
import { InterviewApi } from '../api';
import { copyText } from '../components/CopyLink';
import { openModal } from '../components/modal';
import { NewInterview } from '../components/NewInterview';
import { PastInterviews } from '../components/PastInterviews';
import { SeenWidget } from '../components/SeenWidget';
import { interviewIcon, pastIcon } from '../icons';
import {
  CommandIDs,
  currentPage,
  DOMAIN,
  entrance,
  PLUGIN,
  shareLink,
  type Translations,
  WidgetIDs
} from '../tokens';

/** New and past interviews, in the launcher and the command palette. */
export const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:launcher`,
  description: 'Adds the section "Interview" to the launcher.',
  autoStart: true,
  requires: [ITranslator],
  optional: [ILauncher, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator,
    launcher: ILauncher | null,
    palette: ICommandPalette | null
  ) => {
    const trans = translator.load(DOMAIN);
    const api = new InterviewApi(app.serviceManager.serverSettings);
    // JupyterLab's own page has its own ways: on ours nothing is asked any more once nobody is logged in.
    const access = currentPage() === 'desk' ? new Access(app.serviceManager.serverSettings).follow() : null;
    addCommands(app, api, access, trans);
    const category = trans.__('Interview');
    [CommandIDs.create, CommandIDs.past].forEach((command, rank) => {
      launcher?.add({ command, category, rank, categoryRank: 10 });
      palette?.addItem({ command, category });
    });
  }
};

/** Open a page in a window that cannot reach this one; `false` where the browser allows none. */
function openApart(address: string): boolean {
  const opened = window.open('', '_blank');
  if (opened) {
    opened.opener = null;
    opened.location.replace(address);
  }
  return opened !== null;
}

function addCommands(
  app: JupyterFrontEnd,
  api: InterviewApi,
  access: Access | null,
  trans: Translations
): void {
  const { commands, shell } = app;
  commands.addCommand(CommandIDs.create, {
    label: trans.__('New interview'),
    caption: trans.__('Open an interview room and get its link'),
    icon: interviewIcon,
    execute: () => {
      void openModal(trans.__('New interview'), close => (
        <NewInterview
          choices={() => api.choices()}
          create={(room, signal) => api.createRoom(room, signal)}
          open={room => openApart(entrance(room.url))}
          enter={room => entrance(room.url)}
          link={room => shareLink(room.url)}
          onClose={close}
          trans={trans}
        />
      ));
    }
  });
  commands.addCommand(CommandIDs.past, {
    label: trans.__('Past interviews'),
    caption: trans.__('List live and ended interviews'),
    icon: pastIcon,
    execute: () => {
      const open = [...shell.widgets('main')].find(widget => widget.id === WidgetIDs.past);
      if (!open) {
        const content = new PastWidget(api, access, trans);
        const widget = new MainAreaWidget({ content });
        widget.id = WidgetIDs.past;
        widget.title.label = trans.__('Past interviews');
        widget.title.icon = pastIcon;
        widget.title.closable = true;
        shell.add(widget, 'main');
      }
      shell.activateById(WidgetIDs.past);
    }
  });
}

class PastWidget extends SeenWidget {
  constructor(
    private readonly api: InterviewApi,
    private readonly access: Access | null,
    private readonly trans: Translations
  ) {
    super();
    this.addClass('jp-Interview-pastWidget');
  }

  protected override render(): React.ReactElement {
    const { api, access, trans } = this;
    return (
      <PastInterviews
        list={this.list}
        languages={this.languages}
        link={room => entrance(room.url)}
        replay={room => `${entrance(room.url)}/replay`}
        notebook={room => api.notebookUrl(room.id)}
        copy={room => void this.copy(shareLink(room.url))}
        login={URLExt.join(PageConfig.getBaseUrl(), 'login')}
        onAgain={() => access?.again()}
        visible={this.isVisible}
        trans={trans}
      />
    );
  }

  private readonly list: InterviewApi['rooms'] = query => this.api.rooms(query);

  private readonly languages = () => this.api.choices().then(choices => choices.languages);

  private async copy(link: string): Promise<void> {
    const text = (await copyText(link)) ? this.trans.__('Link copied: %1', link) : link;
    Notification.info(text, { autoClose: 4000 });
  }
}
