import { oncePerPicture } from '../../replay/clock';

import { makeReplay, settlePromises, settleReplay } from './fixtures';

describe('playing', () => {
  let now = 0;
  let pictures: FrameRequestCallback[] = [];
  beforeEach(() => {
    now = 0;
    pictures = [];
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    jest.spyOn(window, 'requestAnimationFrame').mockImplementation(call => pictures.push(call));
    jest.spyOn(window, 'cancelAnimationFrame').mockImplementation(() => (pictures = []));
  });
  afterEach(() => jest.restoreAllMocks());

  const pass = async (made: ReturnType<typeof makeReplay>, ms: number): Promise<void> => {
    for (let gone = 0; gone < ms; gone += 100) {
      now += 100;
      pictures.splice(0).forEach(call => call(now));
      await settleReplay(made);
    }
  };

  it('goes from the beginning at the speed, skips what is idle, and stops at the end', async () => {
    const made = makeReplay();
    const { model } = made;
    await settleReplay(made);
    model.speed = 2;
    model.play();
    await settleReplay(made);
    await pass(made, 1000);
    expect(model.ms).toBe(2000);
    // At 5 s the gap from 4 s to 20 s has lasted its second: the next picture is one second before its end.
    await pass(made, 1500);
    expect(model.ms).toBe(19_000);
    await pass(made, 2000);
    expect([model.ms, model.seq, model.playing]).toEqual([22_000, 12, false]);
    model.dispose();
  });

  it('goes as far as time does, whatever pictures cost', async () => {
    const made = makeReplay({}, { schedule: oncePerPicture() });
    const { model } = made;
    const passIn = async (count: number): Promise<void> => {
      for (let picture = 0; picture < count; picture += 1) {
        now += 16;
        pictures.splice(0).forEach(call => call(now));
        await settlePromises();
      }
    };
    // Until the frames are here.
    await passIn(5);
    model.skipIdle = false;
    model.seekTime(0);
    await passIn(5);
    model.play();
    await passIn(60);
    expect(model.ms).toBe(960);
    model.speed = 4;
    await passIn(60);
    expect(model.ms).toBe(960 * 5);
    model.dispose();
  });

  it('plays what is idle when it is told to, and halts', async () => {
    const made = makeReplay();
    await settleReplay(made);
    made.model.seekTime(5000);
    made.model.skipIdle = false;
    made.model.play();
    await settleReplay(made);
    await pass(made, 1000);
    expect(made.model.ms).toBe(6000);
    made.model.pause();
    await pass(made, 1000);
    expect(made.model.ms).toBe(6000);
    made.model.dispose();
  });

  it('does not leap when the page was in the background', async () => {
    const made = makeReplay();
    await settleReplay(made);
    made.model.seekTime(0);
    made.model.play();
    await settleReplay(made);
    now += 60_000;
    pictures.splice(0).forEach(call => call(now));
    expect(made.model.ms).toBe(250);
    made.model.dispose();
  });

  it('waits for a frame that is not there yet', async () => {
    const made = makeReplay({}, { frame: () => new Promise(() => undefined) });
    made.model.seekTime(0);
    made.model.play();
    await pass(made, 1000);
    expect(made.model.ms).toBe(0);
    made.model.dispose();
  });
});
