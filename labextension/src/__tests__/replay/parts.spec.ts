import { shares } from '../../replay/authors';
import { advance, EDGE_MS, gapAt, nextSpeed, Paced } from '../../replay/clock';
import { marksOf } from '../../replay/landmarks';
import { fragmentOf, linkTo, parseFragment, parseTime } from '../../replay/link';
import { NOTHING } from '../../replay/moment';
import { readStory } from '../../replay/record';
import { peopleAt, runsAt } from '../../replay/story';
import { columns, isDrawn, lanesOf, marksBetween, peakOf, toMs, toX } from '../../replay/timeline';
import { markText, momentText } from '../../replay/words';

import { trans } from '../fixtures';
import { makeCell, makeManifest, STORY } from './fixtures';

describe('Paced', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('waits until nobody asks any more', () => {
    const then = jest.fn();
    const paced = new Paced(then, 80, 500);
    paced.call();
    jest.advanceTimersByTime(79);
    paced.call();
    jest.advanceTimersByTime(79);
    expect(then).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(then).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(1000);
    expect(then).toHaveBeenCalledTimes(1);
  });

  it('does not wait for ever', () => {
    const then = jest.fn();
    const paced = new Paced(then, 80, 500);
    for (let at = 0; at < 1200; at += 40) {
      paced.call();
      jest.advanceTimersByTime(40);
    }
    expect(then).toHaveBeenCalledTimes(2);
  });

  it('can be stopped', () => {
    const then = jest.fn();
    const paced = new Paced(then, 80, 500);
    paced.call();
    paced.stop();
    jest.advanceTimersByTime(1000);
    expect(then).not.toHaveBeenCalled();
  });
});

describe('links to a moment', () => {
  it.each([
    ['#t=90', { ms: 90_000 }],
    ['#t=1:30', { ms: 90_000 }],
    ['#t=1:02:03.5', { ms: 3_723_500 }],
    ['#t=0.25', { ms: 250 }],
    ['#seq=42', { seq: 42 }],
    ['', null],
    ['#', null],
    ['#t=', null],
    ['#t=-5', null],
    ['#t=1:2:3:4', null],
    ['#t=abc', null],
    ['#t=1e9', null],
    ['#seq=x&t=3', { ms: 3000 }],
    ['#invite=secret', null]
  ])('reads %s', (fragment, target) => {
    expect(parseFragment(fragment)).toEqual(target);
  });

  it('are read as they were written', () => {
    for (const ms of [0, 1, 999, 61_234, 28_800_000]) {
      expect(parseFragment(fragmentOf(ms))).toEqual({ ms });
    }
    expect(linkTo('http://host/interview/r/replay#t=1', 2500)).toBe('http://host/interview/r/replay#t=2.5');
    expect(parseTime(' 7 ')).toBe(7000);
  });
});

describe('the clock', () => {
  const gaps = [
    [10_000, 20_000],
    [30_000, 36_000]
  ] as const;

  it('finds gaps', () => {
    expect([0, 10_000, 19_999, 20_000, 33_000, 40_000].map(ms => gapAt(gaps, ms)?.[0] ?? null)).toEqual([
      null,
      10_000,
      10_000,
      null,
      30_000,
      null
    ]);
  });

  it('skips the middle of a gap, and nothing else', () => {
    const pace = { speed: 4, skipIdle: true };
    expect(advance(5000, 100, pace, gaps)).toBe(5400);
    expect(advance(10_000, 100, pace, gaps)).toBe(10_400);
    expect(advance(10_900, 100, pace, gaps)).toBe(20_000 - EDGE_MS);
    expect(advance(19_000, 100, pace, gaps)).toBe(19_400);
    expect(advance(10_900, 100, { ...pace, skipIdle: false }, gaps)).toBe(11_300);
  });

  it('has steps of speed with ends', () => {
    expect([nextSpeed(1, 1), nextSpeed(32, 1), nextSpeed(0.5, -1), nextSpeed(2, -1)]).toEqual([
      2, 32, 0.5, 1
    ]);
  });
});

