import type { INotebookContent } from '@jupyterlab/nbformat';

import type { LogEvent } from '../api';
import { ReplayModel, type ReplayRecord, SETTLE_MS, STEP_MS } from '../replay';

import { makeMember, makeMessage, makeRoom, makeRun, settle } from './fixtures';

function event(seq: number, kind: string, member: string | null = null, payload = {}): LogEvent {
  const ts = new Date(Date.UTC(2026, 0, 1, 10, 0, seq)).toISOString();
  return { seq, ts, kind, member, payload };
}

const record: ReplayRecord = {
  room: makeRoom({ state: 'ended' }),
  events: [
    event(1, 'room_created'),
    event(2, 'join', 'm-cara'),
    event(3, 'chat_message', 'm-cara'),
    event(4, 'run_started', 'm-cara', { run: 'r1' }),
    event(5, 'run_finished', null, { run: 'r1' }),
    event(7, 'leave', 'm-cara')
  ],
  messages: [makeMessage(3, 'hello')],
  runs: [makeRun('r1')],
  members: [makeMember('Cara')]
};

const notebookAt = (seq: number): INotebookContent => ({
  cells: [],
  metadata: { at: seq },
  nbformat: 4,
  nbformat_minor: 5
});

function make() {
  const asked: number[] = [];
  const answers = new Map<number, (notebook: INotebookContent) => void>();
  const shown: number[] = [];
  const model = new ReplayModel(
    {
      notebook: (_, at, signal) => {
        asked.push(at);
        return new Promise((resolve, reject) => {
          answers.set(at, resolve);
          signal?.addEventListener('abort', () => reject(new Error('aborted')));
        });
      }
    },
    record
  );
  model.shown.connect((_, { seq, notebook }) => {
    expect(notebook.metadata).toEqual({ at: seq });
    shown.push(seq);
  });
  const answer = async (seq: number): Promise<void> => {
    answers.get(seq)?.(notebookAt(seq));
    await settle();
  };
  return { model, asked, shown, answer };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('ReplayModel', () => {
  it('begins at the end and shows exactly the notebook of the position', async () => {
    const { model, asked, shown, answer } = make();
    expect(model.seq).toBe(7);
    void model.show();
    await answer(7);
    expect([asked, shown]).toEqual([[7], [7]]);
    model.dispose();
  });

  it('asks once for a quick movement, and never shows an older answer', async () => {
    const { model, asked, shown, answer } = make();
    model.index = 0;
    model.index = 1;
    model.index = 2;
    expect(asked).toEqual([]);
    jest.advanceTimersByTime(SETTLE_MS);
    model.index = 3;
    jest.advanceTimersByTime(SETTLE_MS);
    expect(asked).toEqual([3, 4]);
    await answer(4);
    await answer(3);
    expect(shown).toEqual([4]);
    model.dispose();
  });

  it('keeps what it has seen', async () => {
    const { model, asked, shown, answer } = make();
    for (const index of [4, 5]) {
      model.index = index === 5 ? 0 : 1;
      jest.advanceTimersByTime(SETTLE_MS);
      await answer(model.seq);
    }
    model.index = 1;
    jest.advanceTimersByTime(SETTLE_MS);
    await settle();
    expect(asked).toEqual([2, 1]);
    expect(shown).toEqual([2, 1, 2]);
    model.dispose();
  });

  it('tells chat, runs and people of each moment', () => {
    const { model } = make();
    const told = [0, 1, 2, 3, 4, 5].map(index => {
      model.index = index;
      return [
        model.seq,
        model.messages.length,
        model.runs.map(({ status }) => status).join(),
        model.present.map(member => member.name).join()
      ];
    });
    expect(told).toEqual([
      [1, 0, '', ''],
      [2, 0, '', 'Cara'],
      [3, 1, '', 'Cara'],
      [4, 1, 'running', 'Cara'],
      [5, 1, 'ok', 'Cara'],
      [7, 1, 'ok', '']
    ]);
    expect(model.offset).toBe(6000);
    model.dispose();
  });

  it('stays within the record', () => {
    const { model } = make();
    model.index = 99;
    expect(model.seq).toBe(7);
    model.index = -5;
    expect(model.seq).toBe(1);
    model.dispose();
  });

  it('plays from the beginning to the end, and can be halted', () => {
    const { model } = make();
    model.play();
    expect(model.seq).toBe(1);
    jest.advanceTimersByTime(2 * STEP_MS);
    expect(model.seq).toBe(3);
    model.pause();
    jest.advanceTimersByTime(5 * STEP_MS);
    expect(model.seq).toBe(3);
    model.play();
    jest.advanceTimersByTime(20 * STEP_MS);
    expect([model.seq, model.playing]).toEqual([7, false]);
    model.dispose();
  });

  it('says when a notebook cannot be had', async () => {
    const model = new ReplayModel({ notebook: () => Promise.reject(new Error('gone')) }, record);
    const failures: unknown[] = [];
    model.failed.connect((_, reason) => failures.push(reason));
    await model.show();
    expect(failures).toEqual([new Error('gone')]);
    model.dispose();
  });
});
