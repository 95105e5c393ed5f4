/**
 * What does the page say while there is nothing to show yet, or nothing at all?
 */
import { messageOf } from '../api';
import type { Translations } from '../tokens';

export class Notice {
  constructor(
    private readonly root: HTMLElement,
    private readonly trans: Translations
  ) {
    this.node.className = 'jp-Interview-notice';
    this.node.setAttribute('role', 'status');
    this.node.textContent = trans.__('Loading the replay…');
    root.replaceChildren(this.node);
  }

  /** The server prepares the replay, and is so far; `part` from 0 to 1. */
  progress(part: number): void {
    const percent = Math.round(part * 100);
    this.node.textContent = this.trans.__('The replay of a long interview is being prepared: %1 %', percent);
  }

  /** It cannot be shown; `again` where another try may help. */
  fail(reason: unknown, again: boolean): void {
    const { node, root, trans } = this;
    node.classList.add('jp-Interview-failure');
    node.setAttribute('role', 'alert');
    node.textContent = trans.__('The replay could not be opened: %1', messageOf(reason));
    if (again) {
      const button = document.createElement('button');
      button.className = 'jp-mod-styled jp-mod-accept';
      button.textContent = trans.__('Try again');
      button.addEventListener('click', () => window.location.reload());
      node.append(document.createElement('br'), button);
    }
    root.replaceChildren(node);
  }

  dispose(): void {
    this.node.remove();
  }

  private readonly node = document.createElement('div');
}
