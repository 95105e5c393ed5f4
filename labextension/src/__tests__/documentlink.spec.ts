import { CLOSES, CLOSES_MS, DocumentLink, type Provider, RELOAD_PAUSE_MS, SOON_MS } from '../documentlink';

class FakeProvider implements Provider {
  wsconnected = true;
  shouldConnect = true;
  disconnected = 0;
  change: (update: Uint8Array, origin: unknown) => void = () => undefined;
  readonly doc = { on: (_: 'update', slot: FakeProvider['change']) => void (this.change = slot) };
  private readonly slots: Record<string, (argument: never) => void> = {};

  disconnect(): void {
    this.disconnected += 1;
  }

  on(event: string, slot: (argument: never) => void): void {
    this.slots[event] = slot;
  }

  emit(event: string, argument: unknown): void {
    this.slots[event](argument as never);
  }
}

function make(isOut = () => false) {
  const reload = jest.fn();
  const link = new DocumentLink(isOut, reload, () => ({ bytes: 40, text: 'At most 10 B.' }));
  const provider = new FakeProvider();
  link.attach(provider);
  return { link, provider, reload };
}

beforeEach(() => {
  jest.useFakeTimers();
  window.sessionStorage.clear();
});
afterEach(() => jest.useRealTimers());

describe('DocumentLink', () => {
  it('follows the connection', () => {
    const { link, provider } = make();
    expect(link.state).toBe('synced');
    provider.emit('status', { status: 'disconnected' });
    expect(link.state).toBe('lost');
    provider.emit('sync', true);
    expect(link.state).toBe('synced');
  });

  it('leaves the stock reconnection alone for passing troubles', () => {
    const { provider, reload } = make();
    provider.emit('connection-close', { code: 1006 });
    jest.advanceTimersByTime(RELOAD_PAUSE_MS);
    expect(provider.shouldConnect).toBe(true);
    expect(reload).not.toHaveBeenCalled();
  });

  it('reloads once when the edit was refused, and leaves a note', () => {
    const { link, provider, reload } = make();
    provider.emit('connection-close', { code: 4403 });
    expect(provider.shouldConnect).toBe(false);
    jest.advanceTimersByTime(RELOAD_PAUSE_MS);
    expect(reload).toHaveBeenCalledTimes(1);
    const after = make();
    expect(after.link.takeNote()).not.toBeNull();
    expect(after.link.takeNote()).toBeNull();
    after.provider.emit('connection-close', { code: 4403 });
    jest.advanceTimersByTime(RELOAD_PAUSE_MS);
    expect(after.reload).not.toHaveBeenCalled();
    expect(after.link.state).toBe('refused');
    expect(link.state).toBe('stopped');
  });

  it.each([1009, 4400])('says why after %i, which is no passing trouble either', code => {
    const { provider, reload } = make();
    provider.emit('connection-close', { code, reason: 'A notebook can have at most 500 cells.' });
    expect(provider.shouldConnect).toBe(false);
    jest.advanceTimersByTime(RELOAD_PAUSE_MS);
    expect(reload).toHaveBeenCalledTimes(1);
    const after = make();
    expect(after.link.takeNote()).toBe('A notebook can have at most 500 cells.');
    after.provider.emit('connection-close', { code, reason: 'Again.' });
    jest.advanceTimersByTime(RELOAD_PAUSE_MS);
    expect(after.link.state).toBe('refused');
    expect(after.link.reason).toBe('Again.');
  });

  it('ends a loop in which the server closes again and again', () => {
    const { link, provider } = make();
    for (let count = 1; count < CLOSES; count++) {
      provider.emit('connection-close', { code: 4429, reason: 'Too many requests.' });
      provider.emit('sync', true);
    }
    expect(provider.shouldConnect).toBe(true);
    provider.emit('connection-close', { code: 4429, reason: 'Too many requests.' });
    expect(provider.shouldConnect).toBe(false);
    expect([link.state, link.reason]).toEqual(['refused', 'Too many requests.']);
  });

  it('ends a loop in which the line ends as soon as it stands', () => {
    const { link, provider } = make();
    for (let count = 1; count <= CLOSES; count++) {
      expect(provider.shouldConnect).toBe(true);
      provider.emit('sync', true);
      jest.advanceTimersByTime(SOON_MS - 1);
      provider.emit('connection-close', { code: 1006 });
    }
    expect([provider.shouldConnect, link.state]).toEqual([false, 'refused']);
  });

  it('comes back as often as a bad line breaks', () => {
    const { provider } = make();
    for (let count = 0; count < 3 * CLOSES; count++) {
      provider.emit('sync', true);
      jest.advanceTimersByTime(SOON_MS);
      provider.emit('connection-close', { code: 1006 });
    }
    expect(provider.shouldConnect).toBe(true);
  });

  it('does not try what is too large to be read by the server', () => {
    const { provider, reload } = make();
    provider.change(new Uint8Array(40), 'paste');
    provider.change(new Uint8Array(41), provider);
    expect(provider.shouldConnect).toBe(true);
    provider.change(new Uint8Array(41), 'paste');
    expect(provider.shouldConnect).toBe(false);
    provider.emit('connection-close', { code: 1009, reason: 'message too big' });
    jest.advanceTimersByTime(RELOAD_PAUSE_MS);
    expect(reload).toHaveBeenCalledTimes(1);
    expect(make().link.takeNote()).toBe('At most 10 B.');
  });

  it('goes on where closes are rare, or the network is down', () => {
    const { provider } = make();
    for (let count = 0; count < 3 * CLOSES; count++) {
      provider.emit('connection-close', { code: 1006 });
      jest.advanceTimersByTime(CLOSES_MS / (CLOSES - 2));
      provider.emit('connection-close', { code: 4503, reason: 'x' });
    }
    expect(provider.shouldConnect).toBe(true);
  });

  it('does not reload when the member was removed', () => {
    let out = false;
    const { provider, reload } = make(() => out);
    provider.emit('connection-close', { code: 4403 });
    out = true;
    jest.advanceTimersByTime(RELOAD_PAUSE_MS);
    expect(reload).not.toHaveBeenCalled();
  });

  it.each([4401, 4410])('stays away after %i', code => {
    const { link, provider, reload } = make();
    provider.emit('connection-close', { code });
    jest.advanceTimersByTime(RELOAD_PAUSE_MS);
    expect(provider.shouldConnect).toBe(false);
    expect(link.state).toBe('stopped');
    expect(reload).not.toHaveBeenCalled();
  });
});
