import { fileName } from '../components/PastInterviews';
import { between, clock, moment, NO_TIME, permissionLine, runTime, timeOfDay } from '../format';

import { makeMember, trans } from './fixtures';

describe('format', () => {
  it.each([
    [0, '0:00'],
    [-5, '0:00'],
    [61_000, '1:01'],
    [3_600_000 + 62_000, '1:01:02']
  ])('writes %i ms as %s', (milliseconds, text) => {
    expect(clock(milliseconds)).toBe(text);
  });

  it('writes short runs in milliseconds', () => {
    expect([runTime(12), runTime(1500)]).toEqual(['12 ms', '1.5 s']);
  });

  it('says what a member may do', () => {
    const cara = makeMember('Cara');
    const line = (edit: boolean, run: boolean): string =>
      permissionLine({ ...cara, permissions: { ...cara.permissions, edit, run } }, trans);
    const lines = [line(true, true), line(true, false), line(false, true), line(false, false)];
    expect(new Set(lines).size).toBe(4);
    expect(line(false, true)).toContain('editing is switched off');
    expect(permissionLine(makeMember('Sam', 'spectator'), trans)).toBe('You watch.');
    expect(permissionLine(makeMember('Ivan', 'interviewer'), trans)).toBe('');
  });

  it('makes file names of titles', () => {
    expect(fileName('Backend: round 2/3 – Zoë')).toBe('Backend-round-2-3-Zoë');
    expect(fileName('../..')).toBe('interview');
  });
});

describe('a time that is not known', () => {
  it('is told as such', () => {
    expect([moment(''), timeOfDay('soon'), clock(between('', null))]).toEqual([NO_TIME, NO_TIME, NO_TIME]);
  });
});
