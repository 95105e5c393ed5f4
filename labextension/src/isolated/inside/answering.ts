/**
 * How does the script in an isolated frame take programs and answer? See ../protocol.ts.
 */
import type { Answer, Draw } from '../protocol';

/** The element that is drawn into. */
export const root: HTMLElement = document.body.appendChild(document.createElement('main'));

/**
 * Draw what the page sends, one after the other: of those that came meanwhile only the last.
 *
 * @param draw - draws into `root`
 */
export function answerWith(draw: (order: Draw) => Promise<void>): void {
  let waiting: Draw | null = null;
  let busy = false;
  let drawn = false;
  const tell = (answer: Answer): void => {
    // The page is the only one that can hear it, and this origin has no name for it.
    window.parent.postMessage(answer, '*');
  };
  const tellHeight = (): void => {
    if (drawn) {
      tell({ type: 'drawn', height: root.getBoundingClientRect().height + spaceOfScrollBar() });
    }
  };
  const next = async (): Promise<void> => {
    while (waiting) {
      const order: Draw = waiting;
      waiting = null;
      document.documentElement.style.colorScheme = order.dark ? 'dark' : 'light';
      try {
        await draw(order);
        drawn = true;
        tellHeight();
      } catch (reason) {
        drawn = false;
        tell({ type: 'failed', message: reason instanceof Error ? reason.message : String(reason) });
      }
    }
  };
  window.addEventListener('message', event => {
    if (event.source !== window.parent) {
      return;
    }
    waiting = event.data as Draw;
    if (!busy) {
      busy = true;
      void next().finally(() => (busy = false));
    }
  });
  new ResizeObserver(tellHeight).observe(root);
  tell({ type: 'ready' });
}

/** What is wider than the frame scrolls, and the bar takes from the height. */
function spaceOfScrollBar(): number {
  const page = document.documentElement;
  return page.scrollWidth > page.clientWidth ? window.innerHeight - page.clientHeight : 0;
}
