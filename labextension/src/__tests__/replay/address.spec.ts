import { Signal } from '@lumino/signaling';

import { type FollowedModel, followAddress } from '../../replay/address';
import type { Target } from '../../replay/link';

interface Moving extends FollowedModel {
  ms: number;
  asked: Target[];
}

function replay(): { model: Moving; move: (ms: number) => void } {
  const asked: Target[] = [];
  const model = {
    ms: 0,
    asked,
    go: (target: Target) => Promise.resolve(void asked.push(target))
  } as unknown as Moving;
  const moved = new Signal<never, void>(model as never);
  Object.assign(model, { moved });
  const move = (ms: number): void => {
    model.ms = ms;
    moved.emit();
  };
  return { model, move };
}

beforeEach(() => {
  jest.useFakeTimers();
  window.history.replaceState(null, '', '#');
});

afterEach(() => {
  jest.useRealTimers();
});

test('the address names the moment that is reached', () => {
  const { model, move } = replay();
  followAddress(model);
  move(13_569);
  jest.runAllTimers();
  expect(window.location.hash).toBe('#t=13.569');
  window.dispatchEvent(new Event('hashchange'));
  expect(model.asked).toEqual([]);
});

test('an address leads there, at the beginning and when it changes', () => {
  window.history.replaceState(null, '', '#t=2');
  const { model } = replay();
  followAddress(model);
  window.history.replaceState(null, '', '#seq=146');
  window.dispatchEvent(new Event('hashchange'));
  expect(model.asked).toEqual([{ ms: 2_000 }, { seq: 146 }]);
});

test('an address of which the browser has not told yet is followed and not written over', () => {
  const { model, move } = replay();
  followAddress(model);
  move(13_569);
  window.history.replaceState(null, '', '#seq=146');
  jest.runAllTimers();
  expect(window.location.hash).toBe('#seq=146');
  expect(model.asked).toEqual([{ seq: 146 }]);
  window.dispatchEvent(new Event('hashchange'));
  expect(model.asked).toHaveLength(1);
  move(14_000);
  jest.runAllTimers();
  expect(window.location.hash).toBe('#t=14');
});
