/**
 * How is a form shown above the page? In the browser's own dialog: it keeps the focus, and Escape closes it.
 */
import type * as React from 'react';
import { createRoot } from 'react-dom/client';

/** Show a modal dialog until it is closed. */
export function openModal(title: string, render: (close: () => void) => React.ReactElement): Promise<void> {
  const dialog = document.createElement('dialog');
  dialog.className = 'jp-Interview-modal jp-ThemedContainer';
  dialog.setAttribute('aria-label', title);
  const heading = document.createElement('h2');
  heading.textContent = title;
  const body = document.createElement('div');
  dialog.append(heading, body);
  document.body.append(dialog);
  const root = createRoot(body);
  root.render(render(() => dialog.close()));
  return new Promise(resolve => {
    dialog.addEventListener('close', () => {
      root.unmount();
      dialog.remove();
      resolve();
    });
    dialog.showModal();
  });
}
