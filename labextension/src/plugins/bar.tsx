import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import React from 'react';

import { InterviewApi } from '../api';
import type { Attention } from '../attention';
import { CopyLink, copyText, localHint } from '../components/CopyLink';
import { HeaderRow } from '../components/header';
import { Invite } from '../components/Invite';
import { openModal } from '../components/modal';
import { RoomBar } from '../components/RoomBar';
import type { RoomModel } from '../model';
import {
  CommandIDs,
  currentRoom,
  DOMAIN,
  IAttention,
  IRoomModel,
  isLocal,
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
  requires: [IRoomModel, IAttention, ILabShell, ITranslator],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: RoomModel,
    attention: Attention,
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
        attention={attention}
        trans={trans}
        onCopy={run(CommandIDs.copyLink)}
        onInvite={() => invite(api, room, trans)}
        onEnd={run(CommandIDs.end)}
        onObserve={async observe =>
          model.updateMember(
            await api.changeMember(room, model.you.id, { permissions: { edit: !observe, run: !observe } })
          )
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
        const copied = trans.__('Link copied: %1', link);
        if (isLocal(link)) {
          Notification.warning(`${copied} ${localHint(trans)}`, { autoClose: 8000 });
        } else {
          Notification.success(copied, { autoClose: 3000 });
        }
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

/** Make invitations, and take them back. */
function invite(api: InterviewApi, room: string, trans: Translations): Promise<void> {
  const list = (): ReturnType<typeof api.invitations> => api.invitations(room);
  return openModal(trans.__('Invite somebody'), close => (
    <Invite
      list={list}
      make={wanted => api.invite(room, wanted)}
      revoke={id => api.revokeInvitation(room, id)}
      link={shareLink}
      trans={trans}
      onClose={close}
    />
  ));
}

function LinkBox(props: { link: string; trans: Translations; onClose: () => void }): React.ReactElement {
  const { link, trans, onClose } = props;
  return (
    <div className="jp-Interview-made">
      <CopyLink link={link} label={trans.__('Link')} trans={trans} shared />
      <div className="jp-Interview-buttons">
        <button type="button" className="jp-mod-styled" onClick={onClose}>
          {trans.__('Close')}
        </button>
      </div>
    </div>
  );
}
