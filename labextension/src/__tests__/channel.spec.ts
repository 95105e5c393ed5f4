import { FIRST_DELAY_MS, LAST_DELAY_MS, PING_MS, retryDelay, SILENCE_MS } from '../channel';

import { FakeSocket, joined, makeChannel, makeMember, settle } from './fixtures';

const you = makeMember('Cara');

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('retryDelay', () => {
  it('grows from half a second to fifteen, whatever the jitter', () => {
    expect(retryDelay(0, 0)).toBe(FIRST_DELAY_MS);
    expect(retryDelay(1, 0.5)).toBe(1000);
    expect(retryDelay(3, 0.5)).toBe(4000);
    for (const random of [0, 0.5, 0.999]) {
      expect(retryDelay(50, random)).toBeLessThanOrEqual(LAST_DELAY_MS);
      expect(retryDelay(50, random)).toBeGreaterThan(LAST_DELAY_MS / 2);
    }
  });

  it('differs with the jitter', () => {
    expect(retryDelay(3, 0)).toBe(3000);
    expect(retryDelay(3, 0.999)).toBeGreaterThan(4900);
  });
});

describe('Channel', () => {
  it('is open when the server has said who is here', () => {
    const channel = makeChannel();
    channel.start();
    FakeSocket.last.accept();
    expect(channel.state.kind).toBe('connecting');
    FakeSocket.last.say(joined(you));
    expect(channel.state.kind).toBe('open');
    channel.dispose();
  });

  it('names the room in each frame', () => {
    const channel = makeChannel();
    channel.start();
    FakeSocket.last.accept().say(joined(you));
    expect(channel.send('typing', true)).toBe(true);
    expect(FakeSocket.last.sent[0]).toMatchObject({ type: 'typing', room: 'room-1', content: true });
    channel.dispose();
    expect(channel.send('typing', true)).toBe(false);
  });

  it('connects again with growing delays, and from the beginning after a success', async () => {
    const channel = makeChannel();
    channel.start();
    const delays: number[] = [];
    channel.stateChanged.connect((_, state) => {
      if (state.kind === 'waiting') {
        delays.push(state.retryAt - Date.now());
      }
    });
    for (let turn = 0; turn < 3; turn++) {
      FakeSocket.last.cut();
      await settle();
      jest.advanceTimersByTime(delays[delays.length - 1]);
    }
    expect(delays).toEqual([500, 1000, 2000]);
    FakeSocket.last.accept().say(joined(you)).cut();
    await settle();
    expect(delays[3]).toBe(500);
    channel.dispose();
  });

  it('pings, and drops a line that is silent', async () => {
    const channel = makeChannel();
    channel.start();
    const first = FakeSocket.last.accept().say(joined(you));
    jest.advanceTimersByTime(PING_MS);
    expect(first.sentOf('ping')).toHaveLength(1);
    first.say({ type: 'pong' });
    jest.advanceTimersByTime(PING_MS);
    expect(channel.state.kind).toBe('open');
    jest.advanceTimersByTime(SILENCE_MS - PING_MS);
    await settle();
    expect(channel.state.kind).toBe('waiting');
    expect(first.readyState).toBe(WebSocket.CLOSED);
    channel.dispose();
  });

  it('tries at once when the network is back', async () => {
    const channel = makeChannel();
    channel.start();
    FakeSocket.last.accept().say(joined(you)).cut();
    await settle();
    expect(FakeSocket.made).toHaveLength(1);
    window.dispatchEvent(new Event('online'));
    expect(FakeSocket.made).toHaveLength(2);
    expect(channel.state.kind).toBe('connecting');
    channel.dispose();
  });

  it('repeats unacknowledged messages with the same id, and forgets acknowledged ones', async () => {
    const channel = makeChannel();
    channel.start();
    const first = FakeSocket.last.accept().say(joined(you));
    const one = channel.sendChat('one');
    first.say({ type: 'ack', content: { id: one.id, seq: 7, ts: '' } });
    const two = channel.sendChat('two');
    first.cut();
    await settle();
    const three = channel.sendChat('three');
    expect(channel.pending.map(message => message.content)).toEqual(['two', 'three']);
    jest.advanceTimersByTime(LAST_DELAY_MS);
    const second = FakeSocket.last.accept().say(joined(you));
    expect(second.sentOf('chat_message').map(frame => frame.id)).toEqual([two.id]);
    second.say({ type: 'ack', id: two.id, seq: 8 });
    expect(second.sentOf('chat_message').map(frame => frame.id)).toEqual([two.id, three.id]);
    second.say({ type: 'ack', content: { id: three.id, seq: 9 } });
    expect(channel.pending).toEqual([]);
    channel.dispose();
  });

  it.each(['with', 'without'])('keeps what comes too fast, and waits as told (%s the id)', kind => {
    const channel = makeChannel();
    channel.start();
    const socket = FakeSocket.last.accept().say(joined(you));
    const heard = jest.fn();
    channel.received.connect(heard);
    const texts = Array.from({ length: 12 }, (_, number) => `line ${number}`);
    const sent = texts.map(text => channel.sendChat(text));
    const tries = (): unknown[] => socket.sentOf('chat_message').map(frame => frame.content);
    for (const { id } of sent) {
      const details = { retry_after: 2 };
      const content = { code: 'rate_limited', message: '', id: kind === 'with' ? id : null, details };
      socket.say({ type: 'error', content });
      const before = tries().length;
      jest.advanceTimersByTime(1_999);
      expect(tries()).toHaveLength(before);
      jest.advanceTimersByTime(1);
      expect(tries()).toHaveLength(before + 1);
      socket.say({ type: 'ack', content: { id, seq: 1, ts: '' } });
    }
    expect(tries()).toEqual(texts.flatMap(text => [text, text]));
    expect(channel.pending).toEqual([]);
    // Nobody is told of what only takes longer.
    expect(heard.mock.calls.map(([, frame]) => (frame as { type: string }).type)).toEqual(
      texts.map(() => 'ack')
    );
    channel.dispose();
  });

  it('goes on with the next message when one was refused for good', () => {
    const channel = makeChannel();
    channel.start();
    const socket = FakeSocket.last.accept().say(joined(you));
    const [one, two] = [channel.sendChat('one'), channel.sendChat('two')];
    socket.say({ type: 'error', content: { code: 'forbidden', message: '', id: one.id } });
    expect(socket.sentOf('chat_message').map(frame => frame.id)).toEqual([one.id, two.id]);
    // The server hangs up on a frame that it does not read: the same one must not come again and again.
    socket.say({ type: 'error', content: { code: 'too_large', message: '', id: null } });
    expect(channel.pending).toEqual([]);
    channel.dispose();
  });

  it('does not send again what ended the connection by its size', async () => {
    const channel = makeChannel();
    channel.start();
    const [one, two] = [channel.sendChat('one'), channel.sendChat('two')];
    const heard = jest.fn();
    FakeSocket.last.accept().say(joined(you));
    channel.received.connect(heard);
    FakeSocket.last.cut(1009);
    await settle();
    const content = { code: 'too_large', message: 'The message is too large.', id: one.id };
    expect(heard.mock.calls).toEqual([[channel, { type: 'error', content }]]);
    jest.advanceTimersByTime(LAST_DELAY_MS);
    const again = FakeSocket.last.accept().say(joined(you));
    expect(again.sentOf('chat_message').map(frame => frame.id)).toEqual([two.id]);
    channel.dispose();
  });

  it('sends again after a cut what waited for its time', async () => {
    const channel = makeChannel();
    channel.start();
    const first = FakeSocket.last.accept().say(joined(you));
    const one = channel.sendChat('one');
    const content = { code: 'storage_unavailable', message: '', id: one.id };
    first.say({ type: 'error', content }).cut(4503);
    await settle();
    jest.advanceTimersByTime(LAST_DELAY_MS);
    const second = FakeSocket.last.accept().say(joined(you));
    jest.advanceTimersByTime(LAST_DELAY_MS);
    expect(second.sentOf('chat_message').map(frame => frame.id)).toEqual([one.id]);
    channel.dispose();
  });

  it.each([
    [4403, 'removed'],
    [4410, 'ended']
  ])('stays away after close code %i', async (code, reason) => {
    const channel = makeChannel();
    channel.start();
    FakeSocket.last.accept().say(joined(you)).cut(code);
    await settle();
    expect(channel.state).toEqual({ kind: 'stopped', reason });
    jest.advanceTimersByTime(10 * LAST_DELAY_MS);
    window.dispatchEvent(new Event('online'));
    expect(FakeSocket.made).toHaveLength(1);
  });

  it('asks the server why it was not let in, and believes it', async () => {
    const check = jest.fn(() => Promise.resolve('gone' as const));
    const channel = makeChannel({ check });
    channel.start();
    FakeSocket.last.cut();
    await settle();
    expect(check).toHaveBeenCalledTimes(1);
    expect(channel.state).toEqual({ kind: 'stopped', reason: 'gone' });
  });

  it('stops at once for an account that is to log in again, unless it has', async () => {
    let verdict: 'gone' | 'retry' = 'gone';
    const channel = makeChannel({ check: () => Promise.resolve(verdict) });
    const states: string[] = [];
    channel.stateChanged.connect((_, { kind }) => states.push(kind));
    channel.start();
    FakeSocket.last.accept().say(joined(you)).cut(4401);
    await settle();
    expect(channel.state).toEqual({ kind: 'stopped', reason: 'loggedout' });
    // Never "connection lost, your changes are kept".
    expect(states).toEqual(['connecting', 'open', 'stopped']);
    verdict = 'retry';
    const other = makeChannel({ check: () => Promise.resolve(verdict) });
    other.start();
    FakeSocket.last.accept().say(joined(you)).cut(4401);
    await settle();
    expect(other.state.kind).toBe('waiting');
  });

  it('stops when the room ends', () => {
    const channel = makeChannel();
    channel.start();
    FakeSocket.last.accept().say(joined(you)).say({ type: 'room_ended', content: {} });
    expect(channel.state).toEqual({ kind: 'stopped', reason: 'ended' });
  });

  it('survives a frame that is no JSON', () => {
    const channel = makeChannel();
    channel.start();
    FakeSocket.last.accept().onmessage?.({ data: '{' });
    FakeSocket.last.say(joined(you));
    expect(channel.state.kind).toBe('open');
    channel.dispose();
  });
});
