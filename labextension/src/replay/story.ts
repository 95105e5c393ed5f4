/**
 * Who was there, what had been said, and what had been run at a position?
 */
import type { Permissions, RunStatus } from '../api';

import type { Moment } from './moment';
import { compare, countUntil, type Position, until } from './position';
import type { Marker, ReplayMember, Story, StoryRun } from './record';

export type Presence = 'present' | 'away' | 'left';

/** Somebody as they were at a moment. */
export interface PersonThen {
  /** Index among the members. */
  index: number;
  member: ReplayMember;
  presence: Presence;
  permissions: Partial<Permissions>;
}

/** Everybody who had come by then, in the order of the members. */
export function peopleAt(story: Story, members: readonly ReplayMember[], position: Position): PersonThen[] {
  const presence = new Map<number, Presence>();
  for (const { who, what } of until(story.people, position)) {
    const now = PRESENCE[what];
    if (now !== undefined && (now === 'present' || presence.has(who))) {
      presence.set(who, now);
    }
  }
  const permissions = new Map<number, Partial<Permissions>>();
  for (const change of until(story.permissions, position)) {
    permissions.set(change.who, { ...permissions.get(change.who), ...change.permissions });
  }
  return members.flatMap((member, index) => {
    const here = presence.get(index);
    return here
      ? [
          {
            index,
            member,
            presence: here,
            permissions: { ...USUAL[member.role], ...permissions.get(index) }
          }
        ]
      : [];
  });
}

/** Knocking and being admitted are not yet being there. */
const PRESENCE: Record<string, Presence | undefined> = {
  join: 'present',
  away: 'away',
  leave: 'left',
  remove: 'left'
};

/** What a role may do unless it is switched; the table is jupyter_interview/core/permissions.py. */
const USUAL: Record<string, Partial<Permissions>> = {
  interviewer: { edit: true, run: true, chat: true },
  candidate: { edit: true, run: true, chat: true },
  spectator: { edit: false, run: false, chat: false }
};

/** A run as it stood at a moment. */
export interface RunThen {
  run: StoryRun;
  /** Counted from 1, in the order in which the runs began. */
  number: number;
  status: RunStatus;
  finished: boolean;
  /** The cell's source is not what was run; `null` where the cell is gone. */
  edited: boolean | null;
  /** A cell further down had been run before, since the kernel began. */
  outOfOrder: boolean;
  /** Later runs that had replaced an output of this one. */
  replacedBy: StoryRun[];
}

/** The runs that had begun at the position, oldest first; where cells stand is taken from `moment`. */
export function runsAt(
  story: Story,
  markers: readonly Marker[],
  moment: Moment,
  position: Position
): RunThen[] {
  const cells = new Map(moment.cells.map((cell, index) => [cell.id, { index, source: cell.source }]));
  const runs = new Map(story.runs.map(run => [run.id, run]));
  const fresh = markers.filter(({ kind }) => FRESH.has(kind));
  let deepest = -1;
  let begun = 0;
  return until(story.runs, position).map((run, index) => {
    const starts = countUntil(fresh, marker => marker, run);
    if (starts !== begun) {
      begun = starts;
      deepest = -1;
    }
    const cell = cells.get(run.cell);
    const outOfOrder = cell !== undefined && cell.index < deepest;
    deepest = Math.max(deepest, cell?.index ?? -1);
    const finished = isFinished(run, position);
    return {
      run,
      number: index + 1,
      status: finished ? run.status : 'running',
      finished,
      edited: cell ? cell.source !== run.source : null,
      outOfOrder,
      replacedBy: until(run.outputs_replaced ?? [], position).flatMap(each => runs.get(each.run) ?? [])
    };
  });
}

/** With these the kernel knows nothing of earlier runs. */
const FRESH = new Set(['kernel_started', 'kernel_restarted', 'kernel_died']);

function isFinished(run: StoryRun, position: Position): boolean {
  return (
    run.finished_ms !== null &&
    compare({ ms: run.finished_ms, seq: run.finished_seq ?? run.seq }, position) <= 0
  );
}
