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
  type IMessageContent,
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

import type { Person } from './api';
import { escapeMarkdown } from './format';
import type { Coming, RoomModel } from './model';
import type { Translations } from './tokens';

/** Sender of the lines that say who came and went. */
const SYSTEM = 'jupyter-interview';

declare module '@jupyter/chat' {
  interface IMessageMetadata {
    /** Not yet acknowledged by the server. */
    pending?: boolean;
  }
}

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
      this.unreadMessages = this.unreadMessages.filter(index => index < kept);
      this.messagesDeleted(kept, this.messages.length - kept);
    }
    if (kept < lines.length) {
      this.messagesInserted(kept, lines.slice(kept));
      const own = this.messages.flatMap((message, index) => (isSilent(message, this.room.you.id) ? [index] : []));
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

function toUser(person: Person): IUser {
  const initials = person.name
    .split(/\s+/)
    .map(part => Array.from(part)[0] ?? '')
    .join('')
    .slice(0, 2)
    .toUpperCase();
  return { username: person.id, name: person.name, display_name: person.name, initials };
}

/** Everything that the chat shows, oldest first; what is not yet acknowledged comes last. */
export function chatLines(room: RoomModel, trans: Translations): IMessageContent[] {
  const said = room.messages.map(message => ({
    type: 'msg',
    id: `message-${message.seq}`,
    body: message.content,
    time: Date.parse(message.ts) / 1000,
    sender: toUser(message.sender)
  }));
  const came = room.comings.map(coming => ({
    type: 'msg',
    id: `${coming.kind}-${coming.member.id}-${coming.ts}`,
    body: comingText(coming, trans),
    time: Date.parse(coming.ts) / 1000,
    sender: { username: SYSTEM, display_name: trans.__('Interview') }
  }));
  const pending = room.channel.pending.map(message => ({
    type: 'msg',
    id: `pending-${message.id}`,
    body: message.content,
    time: message.time / 1000,
    sender: toUser(room.you),
    metadata: { pending: true }
  }));
  return [...joinLines([...said, ...came].sort((a, b) => a.time - b.time)), ...pending];
}

/** Comings and goings without a message between them make one entry. */
function joinLines(lines: IMessageContent[]): IMessageContent[] {
  const joined: IMessageContent[] = [];
  for (const line of lines) {
    const before = joined[joined.length - 1] as IMessageContent | undefined;
    if (line.sender.username === SYSTEM && before?.sender.username === SYSTEM) {
      joined[joined.length - 1] = {
        ...before,
        id: `${before.id}+${line.id}`,
        body: `${before.body as string}  \n${line.body as string}`
      };
    } else {
      joined.push(line);
    }
  }
  return joined;
}

function comingText(coming: Coming, trans: Translations): string {
  const name = escapeMarkdown(coming.member.name);
  if (coming.kind === 'join') {
    return trans.__('%1 joined', name);
  }
  return coming.reason === 'removed' ? trans.__('%1 was removed', name) : trans.__('%1 left', name);
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