describe('the timeline', () => {
  const manifest = makeManifest();

  it('puts moments at places and back', () => {
    expect(toX(11_000, 22_000, 500)).toBe(250);
    expect(toX(99_000, 22_000, 500)).toBe(500);
    expect(toX(1, 0, 500)).toBe(0);
    expect(toMs(250, 22_000, 500)).toBe(11_000);
    expect(toMs(-9, 22_000, 500)).toBe(0);
    expect(toMs(5, 22_000, 0)).toBe(0);
  });

  it('has a lane for each member who wrote', () => {
    expect(lanesOf(manifest).map(({ member }) => member)).toEqual([1, 2]);
    expect(lanesOf({ ...manifest, density: { bin_ms: 1000, members: { 1: [0], 2: [] } } })).toEqual([]);
  });

  it('draws bins over columns, whichever are finer', () => {
    const span = { binMs: 1000, duration: 4000, width: 8, peak: 4 };
    expect(columns([0, 4, 1, 0], span)).toEqual([0, 0, 1, 1, 0.5, 0.5, 0, 0]);
    expect(columns([0, 4, 1, 0], { ...span, width: 2 })).toEqual([1, 0.5]);
    expect(columns([9], { ...span, duration: 0 })).toEqual(new Array(8).fill(0));
  });

  it('is not flattened by one large paste', () => {
    const typing = { member: 1, bins: [...new Array<number>(20).fill(5), 4000] };
    expect(peakOf([typing])).toBe(15);
    expect(peakOf([])).toBe(0);
  });

  it('finds what is near, bookmarks too', () => {
    const bookmark = { id: 'b', ms: 4100, seq: 7, note: 'Look', author: 'Ivan', created_at: '' };
    const marks = marksOf(manifest, [bookmark]);
    expect(marksBetween(marks, 3900, 4200).map(mark => mark.kind)).toEqual(['run_finished', 'bookmark']);
    expect(marks.filter(isDrawn).map(mark => mark.kind)).toEqual([
      'join',
      'join',
      'run_finished',
      'bookmark',
      'message',
      'paste',
      'permission',
      'end'
    ]);
  });

  it('says what happened in words', () => {
    const texts = marksOf(manifest, []).map(mark => markText(mark, manifest.members, trans));
    expect(texts).toEqual([
      'Ivan joined',
      'Cara joined',
      'Cara runs a cell',
      'Run by Cara: done',
      'Message from Ivan',
      'Ivan pasted 6 characters',
      'Ivan changed what Cara may do: may not edit',
      'End of the interview'
    ]);
    expect(momentText(manifest, 5000, trans)).toMatch(/^0:05 of 0:22, at /);
  });
});

describe('a restart of the kernel', () => {
  it.each([
    [0, 'Kernel restarted'],
    [1, 'Ada restarted the kernel']
  ])('is told with who asked for it, where the log says so', (member, text) => {
    const members = [{ name: '' }, { name: 'Ada' }] as never;
    expect(markText({ ms: 10, seq: 3, kind: 'kernel_restarted', member }, members, trans)).toBe(text);
  });
});

describe('a clock that was set', () => {
  it.each([
    [-3_600_000, "The server's clock was set back by 3600 s"],
    [2_540, "The server's clock was set forward by 2.5 s, or the server was asleep"]
  ])('is a mark: %s ms', (by_ms, text) => {
    const mark = { ms: 10, seq: 3, kind: 'clock_stepped', member: 0, by_ms };
    expect(isDrawn(mark)).toBe(true);
    expect(markText(mark, [], trans)).toBe(text);
  });
});

