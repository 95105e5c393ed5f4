/**
 * Who is offered where somebody types an `@` in the chat?
 *
 * A mention is the name in the message's text: everybody reads it, and nothing else depends on it.
 */
import type { ChatCommand, IChatCommandProvider } from '@jupyter/chat';

import type { RoomModel } from './model';

export class Mentions implements IChatCommandProvider {
  readonly id = 'jupyter-interview:mentions';

  constructor(private readonly room: RoomModel) {}

  /** The others in the room one of whose names begins as the word does. */
  listCommandCompletions(input: { readonly currentWord: string | null }): Promise<ChatCommand[]> {
    const word = input.currentWord ?? '';
    if (!word.startsWith('@')) {
      return Promise.resolve([]);
    }
    const begun = word.slice(1).toLocaleLowerCase();
    const others = this.room.members.filter(
      ({ id, name, state }) =>
        id !== this.room.you.id &&
        state === 'seated' &&
        [name, ...name.split(/\s+/)].some(part => part.toLocaleLowerCase().startsWith(begun))
    );
    return Promise.resolve(
      others.map(({ name }) => ({ name: `@${name}`, providerId: this.id, spaceOnAccept: true }))
    );
  }

  /** The text is sent as it stands. */
  onSubmit(): Promise<void> {
    return Promise.resolve();
  }
}
