import React, { act, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

import { clearUnknownTimes } from '../chattimes';

/** As the chat components do it. */
function Time({ value }: { value: number }): JSX.Element {
  const [known, setKnown] = useState<Record<number, string>>({});
  useEffect(() => {
    const timer = setTimeout(() => setKnown({ [value]: `10:0${value}` }), 50);
    return () => clearTimeout(timer);
  }, [value]);
  return React.createElement('p', { className: 'jp-chat-message-time' }, `${known[value]}`);
}

it('shows no time before it is known, and the time when it is', async () => {
  jest.useFakeTimers();
  const node = document.createElement('div');
  clearUnknownTimes(node);
  const root = createRoot(node);
  for (const value of [1, 2]) {
    await act(async () => {
      root.render(React.createElement(Time, { value }));
      await Promise.resolve();
    });
    expect(node.textContent).toBe('');
    act(() => jest.advanceTimersByTime(50));
    expect(node.textContent).toBe(`10:0${value}`);
  }
  act(() => root.unmount());
});
