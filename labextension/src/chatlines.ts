/**
 * What does the chat show: messages, who came and went, and what is still on its way?
 */
import type { IMessageContent, IUser } from '@jupyter/chat';

import type { Person } from './api';
import { escapeMarkdown } from './format';
import type { Coming, RoomModel } from './model';
import type { Translations } from './tokens';

/** Sender of the lines that say who came and went. */
export const SYSTEM = 'jupyter-interview';

declare module '@jupyter/chat' {
  interface IMessageMetadata {
    /** Not yet acknowledged by the server. */
    pending?: boolean;
  }
}

/** A person as the chat components know people. */
export function toUser(person: Person): IUser {
  const initials = person.name
    .split(/\s+/)
    .map(part => Array.from(part)[0] ?? '')
    .join('')
    .slice(0, 2)
    .toUpperCase();
  return { username: person.id, name: person.name, display_name: person.name, initials };
}

/** Everything that the chat shows, oldest first; what is not yet acknowledged comes last. */
export function chatLines(room: RoomModel, trans: Translations): IMessageContent[] {
  const said = room.messages.map(message => ({
    type: 'msg',
    id: `message-${message.seq}`,
    body: message.content,
    time: Date.parse(message.ts) / 1000,
    sender: toUser(message.sender)
  }));
  const came = room.comings.map(coming => ({
    type: 'msg',
    id: `${coming.kind}-${coming.member.id}-${coming.ts}`,
    body: comingText(coming, trans),
    time: Date.parse(coming.ts) / 1000,
    sender: { username: SYSTEM, display_name: trans.__('Interview') }
  }));
  const pending = room.channel.pending.map(message => ({
    type: 'msg',
    id: `pending-${message.id}`,
    body: message.content,
    time: message.time / 1000,
    sender: toUser(room.you),
    metadata: { pending: true }
  }));
  return [...joinLines([...said, ...came].sort((a, b) => a.time - b.time)), ...pending];
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
        body: `${before.body as string}  \n${line.body as string}`
      };
    } else {
      joined.push(line);
    }
  }
  return joined;
}

function comingText(coming: Coming, trans: Translations): string {
  const name = escapeMarkdown(coming.member.name);
  if (coming.kind === 'join') {
    return trans.__('%1 joined', name);
  }
  return coming.reason === 'removed' ? trans.__('%1 was removed', name) : trans.__('%1 left', name);
}
