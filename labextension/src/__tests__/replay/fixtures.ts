/** Makers of replays: an interview of a few seconds, in two frames. */
import { foldEntry } from '../../replay/fold';
import type { Entry, Frame, Moment, MomentCell } from '../../replay/moment';
import { NOTHING } from '../../replay/moment';
import { type Opened, ReplayModel } from '../../replay/model';
import {
  type Bookmark,
  type Manifest,
  type RawStory,
  readStory,
  type ReplayActions,
  type ReplaySource
} from '../../replay/record';

export function makeCell(id: string, source = '', more: Partial<MomentCell> = {}): MomentCell {
  return {
    id,
    cell_type: 'code',
    metadata: {},
    source,
    authors: source ? [[source.length, 0, 2]] : [],
    outputs: [],
    execution_count: null,
    execution_state: 'idle',
    run: null,
    ...more
  };
}

/** Event 2 makes two cells; 4 to 9 write into the first, 11 into the second; 6 is a run, 7 its end. */
export const ENTRIES: Entry[] = [
  [2, 0, 0, [['+', 0, [makeCell('a', 'start'), makeCell('b')]]]],
  [4, 1000, 2, [['t', 0, 5, 0, 'x', [[1, 2, 0]]]]],
  [5, 2000, 2, [['c', 9, 2, 'a', 6, 6]]],
  [6, 3000, 2, [['s', 0, 'run', 'r1']]],
  [7, 4000, 0, [['o', 0, 0, 0, [{ output_type: 'stream', name: 'stdout', text: 'one' }]]]],
  [9, 20_000, 1, [['t', 0, 6, 0, 'pasted', [[6, 1, 1]]]]],
  [11, 21_000, 2, [['t', 1, 0, 0, 'y', [[1, 2, 0]]]]]
];

/** The entries in frames of `size`. */
export function makeFrames(size = 4, entries = ENTRIES): Frame[] {
  const frames: Frame[] = [];
  let state: Moment = NOTHING;
  for (let from = 0; from < entries.length; from += size) {
    const part = entries.slice(from, from + size);
    frames.push({ state, entries: part });
    state = part.reduce(foldEntry, state);
  }
  return frames;
}

export function makeManifest(more: Partial<Manifest> = {}, frames = makeFrames()): Manifest {
  return {
    format: 1,
    room: { id: 'room-1', title: 'Two Sum', language: 'python' },
    started_at: '2026-01-01T10:00:00.000000Z',
    ended_at: '2026-01-01T10:00:22.000000Z',
    first_seq: 2,
    last_seq: 12,
    duration_ms: 22_000,
    live: false,
    damage: null,
    checked: true,
    members: [
      { id: null, name: '', role: 'server', color: null },
      { id: 'm-ivan', name: 'Ivan', role: 'interviewer', color: 'var(--jp-collaborator-color1)' },
      { id: 'm-cara', name: 'Cara', role: 'candidate', color: 'var(--jp-collaborator-color2)' }
    ],
    frames: frames.map(({ entries }, index) => ({
      number: index + 1,
      first_seq: index ? entries[0][0] : 1,
      last_seq: frames[index + 1] ? frames[index + 1].entries[0][0] - 1 : 12,
      first_ms: entries[0][1],
      last_ms: entries[entries.length - 1][1]
    })),
    density: { bin_ms: 1000, members: { 1: [0, 0, 6], 2: [1, 1] } },
    idle: [[4000, 20_000]],
    markers: [
      { ms: 0, seq: 1, kind: 'join', member: 1, who: 1 },
      { ms: 500, seq: 3, kind: 'join', member: 2, who: 2 },
      { ms: 3000, seq: 6, kind: 'run_started', member: 2, run: 'r1', cell: 'a' },
      { ms: 4000, seq: 7, kind: 'run_finished', member: 2, run: 'r1', cell: 'a', status: 'ok' },
      { ms: 5000, seq: 8, kind: 'message', member: 1 },
      { ms: 20_000, seq: 9, kind: 'paste', member: 1, size: 6, cell: 'a' },
      { ms: 20_500, seq: 10, kind: 'permission', member: 1, who: 2, permissions: { edit: false } },
      { ms: 22_000, seq: 12, kind: 'end', member: 1 }
    ],
    ...more
  };
}

export const STORY: RawStory = {
  messages: [{ seq: 8, ms: 5000, member: 1, content: 'Why?' }],
  runs: [
    {
      id: 'r1',
      cell: 'a',
      member: 2,
      source: 'startx',
      language: 'python',
      status: 'ok',
      started_seq: 6,
      started_ms: 3000,
      finished_seq: 7,
      finished_ms: 4000,
      duration_ms: 1000,
      execution_count: 1,
      message: null
    }
  ],
  people: [
    [0, 1, 1, 'join', 1],
    [500, 3, 2, 'join', 2]
  ],
  permissions: [{ seq: 10, ms: 20_500, member: 1, who: 2, permissions: { edit: false } }]
};

export interface Made {
  model: ReplayModel;
  source: ReplaySource;
  opened: Opened;
  /** Numbers of the frames that were asked for. */
  asked: number[];
  /** Let what was scheduled happen. */
  picture: () => void;
}

/** A replay whose frames arrive when promises settle, or never (`frames` answers), and whose pictures are drawn by the test. */
export function makeReplay(
  more: Partial<Manifest> = {},
  options: {
    actions?: Partial<ReplayActions>;
    frame?: ReplaySource['frame'];
    bookmarks?: Bookmark[];
    messages?: RawStory['messages'];
    /** In the place of pictures that are drawn by the test. */
    schedule?: (call: () => void) => void;
  } = {}
): Made {
  const frames = makeFrames();
  const asked: number[] = [];
  const story = { ...STORY, messages: options.messages ?? STORY.messages };
  const source: ReplaySource = {
    manifest: () => Promise.resolve(makeManifest(more)),
    story: () => Promise.resolve(story),
    bookmarks: () => Promise.resolve(options.bookmarks ?? []),
    frame: (number, signal) => {
      asked.push(number);
      return options.frame?.(number, signal) ?? Promise.resolve(frames[number - 1]);
    },
    actions: (options.actions as ReplayActions | undefined) ?? null
  };
  const opened = {
    manifest: makeManifest(more),
    story: readStory(story),
    bookmarks: options.bookmarks ?? []
  };
  const waiting: (() => void)[] = [];
  const picture = (): void => waiting.splice(0).forEach(call => call());
  const model = new ReplayModel(source, opened, options.schedule ?? (call => waiting.push(call)));
  return { model, source, opened, asked, picture };
}

/** Let frames arrive and be shown. */
export async function settleReplay({ picture }: Made): Promise<void> {
  for (let turn = 0; turn < 6; turn++) {
    picture();
    await settlePromises();
  }
}

/** Let everything happen that waits for nothing else. */
export async function settlePromises(): Promise<void> {
  for (let tick = 0; tick < 10; tick++) {
    await Promise.resolve();
  }
}
