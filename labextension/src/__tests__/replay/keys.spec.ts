import { KEYS, press } from '../../replay/keys';

import { trans } from '../fixtures';
import { makeReplay, settleReplay } from './fixtures';

const actions = { bookmark: jest.fn(), copyLink: jest.fn(), help: jest.fn() };

async function at(key: string, shiftKey = false, target: Element = document.body) {
  const made = makeReplay();
  await settleReplay(made);
  made.model.seekTime(4000);
  await settleReplay(made);
  const event = new KeyboardEvent('keydown', { key, shiftKey, bubbles: true });
  Object.defineProperty(event, 'target', { value: target });
  const taken = press(event, made.model, actions);
  await settleReplay(made);
  return { ...made, taken };
}

describe('keys', () => {
  it.each([
    ['ArrowLeft', false, 6],
    ['ArrowRight', false, 9],
    ['ArrowLeft', true, 6],
    ['ArrowDown', false, 8],
    ['Home', false, 1],
    ['End', false, 12],
    ['PageDown', false, 12],
    ['L', false, 8],
    ['0', false, 2],
    ['9', false, 8]
  ])('%s (shift: %s) leads to event %s', async (key, shift, seq) => {
    const { model, taken } = await at(key, shift);
    expect([model.seq, taken]).toEqual([seq, true]);
    model.dispose();
  });

  it('play, change speed and switches', async () => {
    const { model } = await at(' ');
    expect(model.playing).toBe(true);
    for (const key of ['k', '>', '>', '<', 'i', 'f', 'w']) {
      press(new KeyboardEvent('keydown', { key }), model, actions);
    }
    expect([model.playing, model.speed, model.skipIdle, model.follow, model.whoWrote]).toEqual([
      false,
      2,
      false,
      false,
      true
    ]);
    model.dispose();
  });

  it('ask for a bookmark, the link and help', async () => {
    await at('b');
    await at('c');
    await at('?', true);
    expect(actions.bookmark).toHaveBeenCalledTimes(1);
    expect(actions.copyLink).toHaveBeenCalledTimes(1);
    expect(actions.help).toHaveBeenCalledTimes(1);
  });

  it('mean what they always mean where text is written, and on buttons', async () => {
    const input = document.createElement('input');
    const button = document.createElement('button');
    expect((await at('b', false, input)).taken).toBe(false);
    expect((await at('ArrowLeft', false, input)).taken).toBe(false);
    expect((await at(' ', false, button)).taken).toBe(false);
    expect((await at('ArrowLeft', false, button)).taken).toBe(true);
    expect((await at('F5')).taken).toBe(false);
    const tabs = document.createElement('div');
    tabs.setAttribute('role', 'tablist');
    expect((await at('ArrowLeft', false, tabs)).taken).toBe(false);
    expect((await at('ArrowLeft', true, tabs)).taken).toBe(true);
    const { model } = makeReplay();
    expect(press(new KeyboardEvent('keydown', { key: 'c', ctrlKey: true }), model, actions)).toBe(false);
  });

  it('are all explained', () => {
    expect(KEYS.every(({ names, text }) => names.length > 0 && text(trans).length > 3)).toBe(true);
  });
});
