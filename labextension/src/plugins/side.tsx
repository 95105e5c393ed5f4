import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, IThemeManager, Notification, ReactWidget, showDialog } from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import { type AccordionPanel, Panel, SplitPanel, Widget } from '@lumino/widgets';
import React from 'react';

import { InterviewApi, messageOf, type Recorded } from '../api';
import type { Attention } from '../attention';
import { PeoplePanel } from '../components/PeoplePanel';
import { RecordedPanel } from '../components/Recorded';
import { SeenWidget } from '../components/SeenWidget';
import { interviewIcon } from '../icons';
import { keepAtEnd } from '../layout';
import type { RoomModel } from '../model';
import { currentRoom, DOMAIN, IAttention, IRoomModel, PLUGIN, type Translations, WidgetIDs } from '../tokens';

/** Of the height, for a part that is opened for the first time. */
const SHARE = 0.4;

/** People and chat, to the right of the notebook. */
export const sidePlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:side`,
  description: 'Shows the people in the room and the chat.',
  autoStart: true,
  requires: [IRoomModel, IAttention, ILabShell, IRenderMimeRegistry, ITranslator],
  optional: [IThemeManager],
  activate: (
    app: JupyterFrontEnd,
    room: RoomModel,
    attention: Attention,
    shell: ILabShell,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator,
    themes: IThemeManager | null
  ) => {
    const trans = translator.load(DOMAIN);
    const api = new InterviewApi(app.serviceManager.serverSettings);
    const side = new SidePanel({ translator });
    side.id = WidgetIDs.side;
    side.addClass('jp-Interview-side');
    side.title.icon = interviewIcon;
    side.title.caption = trans.__('People and chat');
    const hide = hideMessage(room, api, trans);
    const parts = [people(room, api, trans), chat(room, attention, rendermime, themes, hide, trans)];
    parts.forEach((part, index) => {
      SplitPanel.setStretch(part, 1 + index);
      side.addWidget(part);
    });
    side.addWidget(new RecordedWidget(room, api, trans));
    // Whoever wants to know opens it: people and chat have the room until then.
    const content = side.content as AccordionPanel;
    content.collapse(parts.length);
    content.expansionToggled.connect(giveRoom);
    shell.add(side, 'right', { rank: 1 });
  }
};

/** A part that is opened for the first time has no size to come back to, and would open with none. */
function giveRoom(content: AccordionPanel, index: number): void {
  const sizes = content.relativeSizes();
  if (!content.widgets[index].isHidden && sizes[index] === 0) {
    content.setRelativeSizes(sizes.map((size, at) => (at === index ? SHARE : size * (1 - SHARE))));
  }
}

function people(room: RoomModel, api: InterviewApi, trans: Translations): Widget {
  const id = currentRoom();
  const widget = ReactWidget.create(
    <PeoplePanel
      model={room}
      trans={trans}
      onChange={async (member, change) => room.updateMember(await api.changeMember(id, member, change))}
      onRemove={async member => {
        const { button } = await showDialog({
          title: trans.__('Remove %1?', member.name),
          body: trans.__(
            '%1 is disconnected at once. Nobody can come by the link of this interview until you open it again, and the invitation by which %1 came ends.',
            member.name
          ),
          buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Remove') })]
        });
        if (button.accept) {
          await api.removeMember(id, member.id);
        }
      }}
      onOpenLink={async () => room.updateRoom(await api.openLink(id, room.room?.settings ?? {}))}
    />
  );
  widget.id = WidgetIDs.people;
  const name = (): void => {
    const here = room.members.filter(member => member.state === 'seated' && member.presence === 'present');
    widget.title.label = trans.__('People (%1)', here.length);
  };
  room.changed.connect(name);
  name();
  return widget;
}

/** What is recorded of the member whose page this is. */
class RecordedWidget extends SeenWidget {
  constructor(
    private readonly room: RoomModel,
    private readonly api: InterviewApi,
    private readonly trans: Translations
  ) {
    super();
    this.id = WidgetIDs.recorded;
    this.addClass('jp-Interview-recordedWidget');
    this.title.label = trans.__('What is recorded');
  }

  protected override render(): React.ReactElement {
    const { room, api, trans, counts, isVisible } = this;
    return (
      <RecordedPanel
        model={room}
        counts={counts}
        visible={isVisible}
        exportUrl={api.ownPartUrl}
        trans={trans}
      />
    );
  }

  private readonly counts = (): Promise<Recorded> => this.api.recorded();
}

/** Hides a message when the interviewer has confirmed it: it cannot be taken back. */
function hideMessage(
  room: RoomModel,
  api: InterviewApi,
  trans: Translations
): (message: { seq: number; sender: string }) => void {
  const hide = async (seq: number, sender: string): Promise<void> => {
    const { button } = await showDialog({
      title: trans.__('Hide this message of %1?', sender),
      body: trans.__('Nobody sees its text any more, and it cannot be shown again. The record keeps it.'),
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Hide') })]
    });
    if (button.accept) {
      room.updateMessage(await api.hideMessage(currentRoom(), seq));
    }
  };
  return ({ seq, sender }) => {
    hide(seq, sender).catch((reason: unknown) => void Notification.error(messageOf(reason)));
  };
}

/** The chat; its components are loaded after the panel is there. */
function chat(
  room: RoomModel,
  attention: Attention,
  rendermime: IRenderMimeRegistry,
  themes: IThemeManager | null,
  hide: (message: { seq: number; sender: string }) => void,
  trans: Translations
): Widget {
  const panel = new Panel();
  panel.id = WidgetIDs.chat;
  panel.addClass('jp-Interview-chat');
  panel.node.dataset.testid = 'interview-chat';
  panel.title.label = trans.__('Chat');
  const closed = new Widget({ node: document.createElement('p') });
  closed.addClass('jp-Interview-closed');
  closed.node.setAttribute('role', 'status');
  closed.node.dataset.testid = 'interview-chat-closed';
  void import('../chat').then(({ createChat }) => {
    const widget = createChat({ room, rendermime, themes, trans, hide });
    attention.changed.connect(() => {
      const { unread } = attention;
      panel.title.label = unread ? trans.__('Chat (%1 new)', unread) : trans.__('Chat');
    });
    panel.addWidget(widget);
    panel.addWidget(closed);
    followEnd(widget);
    const apply = (): void => {
      const open = room.permissions.chat;
      panel.toggleClass('jp-mod-closed', !open);
      closed.node.textContent = open ? '' : whyClosed(room, trans);
    };
    room.changed.connect(apply);
    apply();
  });
  return panel;
}

/** The list of messages is there after the first rendering, and is made anew when the model is ready. */
function followEnd(widget: Widget): void {
  let known: HTMLElement | null = null;
  let pending = 0;
  const look = (): void => {
    const area =
      widget.node.querySelector('.jp-chat-messages-container')?.parentElement?.parentElement ?? null;
    if (area !== null && area !== known) {
      known = area;
      keepAtEnd(area);
    }
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => nameButtons(widget.node));
  };
  const what = { childList: true, subtree: true, attributeFilter: ['title'] };
  new MutationObserver(look).observe(widget.node, what);
  look();
}

/** Buttons with a picture alone: their title is no name within the element that they are made of. */
function nameButtons(node: HTMLElement): void {
  node.querySelectorAll<HTMLElement>('jp-button[title]').forEach(button => {
    if (button.getAttribute('aria-label') !== button.title) {
      button.setAttribute('aria-label', button.title);
    }
  });
}

function whyClosed(room: RoomModel, trans: Translations): string {
  if (room.ended) {
    return trans.__('The interview has ended; nothing can be written any more.');
  }
  if (room.out) {
    return trans.__('You are no longer in this interview.');
  }
  return room.you.role === 'spectator'
    ? trans.__('Spectators read the chat. An interviewer can let you write.')
    : trans.__('An interviewer has switched off the chat for you.');
}
