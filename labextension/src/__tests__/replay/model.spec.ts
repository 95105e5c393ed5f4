import { follow, FOLLOW_MS } from '../../replay/follow';
import { openReplay } from '../../replay/open';
import { atTime } from '../../replay/position';
import { readStory } from '../../replay/record';

import { makeFrames, makeManifest, makeReplay, settleReplay, STORY } from './fixtures';

const sources = (made: ReturnType<typeof makeReplay>): string[] =>
  made.model.shown?.moment.cells.map(cell => cell.source) ?? [];

describe('ReplayModel', () => {
  it('begins at the end', async () => {
    const made = makeReplay();
    await settleReplay(made);
    expect(sources(made)).toEqual(['startxpasted', 'y']);
    expect([made.model.ms, made.model.seq, made.model.settled]).toEqual([22_000, 12, true]);
    made.model.dispose();
  });

  it('goes to a time and to an event, exactly', async () => {
    const made = makeReplay();
    const { model } = made;
    const told: unknown[] = [];
    for (const ms of [0, 999, 1000, 3500, 20_000]) {
      model.seekTime(ms);
      await settleReplay(made);
      told.push([model.seq, sources(made)[0]]);
    }
    expect(told).toEqual([
      [2, 'start'],
      [3, 'start'],
      [4, 'startx'],
      [6, 'startx'],
      [9, 'startxpasted']
    ]);
    for (const seq of [1, 2, 3, 5, 8, 9, 10, 12]) {
      await model.seekEvent(seq);
      await settleReplay(made);
      expect(model.seq).toBe(seq);
      expect(model.shown?.seq).toBe(seq);
    }
    await model.go({ seq: 8 });
    expect(model.ms).toBe(5000);
    await model.go({ ms: 1234 });
    expect(model.position).toEqual(atTime(1234));
    model.dispose();
  });

  it('goes where it was last told to, whichever answer comes first', async () => {
    const answers = new Map<number, () => void>();
    const frames = makeFrames();
    const made = makeReplay(
      {},
      { frame: number => new Promise(resolve => answers.set(number, () => resolve(frames[number - 1]))) }
    );
    const first = made.model.seekEvent(9);
    const second = made.model.seekEvent(4);
    answers.get(1)?.();
    await second;
    answers.get(2)?.();
    await first;
    expect(made.model.seq).toBe(4);
    made.model.dispose();
  });

  it('stays within the record', async () => {
    const { model } = makeReplay();
    model.seekTime(99_999);
    expect([model.ms, model.seq]).toEqual([22_000, 12]);
    model.seekTime(-5);
    expect([model.ms, model.seq, model.begun(), model.begun(2)]).toEqual([0, 1, false, true]);
    await model.seekEvent(0);
    expect(model.seq).toBe(1);
    await model.seekEvent(1e9);
    expect(model.atEnd).toBe(true);
    model.dispose();
  });

  it('folds once for many movements, and the last one wins', async () => {
    const made = makeReplay();
    await settleReplay(made);
    const shown: number[] = [];
    made.model.displayed.connect(model => shown.push(model.shown?.seq ?? -1));
    for (const ms of [100, 900, 1500, 3000, 2000]) {
      made.model.seekTime(ms);
    }
    await settleReplay(made);
    expect(shown).toEqual([5]);
    made.model.dispose();
  });

  it('never shows an older answer, and stops asking for what is far behind', async () => {
    const answers = new Map<number, () => void>();
    const signals: AbortSignal[] = [];
    const frames = makeFrames(2);
    const made = makeReplay(
      { frames: makeManifest({}, frames).frames },
      {
        frame: (number, signal) => {
          signals.push(signal);
          return new Promise(resolve => answers.set(number, () => resolve(frames[number - 1])));
        }
      }
    );
    made.picture();
    made.model.seekTime(0);
    made.picture();
    expect(made.asked).toEqual([4, 1]);
    expect(signals[0].aborted).toBe(true);
    answers.get(1)?.();
    answers.get(4)?.();
    await settleReplay(made);
    expect(made.model.shown?.seq).toBe(2);
    made.model.dispose();
  });

  it('steps by edit, run and message, there and back', async () => {
    const made = makeReplay();
    const { model } = made;
    await settleReplay(made);
    const walk = async (what: 'edit' | 'run' | 'message', by: 1 | -1, times: number): Promise<number[]> => {
      const told: number[] = [];
      for (let step = 0; step < times; step++) {
        await model.step(what, by);
        await settleReplay(made);
        told.push(model.seq);
      }
      return told;
    };
    // The cursor of event 5 is no edit.
    expect(await walk('edit', -1, 7)).toEqual([11, 9, 7, 6, 4, 2, 1]);
    expect(await walk('edit', 1, 7)).toEqual([2, 4, 6, 7, 9, 11, 12]);
    expect(await walk('run', -1, 2)).toEqual([6, 1]);
    expect(await walk('run', 1, 2)).toEqual([6, 12]);
    expect(await walk('message', -1, 1)).toEqual([8]);
    model.dispose();
  });

  it('tells what the last edit was, for the view to follow', async () => {
    const made = makeReplay();
    const told: unknown[] = [];
    for (const seq of [4, 5, 7, 9, 11]) {
      await made.model.seekEvent(seq);
      await settleReplay(made);
      told.push(made.model.shown?.focus);
    }
    expect(told).toEqual([
      { cell: 'a', pos: 6 },
      { cell: 'a', pos: 6 },
      { cell: 'a', pos: null },
      { cell: 'a', pos: 12 },
      { cell: 'b', pos: 1 }
    ]);
    made.model.dispose();
  });

  it('gives a moment without going there', async () => {
    const made = makeReplay();
    await settleReplay(made);
    const moment = await made.model.momentAt({ ms: 4000, seq: 7 });
    expect(moment.cells[0].outputs).toHaveLength(1);
    expect(made.model.seq).toBe(12);
    made.model.dispose();
  });

  it('says when a frame cannot be had, and tries again', async () => {
    let broken = true;
    const frames = makeFrames();
    const made = makeReplay(
      {},
      { frame: number => (broken ? Promise.reject(new Error('gone')) : Promise.resolve(frames[number - 1])) }
    );
    await settleReplay(made);
    expect(made.model.error).toEqual(new Error('gone'));
    expect(made.model.settled).toBe(false);
    broken = false;
    made.model.retry();
    await settleReplay(made);
    expect([made.model.error, made.model.settled]).toEqual([null, true]);
    made.model.dispose();
  });

  it('says when a frame is damaged, and goes on elsewhere', async () => {
    const frames = makeFrames();
    const bad = { ...frames[1], entries: [[9, 20_000, 1, [['t', 7, 0, 0, 'x', []]]]] } as never;
    const made = makeReplay({}, { frame: number => Promise.resolve(number === 2 ? bad : frames[0]) });
    await settleReplay(made);
    expect(String(made.model.error)).toContain('does not fit');
    made.model.seekTime(1000);
    await settleReplay(made);
    expect([made.model.error, sources(made)[0]]).toEqual([null, 'startx']);
    made.model.dispose();
  });

  it('shows nothing of an empty interview', async () => {
    const made = makeReplay({ frames: [], last_seq: 0, duration_ms: 0 });
    await settleReplay(made);
    expect(made.model.shown?.moment.cells).toEqual([]);
    expect(made.asked).toEqual([]);
    made.model.dispose();
  });
});

