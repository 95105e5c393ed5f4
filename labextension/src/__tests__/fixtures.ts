/** Makers of the things that the tests are about. */
import { nullTranslator } from '@jupyterlab/translation';

import type { Member, Message, Permissions, Role, Room, Run } from '../api';
import { Channel, type ChannelOptions, type Frame, type Verdict } from '../channel';
import { RoomModel } from '../model';

export const trans = nullTranslator.load('jupyter_interview');

const DEFAULTS: Record<Role, Permissions> = {
  interviewer: { view: true, edit: true, run: true, chat: true, manage: true, review: true },
  candidate: { view: true, edit: true, run: true, chat: true, manage: false, review: false },
  spectator: { view: true, edit: false, run: false, chat: false, manage: false, review: false }
};

export function makeMember(name: string, role: Role = 'candidate', more: Partial<Member> = {}): Member {
  return {
    id: `m-${name.toLowerCase()}`,
    name,
    role,
    state: 'seated',
    permissions: { ...DEFAULTS[role], ...more.permissions },
    presence: 'present',
    joined_at: '2026-01-01T10:00:00.000000Z',
    left_at: null,
    ...more
  };
}

export function makeRoom(more: Partial<Room> = {}): Room {
  return {
    id: 'room-1',
    url: '/interview/room-1',
    title: 'Backend, round two',
    language: 'python',
    state: 'live',
    created_at: '2026-01-01T09:59:00.000000Z',
    started_at: '2026-01-01T10:00:00.000000Z',
    ended_at: null,
    settings: {},
    tags: [],
    files: [],
    has_password: false,
    members_online: 1,
    kernel: { id: 'k', state: 'idle', message: null },
    ...more
  };
}

export function makeMessage(seq: number, content: string, sender = makeMember('Cara')): Message {
  const { id, name, role } = sender;
  return {
    seq,
    ts: `2026-01-01T10:00:${String(seq % 60).padStart(2, '0')}.000000Z`,
    sender: { id, name, role },
    content
  };
}

export function makeRun(id: string, more: Partial<Run> = {}): Run {
  return {
    id,
    cell: 'c1',
    status: 'ok',
    member: { id: 'm-cara', name: 'Cara', role: 'candidate' },
    source: 'print(1)',
    language: 'python',
    started_at: '2026-01-01T10:00:05.000000Z',
    finished_at: '2026-01-01T10:00:06.000000Z',
    duration_ms: 1000,
    execution_count: 1,
    message: null,
    seq: 5,
    ...more
  };
}

/** A websocket whose other end is the test. */
export class FakeSocket {
  static readonly made: FakeSocket[] = [];

  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }

  static get last(): FakeSocket {
    return FakeSocket.made[FakeSocket.made.length - 1];
  }

  readyState: number = WebSocket.CONNECTING;
  readonly sent: Frame[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Frame);
  }

  close(): void {
    this.readyState = WebSocket.CLOSED;
  }

  /** The server accepts. */
  accept(): this {
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
    return this;
  }

  /** The server sends a frame. */
  say(frame: Frame): this {
    this.onmessage?.({ data: JSON.stringify(frame) });
    return this;
  }

  /** The connection ends. */
  cut(code = 1006): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.({ code });
  }

  sentOf(type: string): Frame[] {
    return this.sent.filter(frame => frame.type === type);
  }
}

export function makeChannel(options: Partial<ChannelOptions> = {}): Channel {
  FakeSocket.made.length = 0;
  return new Channel({
    url: 'ws://server/api/channel',
    room: 'room-1',
    check: () => Promise.resolve<Verdict>('retry'),
    connect: url => new FakeSocket(url) as unknown as WebSocket,
    random: () => 0.5,
    ...options
  });
}

/** Content of a `joined` frame. */
export function joined(you: Member, more: Record<string, unknown> = {}): Frame {
  const members = (more.members as Member[] | undefined) ?? [you];
  const comings = members.map(member => ({ kind: 'join', member, reason: null, ts: member.joined_at }));
  return {
    type: 'joined',
    content: {
      room: makeRoom(),
      you,
      members,
      messages: [],
      runs: [],
      comings,
      code: '',
      seq: 1,
      ...more
    }
  };
}

/** A room that is connected as `you`. */
export function makeModel(
  you = makeMember('Ivan', 'interviewer'),
  more: Record<string, unknown> = {}
): RoomModel {
  const channel = makeChannel();
  const model = new RoomModel(channel, you);
  channel.start();
  FakeSocket.last.accept().say(joined(you, more));
  return model;
}

/** Let promises that are settled go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await Promise.resolve();
  }
}
