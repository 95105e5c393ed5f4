/**
 * What has happened in the room that this member has not seen?
 *
 * The chat and the people can be out of sight: a hidden panel, another tab of the browser. What comes meanwhile is
 * counted, and said to those who do not look at the page.
 */
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Member } from './api';
import type { Coming } from './channel';
import type { RoomModel } from './model';
import type { Translations } from './tokens';

/** Longer messages are said by their beginning, in characters. */
const SAID_CHARS = 200;

export class Attention implements IDisposable {
  /**
   * @param room what is followed.
   * @param watched whether the chat is in sight now.
   */
  constructor(
    private readonly room: RoomModel,
    private readonly watched: () => boolean,
    private readonly trans: Translations
  ) {
    room.chatChanged.connect(this.onChange, this);
    room.changed.connect(this.onChange, this);
    this.onChange();
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** How many messages of others came while the chat was out of sight. */
  get unread(): number {
    const { messages, you } = this.room;
    return messages.filter(({ seq, sender }) => seq > this.seen && sender.id !== you.id).length;
  }

  /** Who waits to be let in, if this member can let them in. */
  get knocking(): Member[] {
    return this.room.permissions.manage
      ? this.room.members.filter(member => member.state === 'knocking')
      : [];
  }

  /** How much waits for this member. */
  get count(): number {
    return this.begun ? this.unread + this.knocking.length : 0;
  }

  /** What is counted changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Something is to be said, as a line of text. */
  get said(): ISignal<this, string> {
    return this._said;
  }

  /** The chat may have come into sight. */
  look(): void {
    const newest = this.newest;
    if (this.seen < newest && this.watched()) {
      this.seen = newest;
      this._changed.emit();
    }
  }

  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      this.room.chatChanged.disconnect(this.onChange, this);
      this.room.changed.disconnect(this.onChange, this);
      Signal.clearData(this);
    }
  }

  private get newest(): number {
    const { messages } = this.room;
    return messages.length ? messages[messages.length - 1].seq : 0;
  }

  private onChange(): void {
    if (this.room.room === null) {
      return;
    }
    const lines = this.news();
    if (!this.begun) {
      // What was there when the page was opened is no news.
      this.begun = true;
      this.seen = this.newest;
    } else {
      lines.forEach(line => this._said.emit(line));
    }
    this.look();
    this._changed.emit();
  }

  /** What came since this was asked for the last time, in order. */
  private news(): string[] {
    const { room, trans, told } = this;
    const knocks = this.knocking.map(({ id, name }) => ({
      key: `knock ${id}`,
      line: trans.__('%1 asks to be let in', name),
      own: false
    }));
    const comings = room.comings.map(coming => ({
      key: `${coming.kind} ${coming.member.id} ${coming.ts}`,
      line: comingLine(coming, coming.member.name, trans),
      own: coming.member.id === room.you.id
    }));
    const messages = room.messages.map(({ seq, sender, content, hidden }) => ({
      key: `message ${seq}`,
      line: `${sender.name}: ${content.slice(0, SAID_CHARS)}`,
      own: sender.id === room.you.id || hidden !== undefined
    }));
    const fresh = [...knocks, ...comings, ...messages].filter(({ key }) => !told.has(key));
    this.told = new Set([...knocks, ...comings, ...messages].map(({ key }) => key));
    return fresh.filter(({ own }) => !own).map(({ line }) => line);
  }

  private disposed = false;
  private begun = false;
  private seen = 0;
  private told = new Set<string>();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _said = new Signal<this, string>(this);
}

/** Who came or went; `name` as it is written where the line goes. */
export function comingLine({ kind, reason }: Coming, name: string, trans: Translations): string {
  if (kind === 'join') {
    return trans.__('%1 joined', name);
  }
  return reason === 'removed' ? trans.__('%1 was removed', name) : trans.__('%1 left', name);
}
