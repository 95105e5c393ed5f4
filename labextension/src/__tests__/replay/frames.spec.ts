import { FrameStore } from '../../replay/frames';
import type { FrameInfo } from '../../replay/record';

const CONTENT = JSON.stringify({ state: { cells: [], metadata: {}, cursors: {} }, entries: [] });

const info = (number: number): FrameInfo => ({
  number,
  first_seq: number * 10,
  last_seq: number * 10 + 9,
  first_ms: number * 1000,
  last_ms: number * 1000 + 900
});

/** A store of five frames that come, as bytes, when the test says so. */
function makeStore(room?: number) {
  const under = new Map<number, () => void>();
  const aborted: number[] = [];
  const told = jest.fn();
  const store = new FrameStore(
    (number, signal) => {
      signal.addEventListener('abort', () => aborted.push(number));
      return new Promise(resolve => {
        under.set(number, () => {
          under.delete(number);
          // Node's encoder makes an ArrayBuffer of another realm.
          const bytes = new ArrayBuffer(CONTENT.length);
          new TextEncoder().encodeInto(CONTENT, new Uint8Array(bytes));
          resolve(bytes);
        });
      });
    },
    told,
    room
  );
  store.list = [1, 2, 3, 4, 5].map(info);
  const come = async (number: number): Promise<void> => {
    under.get(number)?.();
    await new Promise(resolve => setTimeout(resolve));
  };
  return { store, under, aborted, told, come };
}

describe('FrameStore', () => {
  it('loads the rest from where one is, two at a time, until all are there', async () => {
    const { store, under, told, come } = makeStore();
    store.loadRest(() => 2);
    expect([...under.keys()]).toEqual([3, 4]);
    await come(3);
    expect([...under.keys()]).toEqual([4, 2]);
    for (const number of [4, 2, 5, 1]) {
      expect(store.complete).toBe(false);
      await come(number);
    }
    expect(under.size).toBe(0);
    expect(store.complete).toBe(true);
    expect(told).toHaveBeenCalledTimes(1);
    expect([0, 1, 2, 3, 4].map(index => store.peek(index) !== null)).toEqual(Array(5).fill(true));
  });

  it('loads ahead no more than there is room for, and what is wanted beyond that', async () => {
    const { store, under, come } = makeStore(3 * CONTENT.length);
    store.loadRest(() => 0);
    for (const number of [1, 2, 3, 4]) {
      await come(number);
    }
    await come(5);
    expect(under.size).toBe(0);
    expect(store.complete).toBe(true);
    const first = store.get(0);
    await come(1);
    expect(await first).toBe(store.peek(0));
    expect(under.size).toBe(0);
  });

  it('begins with nothing more while it rests', async () => {
    const { store, under, come } = makeStore();
    store.loadRest(() => 0);
    store.rest();
    await come(1);
    await come(2);
    expect(under.size).toBe(0);
    store.loadRest(() => 0);
    expect([...under.keys()]).toEqual([3, 4]);
  });

  it('does not stop what it loads ahead when somebody wants another one', async () => {
    const { store, under, aborted, come } = makeStore();
    store.loadRest(() => 0);
    const fifth = store.get(4);
    const fourth = store.get(3);
    store.abandonAllBut(4);
    expect(aborted).toEqual([4]);
    expect([...under.keys()]).toEqual([1, 2, 5, 4]);
    await come(5);
    await come(4);
    expect(await fifth).toBe(store.peek(4));
    await fourth;
    expect(store.peek(3)).toBeNull();
  });
});
