import { chatLines, hiddenText, SYSTEM, toUser } from '../chatlines';
import { isolated, linesBody, linesOf } from '../plainlines';

import { FakeSocket, makeMember, makeMessage, makeModel, trans } from './fixtures';

const ivan = makeMember('Ivan', 'interviewer');

describe('chatLines', () => {
  it('mixes messages with who came, and puts what is pending last', () => {
    const model = makeModel(ivan, { members: [ivan], messages: [makeMessage(5, '**hi**')] });
    model.channel.sendChat('on its way');
    const lines = chatLines(model, trans);
    expect(lines.map(line => [line.sender.username, line.body, line.metadata?.pending ?? false])).toEqual([
      [SYSTEM, linesBody([`${isolated('Ivan')} joined`]), false],
      ['m-cara', '**hi**', false],
      ['m-ivan', 'on its way', true]
    ]);
    model.dispose();
  });

  it('makes one entry of comings in a row', () => {
    const model = makeModel(ivan, { members: [ivan, makeMember('Cara')] });
    FakeSocket.last.say({
      type: 'leave',
      content: { ...makeMember('Cara'), reason: 'left' },
      ts: '2026-01-01T11:00:00Z'
    });
    const lines = chatLines(model, trans);
    expect(lines).toHaveLength(1);
    const [name, other] = ['Ivan', 'Cara'].map(isolated);
    expect(linesOf(lines[0].body)).toEqual([`${name} joined`, `${other} joined`, `${other} left`]);
    model.dispose();
  });

  it('tells of a hidden message that it was hidden, as another line', () => {
    const model = makeModel(ivan, {
      members: [ivan],
      messages: [makeMessage(5, '**hi**'), makeMessage(6, 'x')]
    });
    const [, before] = chatLines(model, trans);
    const [said] = model.messages;
    const hidden = { seq: 7, ts: '2026-01-01T11:00:00Z', by: { id: ivan.id, name: 'I*n', role: ivan.role } };
    FakeSocket.last.say({ type: 'message_hidden', content: { ...said, content: '', hidden } });
    const [, line, other] = chatLines(model, trans);
    expect(linesOf(line.body)).toEqual([`This message was hidden by the interviewer ${isolated('I*n')}.`]);
    expect(line.id).not.toBe(before.id);
    expect(line.metadata?.seq).toBeUndefined();
    expect([other.body, other.metadata?.seq]).toEqual(['x', 6]);
    FakeSocket.last.say({ type: 'message_hidden', content: { ...said, hidden: { ...hidden, by: null } } });
    expect(linesOf(chatLines(model, trans)[1].body)).toEqual(['This message was hidden by the interviewer.']);
    model.dispose();
  });

  it('does not say twice what somebody is', () => {
    expect(hiddenText({ name: 'Interviewer' }, trans)).toBe('This message was hidden by the interviewer.');
  });

  it('has a time for everything, also where a frame brings none that can be read', () => {
    const model = makeModel(ivan, { members: [ivan], messages: [{ ...makeMessage(5, 'x'), ts: '' }] });
    for (const ts of ['', 'soon', undefined]) {
      FakeSocket.last.say({ type: 'leave', content: { ...makeMember('Cara'), reason: 'left' }, ts });
    }
    const lines = chatLines(model, trans);
    expect(lines.map(line => Number.isFinite(line.time))).toEqual(lines.map(() => true));
    model.dispose();
  });

  it.each(['<b>*x*</b>', '$\\frac12$', 'https://a.example/', 'a b'])(
    'reads no markup in the name %p',
    name => {
      const model = makeModel(ivan, { members: [makeMember(name)] });
      const [{ body }] = chatLines(model, trans);
      expect(typeof body).toBe('object');
      expect(linesOf(body)).toEqual([`${isolated(name)} joined`]);
      model.dispose();
    }
  );

  it('says of everybody what they are', () => {
    expect(toUser(makeMember('Cara'), trans)).toMatchObject({
      name: 'Cara',
      display_name: `${isolated('Cara')} (candidate)`
    });
    expect(toUser(ivan, trans).display_name).toBe(`${isolated('Ivan')} (interviewer)`);
  });
});
