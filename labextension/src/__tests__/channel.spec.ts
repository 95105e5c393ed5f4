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
    expect(second.sentOf('chat_message').map(frame => frame.id)).toEqual([two.id, three.id]);
    second.say({ type: 'ack', id: two.id, seq: 8 }).say({ type: 'ack', content: { id: three.id, seq: 9 } });
    expect(channel.pending).toEqual([]);
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
