import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import type { Player } from '../../replay/player';
import { Frame } from '../../replaypage/frame';

const trans = nullTranslator.load('jupyter_interview');

function shown(): { root: HTMLElement; frame: Frame; side: Widget } {
  const root = document.createElement('div');
  document.body.append(root);
  const [bar, notebook, side] = [new Widget(), new Widget(), new Widget()];
  const frame = new Frame(root, trans);
  frame.show({ bar, notebook, side } as unknown as Player);
  return { root, frame, side };
}

describe('Frame', () => {
  it('has a bar, the notebook, and a side panel, each by its role', () => {
    const { root } = shown();
    const roles = [...root.querySelectorAll('[role]')].map(node => node.getAttribute('role'));
    expect(roles).toEqual(['banner', 'main', 'complementary', 'status']);
  });

  it('shows and hides the side panel', () => {
    const { frame, side } = shown();
    expect(side.isVisible).toBe(true);
    frame.toggleSide();
    expect(side.isVisible).toBe(false);
    frame.toggleSide();
    expect(side.isVisible).toBe(true);
  });

  it('tells something for a while', () => {
    jest.useFakeTimers();
    const { root, frame } = shown();
    const told = root.querySelector('[role=status]');
    frame.tell('Link copied');
    jest.advanceTimersByTime(3_000);
    frame.tell('Link copied again');
    jest.advanceTimersByTime(3_000);
    expect(told?.textContent).toBe('Link copied again');
    jest.advanceTimersByTime(2_000);
    expect(told?.textContent).toBe('');
    jest.useRealTimers();
  });
});
