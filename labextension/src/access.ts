/**
 * What does a page still ask the server when it is not let in any more?
 *
 * Nothing: JupyterLab's managers and our panels ask again and again, and each refusal would be a line in the server's log
 * and in the browser's console, for as long as the page is open.
 */
import type { ServerConnection } from '@jupyterlab/services';

/** The status of an answer to somebody who is not known. */
const UNKNOWN = 401;

/** A socket that JupyterLab opens anew for ever. */
const EVENTS = /\/api\/events\/subscribe/;

type Changeable<T> = { -readonly [Name in keyof T]: T[Name] };

export class Access {
  /** @param settings - of the page's server: what goes through them is under its control */
  constructor(settings: ServerConnection.ISettings) {
    const own = settings as Changeable<ServerConnection.ISettings>;
    const { fetch, WebSocket: Socket } = own;
    own.fetch = async (input, init) => {
      if (this.ended) {
        return refused();
      }
      const answer = await fetch(input, init);
      if (this.following && answer.status === UNKNOWN) {
        this.end();
      }
      return answer;
    };
    own.WebSocket = new Proxy(Socket, {
      construct: (made, [url, ...rest]: [string, ...unknown[]]) => {
        if (this.ended && EVENTS.test(url)) {
          throw new Error('Not let in any more.');
        }
        return Reflect.construct(made, [url, ...rest]) as WebSocket;
      }
    });
  }

  /** End when the server says for the first time that it does not know who asks. */
  follow(): this {
    this.following = true;
    return this;
  }

  /** Ask nothing from now on; what is asked is answered as the server would. */
  end(): void {
    this.ended = true;
  }

  /** Ask again: somebody may have logged in. */
  again(): void {
    this.ended = false;
  }

  private ended = false;
  private following = false;
}

function refused(): Response {
  const error = { code: 'unauthorized', message: 'You were logged out.', details: {} };
  const headers = { 'Content-Type': 'application/json' };
  return new Response(JSON.stringify({ error }), { status: UNKNOWN, headers });
}
