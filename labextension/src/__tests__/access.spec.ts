import type { ServerConnection } from '@jupyterlab/services';

import { Access } from '../access';

/** Answers are made by hand: jsdom has none. */
class Answer {
  constructor(
    private readonly body: string,
    private readonly init: { status: number }
  ) {}
  get status(): number {
    return this.init.status;
  }
  json(): Promise<unknown> {
    return Promise.resolve(JSON.parse(this.body));
  }
}

const own = globalThis.Response;
beforeAll(() => (globalThis.Response = Answer as unknown as typeof Response));
afterAll(() => (globalThis.Response = own));

class Socket {
  constructor(readonly url: string) {}
}

function make(status: () => number) {
  const fetch = jest.fn(() =>
    Promise.resolve(new Answer('{"rooms": [], "next": null}', { status: status() }))
  );
  const settings = { fetch, WebSocket: Socket };
  return { fetch, settings: settings as unknown as ServerConnection.ISettings };
}

describe('Access', () => {
  it('asks nothing more once the server does not know who asks, until somebody tries again', async () => {
    let status = 401;
    const { fetch, settings } = make(() => status);
    const access = new Access(settings).follow();
    for (let turn = 0; turn < 3; turn++) {
      const answer = await settings.fetch('http://server/api/sessions');
      expect(answer.status).toBe(401);
    }
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(() => new settings.WebSocket('ws://server/api/events/subscribe')).toThrow();
    expect(new settings.WebSocket('ws://server/api/channel').url).toBe('ws://server/api/channel');
    status = 200;
    access.again();
    expect((await settings.fetch('http://server/api/sessions')).status).toBe(200);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('is ended by whoever knows better', async () => {
    const { fetch, settings } = make(() => 200);
    const access = new Access(settings);
    access.end();
    const answer = await settings.fetch('http://server/api/kernels');
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { code: 'unauthorized' } });
    expect(fetch).not.toHaveBeenCalled();
  });
});
