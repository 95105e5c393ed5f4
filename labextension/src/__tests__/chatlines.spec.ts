import { chatLines, SYSTEM } from '../chatlines';

import { FakeSocket, makeMember, makeMessage, makeModel, trans } from './fixtures';

const ivan = makeMember('Ivan', 'interviewer');

describe('chatLines', () => {
  it('mixes messages with who came, and puts what is pending last', () => {
    const model = makeModel(ivan, { members: [ivan], messages: [makeMessage(5, '**hi**')] });
    model.channel.sendChat('on its way');
    const lines = chatLines(model, trans);
    expect(lines.map(line => [line.sender.username, line.body, line.metadata?.pending ?? false])).toEqual([
      [SYSTEM, 'Ivan joined', false],
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
    expect(lines[0].body).toBe('Ivan joined  \nCara joined  \nCara left');
    model.dispose();
  });

  it('takes no markup from names', () => {
    const model = makeModel(ivan, { members: [makeMember('<b>*x*</b>')] });
    expect(chatLines(model, trans)[0].body).toBe('\\<b\\>\\*x\\*\\</b\\> joined');
    model.dispose();
  });
});
