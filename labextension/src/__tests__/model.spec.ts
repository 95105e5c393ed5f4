import { TYPING_MS } from '../model';

import { FakeSocket, joined, makeMember, makeMessage, makeModel, makeRoom, makeRun } from './fixtures';

const ivan = makeMember('Ivan', 'interviewer');
const cara = makeMember('Cara');
const sam = makeMember('Sam', 'spectator');
const who = { id: cara.id, name: cara.name, role: cara.role };

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('RoomModel', () => {
  it('takes everything from the joined frame', () => {
    const model = makeModel(ivan, {
      members: [cara, ivan],
      messages: [makeMessage(4, 'b'), makeMessage(3, 'a')],
      runs: [makeRun('r1')],
      comings: [{ kind: 'leave', member: sam, reason: 'removed', ts: '2026-01-01T10:00:00Z' }]
    });
    expect(model.comings.map(({ kind, member, reason }) => [kind, member.name, reason])).toEqual([
      ['leave', 'Sam', 'removed']
    ]);
    expect(model.room?.title).toBe('Backend, round two');
    expect(model.members.map(member => member.name)).toEqual(['Ivan', 'Cara']);
    expect(model.messages.map(message => message.content)).toEqual(['a', 'b']);
    expect(model.runs.get('r1')?.status).toBe('ok');
    model.dispose();
  });

  it('follows permissions in both directions', () => {
    const model = makeModel(cara);
    const off = { ...cara, permissions: { ...cara.permissions, edit: false } };
    FakeSocket.last.say({ type: 'member_updated', content: off });
    expect(model.permissions).toMatchObject({ edit: false, run: true });
    FakeSocket.last.say({ type: 'member_updated', content: cara });
    expect(model.permissions.edit).toBe(true);
    model.dispose();
  });

  it('allows nothing but reading after the end', () => {
    const model = makeModel(ivan);
    FakeSocket.last.say({ type: 'room_ended', content: makeRoom({ state: 'ended' }) });
    expect(model.ended).toBe(true);
    expect(model.permissions).toMatchObject({
      view: true,
      edit: false,
      run: false,
      chat: false,
      manage: false
    });
  });

  it('allows nothing to who was removed', () => {
    const model = makeModel(cara);
    FakeSocket.last.cut(4403);
    expect([model.out, model.ended]).toEqual([true, false]);
    expect(model.permissions).toMatchObject({ view: true, edit: false, run: false, chat: false });
  });

  it('tells the chat of messages that wait', () => {
    const model = makeModel(ivan);
    const changes = jest.fn();
    model.chatChanged.connect(changes);
    model.channel.sendChat('hello');
    expect(changes).toHaveBeenCalled();
    model.dispose();
  });

  it('shows an own message once, when it is acknowledged', () => {
    const model = makeModel(ivan);
    const sent = model.channel.sendChat('hello');
    expect(model.messages).toEqual([]);
    FakeSocket.last.say({ type: 'ack', content: { id: sent.id, seq: 9, ts: '2026-01-01T10:00:09Z' } });
    expect(model.messages).toMatchObject([{ seq: 9, content: 'hello', sender: { id: ivan.id } }]);
    expect(model.channel.pending).toEqual([]);
    model.dispose();
  });

  it('does not double a message that was stored before the connection broke', () => {
    const model = makeModel(ivan);
    const sent = model.channel.sendChat('hello');
    const { id, name, role } = ivan;
    const stored = { seq: 9, ts: '2026-01-01T10:00:09Z', sender: { id, name, role }, content: 'hello' };
    FakeSocket.last.say(joined(ivan, { messages: [stored] }));
    FakeSocket.last.say({ type: 'ack', content: { id: sent.id, seq: 9, ts: stored.ts } });
    expect(model.messages).toHaveLength(1);
    model.dispose();
  });

  it('knows who types, until they stop, send or fall silent', () => {
    const model = makeModel(ivan, { members: [ivan, cara] });
    const types = (typing: boolean): void => {
      FakeSocket.last.say({ type: 'typing', sender: who, content: typing });
    };
    types(true);
    expect([...model.typing]).toEqual([cara.id]);
    types(false);
    expect(model.typing.size).toBe(0);
    types(true);
    FakeSocket.last.say({
      type: 'chat_message',
      seq: 3,
      ts: '2026-01-01T10:00:03Z',
      sender: who,
      content: 'x'
    });
    expect(model.typing.size).toBe(0);
    types(true);
    jest.advanceTimersByTime(TYPING_MS);
    expect(model.typing.size).toBe(0);
    model.dispose();
  });

  it('sends its own typing sparingly', () => {
    const model = makeModel(ivan);
    for (let key = 0; key < 20; key++) {
      model.setTyping(true);
    }
    expect(FakeSocket.last.sentOf('typing')).toHaveLength(1);
    jest.advanceTimersByTime(3000);
    model.setTyping(true);
    model.setTyping(false);
    model.setTyping(false);
    expect(FakeSocket.last.sentOf('typing').map(frame => frame.content)).toEqual([true, true, false]);
    model.dispose();
  });

  it('lists who came and went', () => {
    const model = makeModel(ivan, { members: [ivan] });
    FakeSocket.last.say({ type: 'join', content: cara, ts: '2026-01-01T10:01:00Z' });
    FakeSocket.last.say({
      type: 'leave',
      content: { ...cara, presence: 'left', reason: 'removed' },
      ts: '2026-01-01T10:02:00Z'
    });
    expect(model.comings.map(({ kind, member, reason }) => [kind, member.name, reason])).toEqual([
      ['join', 'Ivan', null],
      ['join', 'Cara', null],
      ['leave', 'Cara', 'removed']
    ]);
    model.dispose();
  });

  it('says why a change of the notebook was taken back', () => {
    const model = makeModel(ivan);
    const refusals: unknown[] = [];
    model.refused.connect((_, refusal) => refusals.push(refusal));
    FakeSocket.last.say({
      type: 'document_refused',
      content: { code: 'too_large', message: 'A notebook can have at most 500 cells.' }
    });
    expect(refusals).toEqual([
      { code: 'too_large', message: 'A notebook can have at most 500 cells.', text: null }
    ]);
    model.dispose();
  });

  it('gives back the text of a refused message', () => {
    const model = makeModel(ivan);
    const refusals: unknown[] = [];
    model.refused.connect((_, refusal) => refusals.push(refusal));
    const sent = model.channel.sendChat('too much');
    FakeSocket.last.say({
      type: 'error',
      content: { code: 'too_large', message: 'Shorter, please.', id: sent.id }
    });
    expect(refusals).toEqual([{ code: 'too_large', message: 'Shorter, please.', text: 'too much' }]);
    expect(model.channel.pending).toEqual([]);
    // Also for a chat that opens later.
    expect([model.takeReturned(), model.takeReturned()]).toEqual([['too much'], []]);
    model.dispose();
  });
});
