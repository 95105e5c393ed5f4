/**
 * What does the chat show of a message's time before it knows it?
 *
 * The chat components compute it after a message was drawn: until then the word "undefined" stands there, and where the
 * page is busy it is there to be read.
 */

/** Where the chat components show a message's time. */
const TIME = '.jp-chat-message-time';

const UNKNOWN = /^undefined\b/;

/** Show nothing instead, from now on: what is watched is told before the browser paints. */
export function clearUnknownTimes(node: HTMLElement): void {
  const clear = (): void => {
    for (const time of node.querySelectorAll(TIME)) {
      if (UNKNOWN.test(time.textContent)) {
        time.textContent = '';
      }
    }
  };
  new MutationObserver(clear).observe(node, { childList: true, characterData: true, subtree: true });
  clear();
}
