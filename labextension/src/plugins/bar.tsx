import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import React from 'react';

import { InterviewApi, type Role } from '../api';
import { CopyLink, copyText } from '../components/CopyLink';
import { HeaderRow } from '../components/header';
import { openModal } from '../components/modal';
import { RoomBar } from '../components/RoomBar';
import { roleName } from '../format';
import type { RoomModel } from '../model';
import {
  CommandIDs,
  currentRoom,
  DOMAIN,
  IRoomModel,
  PLUGIN,
  shareLink,
  type Translations,
  WidgetIDs
} from '../tokens';

/** The bar above the notebook. */
export const barPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:bar`,
  description: 'Shows title, state, time and controls of the room.',
  autoStart: true,
  requires: [IRoomModel, ILabShell, ITranslator],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: RoomModel,
    shell: ILabShell,
    translator: ITranslator,
    palette: ICommandPalette | null
  ) => {
    const trans = translator.load(DOMAIN);
    const room = currentRoom();
    const api = new InterviewApi(app.serviceManager.serverSettings);
    addCommands(app, model, shell, api, trans);
    const run = (command: string) => async (): Promise<void> => {
      await app.commands.execute(command);
    };
    const bar = new HeaderRow(
      <RoomBar
        model={model}
        trans={trans}
        onCopy={run(CommandIDs.copyLink)}
        onInvite={role => invite(api, room, role, trans)}
        onEnd={run(CommandIDs.end)}
        onObserve={async observe =>
          model.updateMember(await api.changeMember(room, model.you.id, { permissions: { edit: !observe } }))
        }
        onRunAll={() => void app.commands.execute(CommandIDs.runAll)}
        onToggleSide={() => void app.commands.execute(CommandIDs.toggleSide)}
      />
    );
    bar.id = WidgetIDs.bar;
    bar.addClass('jp-Interview-barWidget');
    shell.add(bar, 'header', { rank: 1 });
    const category = trans.__('Interview');
    [CommandIDs.copyLink, CommandIDs.end, CommandIDs.runAll, CommandIDs.toggleSide].forEach(command =>
      palette?.addItem({ command, category })
    );
  }
};

function addCommands(
  app: JupyterFrontEnd,
  model: RoomModel,
  shell: ILabShell,
  api: InterviewApi,
  trans: Translations
): void {
  const { commands } = app;
  const changed = (): void => commands.notifyCommandChanged();
  model.changed.connect(changed);
  commands.addCommand(CommandIDs.copyLink, {
    label: trans.__('Copy the Link of the Interview'),
    execute: async () => {
      const link = shareLink();
      if (await copyText(link)) {
        Notification.success(trans.__('Link copied: %1', link), { autoClose: 3000 });
      } else {
        await openModal(trans.__('Link of the interview'), close => (
          <LinkBox link={link} trans={trans} onClose={close} />
        ));
      }
    }
  });
  commands.addCommand(CommandIDs.end, {
    label: trans.__('End the Interview…'),
    isVisible: () => model.permissions.manage,
    execute: async () => {
      const { button } = await showDialog({
        title: trans.__('End the interview?'),
        body: trans.__('The notebook is frozen and the kernel stops, for everybody. This cannot be undone.'),
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('End interview') })]
      });
      if (button.accept) {
        model.updateRoom(await api.endRoom(currentRoom()));
      }
    }
  });
  commands.addCommand(CommandIDs.runAll, {
    label: trans.__('Run All Cells'),
    isEnabled: () => model.permissions.run,
    execute: () => commands.execute('notebook:run-all-cells')
  });
  commands.addCommand(CommandIDs.toggleSide, {
    label: trans.__('Show or Hide People and Chat'),
    execute: () => {
      if (shell.rightCollapsed) {
        shell.expandRight();
        shell.activateById(WidgetIDs.side);
      } else {
        shell.collapseRight();
      }
    }
  });
}

/** Make an invitation and show its link, which cannot be shown again. */
async function invite(api: InterviewApi, room: string, role: Role, trans: Translations): Promise<void> {
  const { url } = await api.invite(room, role);
  await openModal(trans.__('Invitation: %1', roleName(role, trans)), close => (
    <LinkBox
      link={shareLink(url ?? '')}
      hint={trans.__('Copy this link now; it is not shown again.')}
      trans={trans}
      onClose={close}
    />
  ));
}

function LinkBox(props: {
  link: string;
  hint?: string;
  trans: Translations;
  onClose: () => void;
}): React.ReactElement {
  const { link, hint, trans, onClose } = props;
  return (
    <div className="jp-Interview-made">
      {hint && <p>{hint}</p>}
      <CopyLink link={link} label={trans.__('Link')} trans={trans} />
      <div className="jp-Interview-buttons">
        <button type="button" className="jp-mod-styled" onClick={onClose}>
          {trans.__('Close')}
        </button>
      </div>
    </div>
  );
}
