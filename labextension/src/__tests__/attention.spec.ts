import { Attention } from '../attention';
import type { RoomModel } from '../model';

import { FakeSocket, joined, makeMember, makeMessage, makeModel, trans } from './fixtures';

const ivan = makeMember('Ivan', 'interviewer');
const cara = makeMember('Cara');
const sam = makeMember('Sam', 'spectator');

describe('Attention', () => {
  let watched = false;

  function follow(you = ivan, more = {}): { model: RoomModel; attention: Attention; said: string[] } {
    watched = false;
    const model = makeModel(you, more);
    const attention = new Attention(model, () => watched, trans);
    const said: string[] = [];
    attention.said.connect((_, line) => said.push(line));
    return { model, attention, said };
  }

  const say = (seq: number, content: string, sender = cara): void => {
    FakeSocket.last.say({ type: 'chat_message', seq, ts: '2026-01-01T10:05:00Z', sender, content });
  };

  it('counts what others write while the chat is out of sight', () => {
    const { attention, said } = follow(ivan, { messages: [makeMessage(3, 'before')] });
    expect(attention.count).toBe(0);
    say(4, 'one');
    say(5, 'mine', ivan);
    say(6, 'two');
    expect([attention.unread, said]).toEqual([2, ['Cara: one', 'Cara: two']]);
    watched = true;
    attention.look();
    expect(attention.unread).toBe(0);
    say(7, 'seen at once');
    expect([attention.unread, said.length]).toEqual([0, 3]);
  });

  it('says who came, went and knocks, and counts knocks for those who can let in', () => {
    const { attention, said } = follow();
    FakeSocket.last.say({ type: 'join', content: cara, ts: '2026-01-01T10:01:00Z' });
    FakeSocket.last.say({
      type: 'leave',
      content: { ...cara, reason: 'removed' },
      ts: '2026-01-01T10:02:00Z'
    });
    FakeSocket.last.say({ type: 'member_updated', content: { ...sam, state: 'knocking' } });
    expect(said).toEqual(['Cara joined', 'Cara was removed', 'Sam asks to be let in']);
    expect(attention.count).toBe(1);
    FakeSocket.last.say({ type: 'member_updated', content: sam });
    expect(attention.count).toBe(0);
    const candidate = follow(cara);
    FakeSocket.last.say({ type: 'member_updated', content: { ...sam, state: 'knocking' } });
    expect([candidate.attention.count, candidate.said]).toEqual([0, []]);
  });

  it('says after an outage what came meanwhile, and nothing twice', () => {
    const { attention, said } = follow(ivan, { messages: [makeMessage(3, 'before')] });
    say(4, 'one');
    const messages = [3, 4, 8].map(seq => ({ ...makeMessage(seq, `m${seq}`), sender: cara }));
    FakeSocket.last.say(joined(ivan, { messages }));
    expect([attention.unread, said]).toEqual([2, ['Cara: one', 'Cara: m8']]);
  });

  it('says nothing of what was hidden', () => {
    const { said } = follow();
    const hidden = { seq: 9, ts: '2026-01-01T10:06:00Z', by: null };
    FakeSocket.last.say(joined(ivan, { messages: [{ ...makeMessage(8, ''), sender: cara, hidden }] }));
    expect(said).toEqual([]);
  });
});
