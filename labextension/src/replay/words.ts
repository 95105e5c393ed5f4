/**
 * How is what happened in an interview written for people?
 */
import type { Permissions } from '../api';
import { clock, runStatusName } from '../format';
import type { Translations } from '../tokens';

import type { Mark } from './landmarks';
import { Manner } from './moment';
import type { Manifest, ReplayMember } from './record';

/** Name of a member; the server has none of its own. */
export function nameOf(members: readonly ReplayMember[], index: number, trans: Translations): string {
  return members[index]?.name || (index === 0 ? trans.__('the server') : trans.__('somebody'));
}

/** What is shown instead of a message that a member hid. */
export function hiddenBy(members: readonly ReplayMember[], index: number, trans: Translations): string {
  return index === 0
    ? trans.__('This message was hidden by the interviewer.')
    : trans.__('This message was hidden by the interviewer %1.', nameOf(members, index, trans));
}

/** What a mark of the timeline says. */
export function markText(mark: Mark, members: readonly ReplayMember[], trans: Translations): string {
  const name = nameOf(members, mark.member, trans);
  switch (mark.kind) {
    case 'bookmark':
      return trans.__('Bookmark: %1', 'note' in mark ? mark.note : '');
    case 'run_started':
      return trans.__('%1 runs a cell', name);
    case 'run_finished':
      return trans.__('Run by %1: %2', name, runStatusName(('status' in mark && mark.status) || 'ok', trans));
    case 'message':
      return trans.__('Message from %1', name);
    case 'paste':
      return trans.__('%1 pasted %2 characters', name, 'size' in mark ? (mark.size ?? 0) : 0);
    case 'permission': {
      const { who, permissions } = mark as { who?: number; permissions?: Partial<Permissions> };
      const about = nameOf(members, who ?? mark.member, trans);
      return trans.__('%1 changed what %2 may do: %3', name, about, switchesText(permissions ?? {}, trans));
    }
    case 'kernel_started':
      return trans.__('Kernel started');
    case 'kernel_restarted':
      return mark.member ? trans.__('%1 restarted the kernel', name) : trans.__('Kernel restarted');
    case 'kernel_died':
      return trans.__('Kernel died');
    case 'interrupt':
      return trans.__('%1 interrupted the kernel', name);
    case 'clock_stepped':
      return steppedText(('by_ms' in mark && mark.by_ms) || 0, trans);
    case 'end':
      return trans.__('End of the interview');
    default:
      return comingText(
        mark.kind,
        nameOf(members, ('who' in mark ? mark.who : undefined) ?? mark.member, trans),
        trans
      );
  }
}

/** The server's clock was set. */
function steppedText(by: number, trans: Translations): string {
  const seconds = Math.round(Math.abs(by) / 100) / 10;
  return by < 0
    ? trans.__("The server's clock was set back by %1 s", seconds)
    : trans.__("The server's clock was set forward by %1 s, or the server was asleep", seconds);
}

/** Somebody comes or goes. */
function comingText(what: string, name: string, trans: Translations): string {
  const texts: Record<string, string> = {
    join: trans.__('%1 joined', name),
    away: trans.__('%1 is away', name),
    leave: trans.__('%1 left', name),
    knock: trans.__('%1 asks to be let in', name),
    admit: trans.__('%1 was let in', name),
    remove: trans.__('%1 was removed', name)
  };
  return texts[what] ?? what;
}

/** What somebody may and may not do, in one line. */
export function switchesText(permissions: Partial<Permissions>, trans: Translations): string {
  const names = { edit: trans.__('edit'), run: trans.__('run'), chat: trans.__('chat') };
  const all = (['edit', 'run', 'chat'] as const).filter(name => name in permissions);
  const may = all.filter(name => permissions[name]).map(name => names[name]);
  const not = all.filter(name => !permissions[name]).map(name => names[name]);
  return [
    ...(may.length ? [trans.__('may %1', may.join(', '))] : []),
    ...(not.length ? [trans.__('may not %1', not.join(', '))] : [])
  ].join('; ');
}

/** How a text came to be. */
export function mannerName(manner: number, trans: Translations): string {
  switch (manner) {
    case Manner.pasted:
      return trans.__('pasted');
    case Manner.starter:
      return trans.__('starter text');
    case Manner.generated:
      return trans.__('generated');
    case Manner.away:
      return trans.__('unknown: written while disconnected');
    default:
      return trans.__('typed');
  }
}

/** Time of day of a moment, in the reader's zone; empty where the beginning is not known. */
export function timeOfMoment(manifest: Manifest, ms: number): string {
  if (manifest.started_at === null) {
    return '';
  }
  const time = new Date(Date.parse(manifest.started_at) + ms);
  return time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** A moment for a screen reader: time, and how far in. */
export function momentText(manifest: Manifest, ms: number, trans: Translations): string {
  const time = timeOfMoment(manifest, ms);
  const [now, all] = [clock(ms), clock(manifest.duration_ms)];
  return time ? trans.__('%1 of %2, at %3', now, all, time) : trans.__('%1 of %2', now, all);
}
