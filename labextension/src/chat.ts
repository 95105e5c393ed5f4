/**
 * How does the room's chat appear in the chat components of `@jupyter/chat`?
 *
 * Loaded when the chat panel opens, because those components are large.
 */
import {
  AbstractChatContext,
  AbstractChatModel,
  ChatCommandRegistry,
  ChatWidget,
  type IChatContext,
  type IInputToolbarRegistry,
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

import { forMessages } from './budgets/registry';
import { useSignals } from './components/hooks';
import { chatLines, SYSTEM, toUser } from './chatlines';
import { clearUnknownTimes } from './chattimes';
import { Mentions } from './mentions';
import type { RoomModel } from './model';
import { linesFactory } from './plainlines';
import type { Translations } from './tokens';

class RoomChatContext extends AbstractChatContext {
  constructor(
    model: RoomChatModel,
    private readonly room: RoomModel,
    private readonly trans: Translations
  ) {
    super({ model });
  }

  override get users(): IUser[] {
    return this.room.members.map(member => toUser(member, this.trans));
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
    room.refused.connect(this.takeBack, this);
    this.input.valueChanged.connect((_, text) => room.setTyping(text.trim() !== ''));
    this.show();
    this.takeBack();
    this.setReady();
  }

  get user(): IUser {
    return toUser(this.room.you, this.trans);
  }

  override sendMessage(message: INewMessage): boolean {
    if (!this.room.permissions.chat || !message.body.trim()) {
      return false;
    }
    const most = this.room.limits.chat_chars;
    if (Array.from(message.body).length > most) {
      const why = this.trans.__('A message can have at most %1 characters.', most.toLocaleString('en'));
      // Upstream empties the input behind this call.
      queueMicrotask(() => this.room.giveBack(message.body, why));
      return false;
    }
    this.input.value = '';
    this.room.channel.sendChat(message.body);
    return true;
  }

  override createChatContext(): IChatContext {
    return new RoomChatContext(this, this.room, this.trans);
  }

  override dispose(): void {
    this.room.chatChanged.disconnect(this.show, this);
    this.room.typingChanged.disconnect(this.showTyping, this);
    this.room.refused.disconnect(this.takeBack, this);
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

  /** What was refused stands in the input again, in front of what is being written there. */
  private takeBack(): void {
    const texts = this.room.takeReturned();
    if (texts.length) {
      this.input.value = [...texts, ...(this.input.value ? [this.input.value] : [])].join('\n\n');
    }
  }

  private showTyping(): void {
    const writers = [...this.room.typing].flatMap(id => {
      const member = this.room.member(id);
      return member ? [{ user: toUser(member, this.trans) }] : [];
    });
    this.updateWriters(writers);
  }
}

/** Our own lines, and those about comings and goings, are not news. */
function isSilent(message: { sender: IUser }, you: string): boolean {
  return message.sender.username === you || message.sender.username === SYSTEM;
}

/**
 * The chat, which does not take the focus from whoever is about to type code.
 *
 * Upstream's input focuses itself whenever it is drawn, and it is drawn anew when its theme is there. Nothing within an
 * inert element can be focused, and this one is inert while no input has its buttons: they come after it has focused.
 */
class RoomChatWidget extends ChatWidget {
  /** How many inputs are drawn and have their buttons. */
  private inputs = 0;

  constructor(
    options: ConstructorParameters<typeof ChatWidget>[0] & { inputToolbarRegistry: IInputToolbarRegistry }
  ) {
    super(options);
    this.node.inert = true;
    const Send = (props: InputToolbarRegistry.IToolbarItemProps): React.JSX.Element => {
      React.useEffect(() => {
        this.count(1);
        return () => this.count(-1);
      }, []);
      return React.createElement(SendButton, props);
    };
    options.inputToolbarRegistry.addItem('send', { element: Send, position: 100 });
  }

  private count(change: 1 | -1): void {
    this.inputs += change;
    this.node.inert = this.inputs === 0;
  }
}

/** The chat as a widget. */
export function createChat(options: {
  room: RoomModel;
  rendermime: IRenderMimeRegistry;
  themes: IThemeManager | null;
  trans: Translations;
  /** Hide a message from everybody. */
  hide: (message: { seq: number; sender: string }) => void;
}): ChatWidget {
  const { room, rendermime, themes, trans, hide } = options;
  const footers = new MessageFooterRegistry();
  const Pending = (props: MessageFooterSectionProps): React.ReactElement | null =>
    props.message.metadata?.pending
      ? React.createElement(
          'small',
          { className: 'jp-Interview-pending' },
          room.channel.state.kind === 'stopped' ? trans.__('Not sent') : trans.__('Sending…')
        )
      : null;
  footers.addSection({ component: Pending, position: 'right' });
  const Hide = ({ message }: MessageFooterSectionProps): React.ReactElement => {
    // What one may do changes while a message stands there, at the end at the latest.
    useSignals(room.changed);
    const { metadata, sender } = message;
    const seq = metadata?.seq;
    if (seq === undefined || !room.permissions.manage) {
      return React.createElement('span');
    }
    const name = sender.name ?? sender.username;
    return React.createElement(
      'button',
      {
        type: 'button',
        className: 'jp-Interview-hide',
        'aria-label': trans.__('Hide the message of %1', name),
        onClick: () => hide({ seq, sender: name })
      },
      trans.__('Hide')
    );
  };
  footers.addSection({ component: Hide, position: 'left' });
  const commands = new ChatCommandRegistry();
  commands.addProvider(new Mentions(room));
  const registry = forMessages(rendermime);
  registry.addFactory(linesFactory);
  const widget = new RoomChatWidget({
    model: new RoomChatModel(room, trans),
    rmRegistry: registry,
    themeManager: themes,
    chatCommandRegistry: commands,
    inputToolbarRegistry: new InputToolbarRegistry(),
    messageFooterRegistry: footers,
    area: 'sidebar'
  });
  clearUnknownTimes(widget.node);
  return widget;
}
