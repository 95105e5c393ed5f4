/**
 * How are times, durations and names written for people?
 */
import type { Member, Role, RoomState, RunStatus } from './api';
import type { Translations } from './tokens';

/** What stands for a time that is not known. */
export const NO_TIME = '–';

/** `m:ss`, or `h:mm:ss` from an hour on; never negative. */
export function clock(milliseconds: number): string {
  if (Number.isNaN(milliseconds)) {
    return NO_TIME;
  }
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  const hours = Math.floor(seconds / 3600);
  const [minutes, rest] = parts.map(part => String(part).padStart(2, '0'));
  return hours ? `${hours}:${minutes}:${rest}` : `${Number(minutes)}:${rest}`;
}

/** Milliseconds between two moments; to now where the second is missing. */
export function between(from: string, to: string | null): number {
  return (to ? Date.parse(to) : Date.now()) - Date.parse(from);
}

/** Date and time in the reader's language and zone. */
export function moment(iso: string): string {
  return told(iso, date => date.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }));
}

/** Time of day in the reader's language and zone, with seconds. */
export function timeOfDay(iso: string): string {
  return told(iso, date =>
    date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  );
}

function told(iso: string, tell: (date: Date) => string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? NO_TIME : tell(date);
}

/** How long a run took: milliseconds below a second, else seconds. */
export function runTime(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** A number of bytes for people, in decimal units as file managers show it. */
export function fileSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit && size < 9.95 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

export function roleName(role: Role, trans: Translations): string {
  return {
    interviewer: trans.__('Interviewer'),
    candidate: trans.__('Candidate'),
    spectator: trans.__('Spectator')
  }[role];
}

export function stateName(state: RoomState, trans: Translations): string {
  return { waiting: trans.__('Waiting'), live: trans.__('Live'), ended: trans.__('Ended') }[state];
}

export function presenceName(presence: Member['presence'], trans: Translations): string {
  return { present: trans.__('here'), away: trans.__('away'), left: trans.__('left') }[presence];
}

export function runStatusName(status: RunStatus, trans: Translations): string {
  return {
    queued: trans.__('queued'),
    running: trans.__('running'),
    ok: trans.__('done'),
    error: trans.__('error'),
    interrupted: trans.__('interrupted'),
    timeout: trans.__('time limit reached'),
    died: trans.__('kernel died'),
    skipped: trans.__('skipped')
  }[status];
}

/** What a member may do now, as one line; the empty string where nothing needs to be said. */
export function permissionLine(member: Member, trans: Translations): string {
  const { edit, run, chat } = member.permissions;
  if (member.role === 'spectator') {
    return chat ? trans.__('You watch and may chat.') : trans.__('You watch.');
  }
  if (edit && run) {
    return member.role === 'interviewer' ? '' : trans.__('You may edit and run code.');
  }
  if (edit) {
    return trans.__('You may edit; running code is switched off for you.');
  }
  if (run) {
    return member.role === 'interviewer'
      ? trans.__('You observe: editing is switched off.')
      : trans.__('You may run code; editing is switched off for you.');
  }
  if (member.role === 'interviewer') {
    return trans.__('You observe: editing and running are switched off.');
  }
  return trans.__('You may read; editing and running are switched off for you.');
}
