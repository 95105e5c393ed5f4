/**
 * What does the chat show: messages, who came and went, and what is still on its way?
 */
import type { IMessageContent, IUser } from '@jupyter/chat';

import type { Person } from './api';
import { comingLine } from './attention';
import { roleName } from './format';
import type { RoomModel } from './model';
import { isolated, linesBody, linesOf } from './plainlines';
import type { Translations } from './tokens';

/** Sender of the lines that say who came and went. */
export const SYSTEM = 'jupyter-interview';

declare module '@jupyter/chat' {
  interface IMessageMetadata {
    /** Not yet acknowledged by the server. */
    pending?: boolean;
    /** Number in the log of a message that can be hidden. */
    seq?: number;
  }
}

/** A person as the chat components know people: they show, with the name, what somebody is. */
export function toUser(person: Person, trans: Translations): IUser {
  const initials = person.name
    .split(/\s+/)
    .map(part => Array.from(part)[0] ?? '')
    .join('')
    .slice(0, 2)
    .toUpperCase();
  const role = roleName(person.role, trans).toLocaleLowerCase();
  const display_name = trans.__('%1 (%2)', isolated(person.name), role);
  return { username: person.id, name: person.name, display_name, initials };
}

/** Everything that the chat shows, oldest first; what is not yet acknowledged comes last. */
export function chatLines(room: RoomModel, trans: Translations): IMessageContent[] {
  const said = room.messages.map(message => ({
    type: 'msg',
    // What is shown of a hidden one is another line: its id says so, and the list is made anew from there.
    id: `message-${message.seq}${message.hidden ? '-hidden' : ''}`,
    body: message.hidden ? linesBody([hiddenText(message.hidden.by, trans)]) : message.content,
    time: secondsOf(message.ts),
    sender: toUser(message.sender, trans),
    metadata: message.hidden ? {} : { seq: message.seq }
  }));
  const came = room.comings.map(coming => ({
    type: 'msg',
    id: `${coming.kind}-${coming.member.id}-${coming.ts}`,
    body: linesBody([comingLine(coming, isolated(coming.member.name), trans)]),
    time: secondsOf(coming.ts),
    sender: { username: SYSTEM, display_name: trans.__('Interview') }
  }));
  const pending = room.channel.pending.map(message => ({
    type: 'msg',
    id: `pending-${message.id}`,
    body: message.content,
    time: message.time / 1000,
    sender: toUser(room.you, trans),
    metadata: { pending: true }
  }));
  return [...joinLines([...said, ...came].sort((a, b) => a.time - b.time)), ...pending];
}

/** Seconds since 1970 of a moment; of now where it is none, which no line can be shown with. */
function secondsOf(iso: string): number {
  const milliseconds = Date.parse(iso);
  return (Number.isNaN(milliseconds) ? Date.now() : milliseconds) / 1000;
}

/** Comings and goings without a message between them make one entry. */
function joinLines(lines: IMessageContent[]): IMessageContent[] {
  const joined: IMessageContent[] = [];
  for (const line of lines) {
    const before = joined[joined.length - 1] as IMessageContent | undefined;
    if (line.sender.username === SYSTEM && before?.sender.username === SYSTEM) {
      joined[joined.length - 1] = {
        ...before,
        id: `${before.id}+${line.id}`,
        body: linesBody([...linesOf(before.body), ...linesOf(line.body)])
      };
    } else {
      joined.push(line);
    }
  }
  return joined;
}

/** What is shown instead of a message that was hidden. */
export function hiddenText(by: { name: string } | null, trans: Translations): string {
  // The server's own user is called as its role is.
  return by && by.name.toLowerCase() !== roleName('interviewer', trans).toLowerCase()
    ? trans.__('This message was hidden by the interviewer %1.', isolated(by.name))
    : trans.__('This message was hidden by the interviewer.');
}
