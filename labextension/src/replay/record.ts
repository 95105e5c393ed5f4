/**
 * What does the server tell about an interview that is replayed?
 *
 * `ms` are whole milliseconds since the room's first event; `member` is an index into the manifest's members, where 0 is
 * the server. docs/developers/frames.md has the shapes.
 */
import type { Permissions, Role, RunStatus } from '../api';

import type { Gap } from './clock';
import type { Frame } from './moment';
import type { Happening } from './position';

export interface ReplayMember {
  /** `null` for the server. */
  id: string | null;
  name: string;
  role: Role | 'server';
  /** A CSS colour; `null` for the server. */
  color: string | null;
}

export interface FrameInfo {
  number: number;
  first_seq: number;
  last_seq: number;
  first_ms: number;
  last_ms: number;
}

/** Something that the timeline marks. Fields that a kind does not have are missing. */
export interface Marker extends Happening {
  kind: string;
  member: number;
  /** Whom it is about, where that is not who did it. */
  who?: number;
  run?: string;
  cell?: string;
  status?: RunStatus;
  duration_ms?: number | null;
  /** Of a paste, in UTF-16 units. */
  size?: number;
  permissions?: Partial<Permissions>;
  /** By how much the server's clock was set. */
  by_ms?: number;
}

/** Where the record does not hold. */
export interface Damage {
  seq: number;
  reason: string;
}

export interface ReplayRoom {
  id: string;
  title: string;
  language: string;
  files?: { name: string; size: number; sha256: string }[];
}

/** The table of contents of a replay. */
export interface Manifest {
  format: number;
  room: ReplayRoom;
  started_at: string | null;
  ended_at: string | null;
  /** The event with which the notebook began; `null` where none did. */
  first_seq: number | null;
  last_seq: number;
  duration_ms: number;
  live: boolean;
  damage: Damage | null;
  /** Whether more cannot become known of its damage: an ended interview is checked as a whole after it was opened. */
  checked: boolean;
  members: ReplayMember[];
  frames: FrameInfo[];
  density: { bin_ms: number; members: Record<string, number[]> };
  idle: Gap[];
  markers: Marker[];
}

/** The server is still making the frames. */
export interface Building {
  /** From 0 to 1. */
  progress: number;
}

export interface StoryMessage extends Happening {
  member: number;
  /** `null` where it was erased. */
  content: string | null;
  /** When an interviewer hid it, and which member: 0 where it was somebody outside of the room. */
  hidden?: Happening & { member: number };
}

/** A run; `seq` and `ms` are those of its beginning. */
export interface StoryRun extends Happening {
  id: string;
  cell: string;
  member: number;
  source: string;
  language: string;
  /** As it ended. */
  status: RunStatus;
  finished_seq: number | null;
  finished_ms: number | null;
  duration_ms: number | null;
  execution_count: number | null;
  message: string | null;
  /** In an exported file: members who edited the outputs afterwards, which older servers did not refuse. */
  outputs_edited_by?: number[];
  /** Later runs that replaced an output of this one, each with the first time. */
  outputs_replaced?: (Happening & { run: string })[];
}

/** Somebody came or went. */
export interface Coming extends Happening {
  /** Who did it. */
  member: number;
  what: string;
  /** Whom it is about. */
  who: number;
}

/** What somebody may do from here on. */
export interface PermissionChange extends Happening {
  /** Who changed it. */
  member: number;
  /** For whom. */
  who: number;
  permissions: Partial<Permissions>;
}

/** Everything that is not the notebook. Each list is in order. */
export interface Story {
  messages: StoryMessage[];
  runs: StoryRun[];
  people: Coming[];
  permissions: PermissionChange[];
}

/** The story as the server writes it. */
export interface RawStory {
  messages: StoryMessage[];
  runs: RawRun[];
  people: [ms: number, seq: number, member: number, what: string, who: number][];
  permissions: PermissionChange[];
}

type RawRun = Omit<StoryRun, 'seq' | 'ms'> & { started_seq: number | null; started_ms: number | null };

/**
 * The story, ready to be asked. Runs that never began because their batch was skipped are left out; those that the
 * server lost say so in a line, and stand where that was told.
 */
export function readStory(raw: RawStory): Story {
  const runs = raw.runs.flatMap(run => {
    const { started_seq, started_ms, ...rest } = run;
    const lost = started_seq === null && run.message;
    const seq = lost ? run.finished_seq : started_seq;
    const ms = lost ? run.finished_ms : started_ms;
    return seq === null || ms === null ? [] : [{ ...rest, seq, ms, source: rest.source ?? '' }];
  });
  return {
    messages: raw.messages,
    runs: runs.sort((a, b) => a.seq - b.seq),
    people: raw.people.map(([ms, seq, member, what, who]) => ({ ms, seq, member, what, who: who ?? member })),
    permissions: raw.permissions
  };
}

export interface Bookmark extends Happening {
  id: string;
  note: string;
  author: string;
  created_at: string;
}

/** A run that does not end as it did when it is done again. */
export interface Difference {
  reason?: 'outputs' | 'status' | 'gone' | 'not_repeated';
  message?: string | null;
  run?: string;
  cell?: string;
  source?: string;
  recorded?: unknown;
  now?: unknown;
}

/** How far the runs of a fork have been done again. */
export interface Rerun {
  state: 'none' | 'running' | 'done' | 'failed';
  done: number;
  total: number;
  message?: string | null;
  differences: Difference[];
}

/** A room that began at a moment of another. */
export interface Fork {
  id: string;
  url: string;
  title: string;
}

export type ExportFormat = 'ipynb' | 'jsonl' | 'html' | 'zip';

/** What can be done beside looking; offline there is none of it. */
export interface ReplayActions {
  /** At a moment, which may be some time after the event that it follows. */
  addBookmark(at: Happening, note: string): Promise<Bookmark>;
  changeBookmark(id: string, note: string): Promise<Bookmark>;
  removeBookmark(id: string): Promise<void>;
  fork(seq: number, title: string, rerun: boolean): Promise<Fork>;
  rerun(room: string): Promise<Rerun>;
  /** Address of a download; `seq` is the moment, where the format knows one. */
  exportUrl(format: ExportFormat, seq: number): string;
}

/** Where a replay comes from. Every method may be refused. */
export interface ReplaySource {
  manifest(): Promise<Manifest | Building>;
  /** A frame; one that comes from far away is JSON in UTF-8, which takes less room than what is in it. */
  frame(number: number, signal: AbortSignal): Promise<Frame | ArrayBuffer>;
  story(): Promise<RawStory>;
  bookmarks(): Promise<Bookmark[]>;
  readonly actions: ReplayActions | null;
}

export function isBuilding(answer: Manifest | Building): answer is Building {
  return 'progress' in answer && !('frames' in answer);
}
