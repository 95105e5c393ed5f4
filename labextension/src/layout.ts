/**
 * What of JupyterLab's frame do our pages show?
 */
import type { ILabShell } from '@jupyterlab/application';

/** Hide the tab bars at the sides: a page has at most one side panel, and a button for it. */
export function plainSides(shell: ILabShell): void {
  for (const side of ['left', 'right'] as const) {
    if (shell.isSideTabBarVisible(side)) {
      shell.toggleSideTabBarVisibility(side);
    }
  }
}

/** Class of an area that shows its end. */
export const AT_END = 'jp-mod-interviewAtEnd';

/** Keep `area` scrolled to its end while it grows, unless the reader scrolled away from there. */
export function keepAtEnd(area: HTMLElement): void {
  const slack = 48;
  let atEnd = true;
  let before = 0;
  area.classList.add(AT_END);
  area.addEventListener('scroll', () => {
    // The event comes late: the area may have grown since. Only going up is the reader's wish to leave the end.
    if (area.scrollHeight - area.scrollTop - area.clientHeight < slack) {
      atEnd = true;
    } else if (area.scrollTop < before) {
      atEnd = false;
    }
    before = area.scrollTop;
    area.classList.toggle(AT_END, atEnd);
  });
  const follow = (): void => {
    if (area.scrollHeight <= area.clientHeight) {
      atEnd = true;
      area.classList.add(AT_END);
    }
    if (atEnd) {
      area.scrollTop = area.scrollHeight;
    }
  };
  new MutationObserver(follow).observe(area, { childList: true, subtree: true });
  const grown = new ResizeObserver(follow);
  [area, ...area.children].forEach(part => grown.observe(part));
}