describe('a live interview', () => {
  it('grows at its end, and loads only the frame that has grown', async () => {
    const made = makeReplay({ live: true });
    const { model, opened } = made;
    await settleReplay(made);
    expect(made.asked).toEqual([2]);
    const frames = opened.manifest.frames.map((info, index) => (index ? { ...info, last_seq: 13 } : info));
    model.update({ ...opened, manifest: { ...opened.manifest, last_seq: 13, duration_ms: 23_000, frames } });
    await settleReplay(made);
    expect([model.ms, model.seq]).toEqual([23_000, 13]);
    expect(made.asked).toEqual([2, 2]);
    model.seekTime(1000);
    model.update({ ...opened, manifest: { ...opened.manifest, last_seq: 14, duration_ms: 24_000 } });
    expect(model.ms).toBe(1000);
    model.dispose();
  });

  it('loads what comes next when nothing else is wanted', async () => {
    jest.useFakeTimers();
    const made = makeReplay();
    await settleReplay(made);
    await jest.advanceTimersByTimeAsync(1000);
    expect(made.asked).toEqual([2, 1]);
    made.model.dispose();
    jest.useRealTimers();
  });

  it('is asked for news every few seconds until it is over', async () => {
    jest.useFakeTimers();
    const made = makeReplay({ live: true });
    const manifest = jest.fn(() =>
      Promise.resolve(makeManifest({ live: true, last_seq: 13, duration_ms: 23_000 }))
    );
    made.source.manifest = manifest;
    const refresh = follow(made.model);
    await jest.advanceTimersByTimeAsync(FOLLOW_MS);
    expect(made.model.seq).toBe(13);
    refresh?.();
    await jest.advanceTimersByTimeAsync(0);
    // Once to hear that there is news, once with all that belongs to it; without news that is not asked for.
    expect(manifest).toHaveBeenCalledTimes(3);
    manifest.mockImplementation(() => Promise.resolve(makeManifest({ last_seq: 14, duration_ms: 24_000 })));
    await jest.advanceTimersByTimeAsync(3 * FOLLOW_MS);
    expect(manifest).toHaveBeenCalledTimes(5);
    expect([made.model.seq, made.model.manifest.live]).toEqual([14, false]);
    expect(follow(made.model)).toBeNull();
    made.model.dispose();
    jest.useRealTimers();
  });
});

