/**
 * What is the state of the room that this page shows?
 *
 * Folds the frames of the channel. Components read it and listen to its signals; they never see a frame.
 */
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Member, Message, Notice, Permissions, Room, Run } from './api';
import type { Channel, ChannelLimits, Coming, Frame, Joined } from './channel';

/** How long somebody counts as typing without another word of it, in milliseconds. */
export const TYPING_MS = 6_000;

/** How long it is shown that somebody adds too much in a minute, in milliseconds. */
export const NOTICE_MS = 60_000;

/** Pause between two typing frames of our own, in milliseconds. */
const TYPING_PAUSE_MS = 2_500;

/** A frame of the server that refuses something. */
export interface Refusal {
  code: string;
  message: string;
  /** Text of the chat message that was refused, if it was one. */
  text: string | null;
}

const NOTHING: Permissions = {
  view: false,
  edit: false,
  run: false,
  chat: false,
  manage: false,
  review: false
};

const UNKNOWN: ChannelLimits = { chat_chars: Infinity, change_bytes: Infinity, read_bytes: Infinity };

export class RoomModel implements IDisposable {
  constructor(
    readonly channel: Channel,
    you: Member
  ) {
    this._you = you;
    this._members.set(you.id, you);
    channel.received.connect(this.onFrame, this);
    channel.stateChanged.connect(this.onState, this);
    channel.pendingChanged.connect(() => this._chatChanged.emit());
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** The room; `null` until the server told of it. */
  get room(): Room | null {
    return this._room;
  }

  /** The member whose browser this is. */
  get you(): Member {
    return this._you;
  }

  /** What this member may do now; nothing once the room has ended or the member is out. */
  get permissions(): Permissions {
    return this.ended || this.out ? { ...NOTHING, view: true } : this._you.permissions;
  }

  /** Whether this member has no seat any more. */
  get out(): boolean {
    const state = this.channel.state;
    return this._you.state !== 'seated' || (state.kind === 'stopped' && state.reason !== 'ended');
  }

  get ended(): boolean {
    const state = this.channel.state;
    return this._room?.state === 'ended' || (state.kind === 'stopped' && state.reason === 'ended');
  }

  /** Everybody who has a seat or knocks; interviewers first, then by name. */
  get members(): Member[] {
    const order = { interviewer: 0, candidate: 1, spectator: 2 };
    return [...this._members.values()]
      .filter(member => member.state !== 'removed' && member.state !== 'gone')
      .sort((a, b) => order[a.role] - order[b.role] || a.name.localeCompare(b.name));
  }

  /** Chat messages in the order of the log. */
  get messages(): readonly Message[] {
    return this._messages;
  }

  /** Who came and went, oldest first. */
  get comings(): readonly Coming[] {
    return this._comings;
  }

  /** Runs by id. */
  get runs(): ReadonlyMap<string, Run> {
    return this._runs;
  }

  /** Why the last run that this member asked for is none; `null` where it is one, or that was read. */
  get complaint(): string | null {
    return this._complaint;
  }

  /** Whether the server takes long to store what happens. */
  get late(): boolean {
    return this._late;
  }

  /** What the server takes at most of one message; nothing is too large for one that has not said. */
  get limits(): Readonly<ChannelLimits> {
    return this._limits;
  }

  /** What an interviewer has to know of the room's budgets, the newest last. */
  get notices(): readonly Notice[] {
    return [...this._notices.values()];
  }

  /** Ids of the others who type. */
  get typing(): ReadonlySet<string> {
    return new Set(this._typing.keys());
  }

  /** Room, members, permissions or connection changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The list of messages, comings or pending messages changed. */
  get chatChanged(): ISignal<this, void> {
    return this._chatChanged;
  }

  get typingChanged(): ISignal<this, void> {
    return this._typingChanged;
  }

  /** The server refused something that was sent on the channel. */
  get refused(): ISignal<this, Refusal> {
    return this._refused;
  }

  member(id: string): Member | undefined {
    return this._members.get(id);
  }

  /** Tell the others whether this member types; sends no more than is useful. */
  setTyping(typing: boolean): void {
    const now = Date.now();
    if (typing === this.ownTyping && now - this.typingSent < TYPING_PAUSE_MS) {
      return;
    }
    if (!typing && !this.ownTyping) {
      return;
    }
    this.ownTyping = typing;
    this.typingSent = now;
    this.channel.send('typing', typing);
  }

  /** Show why a run is none; `null` to show it no more. */
  complain(text: string | null): void {
    if (text !== this._complaint) {
      this._complaint = text;
      this._changed.emit();
    }
  }

  /** Take over a member as the REST API answered it. */
  updateMember(member: Member): void {
    this._members.set(member.id, member);
    if (member.id === this._you.id) {
      this._you = member;
    }
    this._changed.emit();
  }

  /** Take over a message as it is now. */
  updateMessage(message: Message): void {
    this._messages = this._messages.map(known => (known.seq === message.seq ? message : known));
    this._chatChanged.emit();
  }

  /** Take over the room as the REST API answered it. */
  updateRoom(room: Room): void {
    this._room = { ...this._room, ...room };
    this._changed.emit();
    if (room.state === 'ended') {
      this.channel.stop('ended');
    }
  }

  dispose(): void {
    if (this.disposed) {
      return;
    }
    this.disposed = true;
    this._typing.forEach(timer => window.clearTimeout(timer));
    this.channel.dispose();
    Signal.clearData(this);
  }

  private onState(): void {
    if (this.channel.state.kind !== 'open') {
      this.ownTyping = false;
      this._typing.forEach(timer => window.clearTimeout(timer));
      this._typing.clear();
      this._typingChanged.emit();
    }
    this._changed.emit();
    this._chatChanged.emit();
  }

  private onFrame(_: Channel, frame: Frame): void {
    switch (frame.type) {
      case 'joined':
        return this.onJoined(frame.content as Joined);
      case 'join':
      case 'leave':
        return this.onComing(frame.type, frame.content as Member & { reason?: string }, frame.ts);
      case 'member_updated':
        return this.updateMember(frame.content as Member);
      case 'room_updated':
      case 'room_ended':
        this._room = { ...this._room, ...(frame.content as Room) };
        return this._changed.emit();
      case 'run_queued':
      case 'run_started':
      case 'run_finished':
        return this.onRun(frame.content as Run);
      case 'chat_message':
        return this.onMessage(frame);
      case 'message_hidden':
        return this.updateMessage(frame.content as Message);
      case 'ack':
        return this.onAck(frame);
      case 'typing':
        return this.onTyping(frame);
      case 'storing':
        this._late = (frame.content as { late: boolean }).late;
        return this._changed.emit();
      case 'notice':
        return this.onNotice(frame.content as Notice);
      case 'error':
        return this.onError(frame);
      case 'document_refused':
        return this.onDocumentRefused(frame.content as { code: string; message: string });
    }
  }

  private onJoined(joined: Joined): void {
    this._room = joined.room;
    this._you = joined.you;
    this._members.clear();
    [...joined.members, joined.you].forEach(member => this._members.set(member.id, member));
    this._messages = [...joined.messages].sort((a, b) => a.seq - b.seq);
    this._runs.clear();
    joined.runs?.forEach(run => this._runs.set(run.id, run));
    this._comings = joined.comings ?? [];
    this._late = joined.late ?? false;
    this._limits = joined.limits ?? UNKNOWN;
    this._notices.clear();
    joined.notices?.forEach(notice => this._notices.set(noticeKey(notice), notice));
    this._changed.emit();
    this._chatChanged.emit();
  }

  private onComing(kind: 'join' | 'leave', content: Member & { reason?: string }, ts?: string): void {
    const { reason, ...member } = content;
    this._members.set(member.id, { ...this._members.get(member.id), ...member });
    this.stopTyping(member.id);
    const when = ts ?? new Date().toISOString();
    this._comings = [...this._comings, { kind, member, reason: reason ?? null, ts: when }];
    this._changed.emit();
    this._chatChanged.emit();
  }

  private onRun(run: Run): void {
    this._runs.set(run.id, run);
    this._changed.emit();
  }

  private onMessage(frame: Frame): void {
    const { seq, ts, sender } = frame;
    if (seq === undefined || ts === undefined || !sender) {
      return;
    }
    this.stopTyping(sender.id);
    this.addMessage({ seq, ts, sender, content: String(frame.content) });
  }

  private onAck(frame: Frame): void {
    const ack = (frame.content ?? frame) as { id?: string; seq?: number; ts?: string };
    const pending = this.channel.pending.find(message => message.id === (ack.id ?? frame.id));
    const seq = ack.seq ?? frame.seq;
    if (pending && seq !== undefined) {
      const { id, name, role } = this._you;
      const ts = ack.ts ?? frame.ts ?? new Date().toISOString();
      this.addMessage({ seq, ts, sender: { id, name, role }, content: pending.content });
    }
  }

  private addMessage(message: Message): void {
    if (!this._messages.some(known => known.seq === message.seq)) {
      this._messages = [...this._messages, message].sort((a, b) => a.seq - b.seq);
    }
    this._chatChanged.emit();
  }

  private onTyping(frame: Frame): void {
    const id = frame.sender?.id;
    if (!id || id === this._you.id) {
      return;
    }
    this.stopTyping(id);
    if (frame.content === true) {
      this._typing.set(
        id,
        window.setTimeout(() => this.stopTyping(id), TYPING_MS)
      );
      this._typingChanged.emit();
    }
  }

  private stopTyping(id: string): void {
    window.clearTimeout(this._typing.get(id));
    if (this._typing.delete(id)) {
      this._typingChanged.emit();
    }
  }

  private onNotice(notice: Notice): void {
    const key = noticeKey(notice);
    this._notices.delete(key);
    this._notices.set(key, notice);
    if (notice.member) {
      window.setTimeout(() => {
        if (this._notices.get(key) === notice && this._notices.delete(key)) {
          this._changed.emit();
        }
      }, NOTICE_MS);
    }
    this._changed.emit();
  }

  /** Texts of refused messages, whole, for their author: whoever takes them shows them. */
  takeReturned(): string[] {
    return this.returned.splice(0);
  }

  /** A message that no server would take comes back to its author, as one does that is refused. */
  giveBack(text: string, message: string): void {
    this.refuse({ code: 'too_large', message, text });
  }

  private onError(frame: Frame): void {
    const error = (frame.content ?? frame) as { code?: string; message?: string; id?: string };
    const pending = this.channel.pending.find(message => message.id === (error.id ?? frame.id));
    this.refuse({
      code: error.code ?? 'error',
      message: error.message ?? '',
      text: pending?.content ?? null
    });
  }

  private refuse(refusal: Refusal): void {
    if (refusal.text !== null) {
      this.returned.push(refusal.text);
    }
    this._refused.emit(refusal);
  }

  /** A change of this member's notebook was taken back: the page has it undone, and says why. */
  private onDocumentRefused({ code, message }: { code: string; message: string }): void {
    this._refused.emit({ code, message, text: null });
  }

  private readonly returned: string[] = [];
  private _limits = UNKNOWN;
  private _complaint: string | null = null;
  private disposed = false;
  private ownTyping = false;
  private typingSent = 0;
  private _room: Room | null = null;
  private _you: Member;
  private _messages: Message[] = [];
  private _comings: Coming[] = [];
  private readonly _members = new Map<string, Member>();
  private readonly _runs = new Map<string, Run>();
  private _late = false;
  private readonly _notices = new Map<string, Notice>();
  private readonly _typing = new Map<string, number>();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _chatChanged = new Signal<this, void>(this);
  private readonly _typingChanged = new Signal<this, void>(this);
  private readonly _refused = new Signal<this, Refusal>(this);
}

function noticeKey({ budget, member }: Notice): string {
  return `${budget} ${member ?? ''}`;
}
