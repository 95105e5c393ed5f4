/**
 * How does the room's chat appear in the chat components of `@jupyter/chat`?
 *
 * Loaded when the chat panel opens, because those components are large.
 */
import {
  AbstractChatContext,
  AbstractChatModel,
  ChatWidget,
  type IChatContext,
  type INewMessage,
  InputToolbarRegistry,
  type IUser,
  MessageFooterRegistry,
  type MessageFooterSectionProps,
  SendButton
} from '@jupyter/chat';
import type { IThemeManager } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import * as React from 'react';

import { chatLines, SYSTEM, toUser } from './chatlines';
import type { RoomModel } from './model';
import type { Translations } from './tokens';

class RoomChatContext extends AbstractChatContext {
  constructor(
    model: RoomChatModel,
    private readonly room: RoomModel
  ) {
    super({ model });
  }

  override get users(): IUser[] {
    return this.room.members.map(toUser);
  }
}

/** The chat model over a room: shows what the room has, and sends through its channel. */
export class RoomChatModel extends AbstractChatModel {
  constructor(
    private readonly room: RoomModel,
    private readonly trans: Translations
  ) {
    super({
      id: `${SYSTEM}:${room.you.id}`,
      config: { sendWithShiftEnter: false, stackMessages: true, unreadNotifications: false }
    });
    this.name = trans.__('Chat');
    room.chatChanged.connect(this.show, this);
    room.typingChanged.connect(this.showTyping, this);
    room.refused.connect((_, refusal) => {
      if (refusal.text !== null && this.input.value === '') {
        this.input.value = refusal.text;
      }
    });
    this.input.valueChanged.connect((_, text) => room.setTyping(text.trim() !== ''));
    this.show();
    this.setReady();
  }

  get user(): IUser {
    return toUser(this.room.you);
  }

  override sendMessage(message: INewMessage): boolean {
    if (!this.room.permissions.chat || !message.body.trim()) {
      return false;
    }
    this.input.value = '';
    this.room.channel.sendChat(message.body);
    return true;
  }

  override createChatContext(): IChatContext {
    return new RoomChatContext(this, this.room);
  }

  override dispose(): void {
    this.room.chatChanged.disconnect(this.show, this);
    this.room.typingChanged.disconnect(this.showTyping, this);
    super.dispose();
  }

  /** Bring the list up to date: whatever is new is appended, and only if something older changed all is redrawn. */
  private show(): void {
    const lines = chatLines(this.room, this.trans);
    const same = this.messages.findIndex((message, index) => message.id !== lines[index]?.id);
    const kept = same === -1 ? this.messages.length : same;
    if (kept < this.messages.length) {
      // Both are lists of positions, and the positions from here on mean other messages now.
      this.unreadMessages = this.unreadMessages.filter(index => index < kept);
      this.messagesInViewport = this.messagesInViewport.filter(index => index < kept);
      this.messagesDeleted(kept, this.messages.length - kept);
    }
    if (kept < lines.length) {
      this.messagesInserted(kept, lines.slice(kept));
      const own = this.messages.flatMap((message, index) =>
        isSilent(message, this.room.you.id) ? [index] : []
      );
      this.unreadMessages = this.unreadMessages.filter(index => !own.includes(index));
    }
  }

  private showTyping(): void {
    const writers = [...this.room.typing].flatMap(id => {
      const member = this.room.member(id);
      return member ? [{ user: toUser(member) }] : [];
    });
    this.updateWriters(writers);
  }
}

/** Our own lines, and those about comings and goings, are not news. */
function isSilent(message: { sender: IUser }, you: string): boolean {
  return message.sender.username === you || message.sender.username === SYSTEM;
}

/** The chat as a widget. */
export function createChat(options: {
  room: RoomModel;
  rendermime: IRenderMimeRegistry;
  themes: IThemeManager | null;
  trans: Translations;
}): ChatWidget {
  const { room, rendermime, themes, trans } = options;
  const toolbar = new InputToolbarRegistry();
  toolbar.addItem('send', { element: SendButton, position: 100 });
  const footers = new MessageFooterRegistry();
  const Pending = (props: MessageFooterSectionProps): React.ReactElement | null =>
    props.message.metadata?.pending
      ? React.createElement('small', { className: 'jp-Interview-pending' }, trans.__('Sending…'))
      : null;
  footers.addSection({ component: Pending, position: 'right' });
  return new ChatWidget({
    model: new RoomChatModel(room, trans),
    rmRegistry: rendermime,
    themeManager: themes,
    inputToolbarRegistry: toolbar,
    messageFooterRegistry: footers,
    area: 'sidebar'
  });
}