describe('an interview whose log is being checked', () => {
  it('is asked for until that is done, and shows no more than holds', async () => {
    jest.useFakeTimers();
    const made = makeReplay({ checked: false });
    const manifest = jest.fn(() => Promise.resolve(makeManifest({ checked: false })));
    made.source.manifest = manifest;
    expect(follow(made.model)).toBeNull();
    await jest.advanceTimersByTimeAsync(FOLLOW_MS);
    expect(manifest).toHaveBeenCalledTimes(1);
    expect([made.model.seq, made.model.manifest.damage]).toEqual([12, null]);
    const damage = { seq: 10, reason: 'hash' };
    manifest.mockImplementation(() =>
      Promise.resolve(makeManifest({ checked: true, damage, last_seq: 9, duration_ms: 20_000 }))
    );
    await jest.advanceTimersByTimeAsync(3 * FOLLOW_MS);
    expect(manifest).toHaveBeenCalledTimes(3);
    expect([made.model.seq, made.model.ms, made.model.manifest.damage]).toEqual([9, 20_000, damage]);
    made.model.dispose();
    jest.useRealTimers();
  });
});

describe('openReplay', () => {
  it('waits while the server prepares it', async () => {
    jest.useFakeTimers();
    const { source } = makeReplay();
    const answers = [{ progress: 0.25 }, { progress: 0.5 }, makeManifest()];
    source.manifest = () => Promise.resolve(answers.shift() ?? makeManifest());
    const parts: number[] = [];
    const opening = openReplay(source, part => parts.push(part));
    await jest.advanceTimersByTimeAsync(2000);
    expect((await opening).manifest.last_seq).toBe(12);
    expect(parts).toEqual([0.25, 0.5]);
    jest.useRealTimers();
  });

  it('leaves out runs that never began', () => {
    const [run] = STORY.runs;
    const skipped = { ...run, id: 'r2', started_seq: null, started_ms: null };
    expect(readStory({ ...STORY, runs: [skipped, run] }).runs.map(({ id }) => id)).toEqual(['r1']);
  });

  it('tells runs that the server lost before they began', () => {
    const [run] = STORY.runs;
    const ended = { finished_seq: 12, finished_ms: 9_000, message: 'It was not run.' };
    const lost = { ...run, ...ended, id: 'r2', started_seq: null, started_ms: null };
    const { runs } = readStory({ ...STORY, runs: [lost, run] });
    expect(runs.map(({ id, seq, message }) => [id, seq, message ?? null])).toEqual([
      ['r1', run.started_seq, run.message ?? null],
      ['r2', 12, 'It was not run.']
    ]);
  });
});