describe('the story at a moment', () => {
  const story = readStory(STORY);
  const { members, markers } = makeManifest();

  it('knows who was there and what they could do', () => {
    const at = (ms: number): unknown =>
      peopleAt(story, members, { ms, seq: Infinity }).map(({ member, presence, permissions }) => [
        member.name,
        presence,
        permissions.edit
      ]);
    expect(at(0)).toEqual([['Ivan', 'present', true]]);
    expect(at(600)).toEqual([
      ['Ivan', 'present', true],
      ['Cara', 'present', true]
    ]);
    expect(at(21_000)).toEqual([
      ['Ivan', 'present', true],
      ['Cara', 'present', false]
    ]);
  });

  it('follows those who go, come back, are let in or removed', () => {
    const coming = (ms: number, what: string) => ({ ms, seq: ms, member: 1, what, who: 2 });
    const whats = ['knock', 'admit', 'join', 'away', 'join', 'leave', 'join', 'remove'];
    const people = whats.map((what, index) => coming(index, what));
    const told = whats.map((_, ms) => {
      const [person] = peopleAt({ ...story, people }, members, { ms, seq: Infinity });
      return (person as { presence: string } | undefined)?.presence ?? null;
    });
    expect(told).toEqual([null, null, 'present', 'away', 'present', 'left', 'present', 'left']);
  });

  it('flags runs that were edited since, and cells that are gone', () => {
    const at = (source: string | null, ms = 21_000): unknown => {
      const cells = source === null ? [] : [makeCell('a', source)];
      const [run] = runsAt(story, markers, { ...NOTHING, cells }, { ms, seq: Infinity });
      return run ? [run.status, run.edited, run.number] : null;
    };
    expect(at('startx', 2999)).toBeNull();
    expect(at('startx', 3000)).toEqual(['running', false, 1]);
    expect(at('startx')).toEqual(['ok', false, 1]);
    expect(at('changed')).toEqual(['ok', true, 1]);
    expect(at(null)).toEqual(['ok', null, 1]);
  });

  it('tells later runs that had replaced an output by then', () => {
    const [run] = story.runs;
    const earlier = {
      ...run,
      outputs_replaced: [
        { seq: 8, ms: 5000, run: 'r2' },
        { seq: 9, ms: 6000, run: 'gone' }
      ]
    };
    const later = { ...run, id: 'r2', seq: 8, ms: 4500 };
    const at = (ms: number): string[] =>
      runsAt({ ...story, runs: [earlier, later] }, markers, NOTHING, { ms, seq: Infinity })[0].replacedBy.map(
        each => each.id
      );
    expect(at(4999)).toEqual([]);
    expect(at(7000)).toEqual(['r2']);
  });

  it('flags runs after one further down, until the kernel begins anew', () => {
    const run = (seq: number, cell: string) => ({ ...story.runs[0], id: `r${seq}`, seq, ms: seq, cell });
    const runs = [run(1, 'a'), run(2, 'c'), run(3, 'b'), run(4, 'c'), run(6, 'a'), run(7, 'b')];
    const moment = { ...NOTHING, cells: ['a', 'b', 'c'].map(id => makeCell(id)) };
    const fresh = [{ seq: 5, ms: 5, kind: 'kernel_restarted', member: 1 }];
    const flags = runsAt({ ...story, runs }, fresh, moment, { ms: 9, seq: 9 }).map(then => then.outOfOrder);
    expect(flags).toEqual([false, false, true, false, false, false]);
  });
});

describe('shares', () => {
  it('count who wrote what in which manner, and the starter text for nobody', () => {
    const cell = (id: string, authors: [number, number, number][]) => ({ ...makeCell(id), authors });
    const moment = {
      ...NOTHING,
      cells: [
        cell('a', [
          [10, 0, 2],
          [30, 2, 0],
          [20, 2, 1]
        ]),
        cell('b', [
          [40, 1, 0],
          [10, 2, 3]
        ])
      ]
    };
    expect(shares(moment)).toEqual({
      starter: 10,
      members: [
        { member: 2, part: 0.6, all: 60, typed: 30, pasted: 20, generated: 10, away: 0 },
        { member: 1, part: 0.4, all: 40, typed: 40, pasted: 0, generated: 0, away: 0 }
      ]
    });
    expect(shares(NOTHING)).toEqual({ starter: 0, members: [] });
  });
});
