import { Mentions } from '../mentions';

import { makeMember, makeModel } from './fixtures';

const you = makeMember('Cara Candidate');
const members = [you, makeMember('Ivan Interviewer', 'interviewer'), makeMember('Ida', 'interviewer')];

async function offered(currentWord: string | null): Promise<string[]> {
  const model = makeModel(you, {
    members: [...members, makeMember('Ines', 'candidate', { state: 'knocking' })]
  });
  const commands = await new Mentions(model).listCommandCompletions({ currentWord });
  model.dispose();
  expect(commands.every(({ replaceWith, spaceOnAccept }) => replaceWith === undefined && spaceOnAccept)).toBe(
    true
  );
  return commands.map(({ name }) => name);
}

describe('Mentions', () => {
  it('are the others in the room', async () => {
    expect(await offered('@')).toEqual(['@Ida', '@Ivan Interviewer']);
  });

  it('begin as the word does, with any of their names, whatever its case', async () => {
    expect(await offered('@iV')).toEqual(['@Ivan Interviewer']);
    expect(await offered('@inter')).toEqual(['@Ivan Interviewer']);
    expect(await offered('@x')).toEqual([]);
  });

  it('are offered after an @ alone', async () => {
    expect(await offered('i')).toEqual([]);
    expect(await offered('me@i')).toEqual([]);
    expect(await offered(null)).toEqual([]);
  });
});
