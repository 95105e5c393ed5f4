/**
 * How do rows above the notebook get the height that their content needs?
 *
 * JupyterLab's header area gives a widget the minimal height of its node, so that follows the content.
 */
import { ReactWidget } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';

export abstract class HeaderWidget extends ReactWidget {
  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.resized.observe(this.node);
    this.grown.observe(this.node, { childList: true });
  }

  protected override onBeforeDetach(message: Message): void {
    this.resized.disconnect();
    this.grown.disconnect();
    super.onBeforeDetach(message);
  }

  private readonly measure = (): void => {
    const content = this.node.firstElementChild;
    const height = content ? `${Math.ceil(content.getBoundingClientRect().height)}px` : '0';
    if (height !== this.node.style.minHeight) {
      this.node.style.minHeight = height;
      this.parent?.fit();
    }
  };

  private readonly resized = new ResizeObserver(this.measure);
  private readonly grown = new MutationObserver(() => {
    const content = this.node.firstElementChild;
    if (content) {
      this.resized.observe(content);
    }
    this.measure();
  });
}

/** A header row with fixed content. */
export class HeaderRow extends HeaderWidget {
  constructor(private readonly content: JSX.Element) {
    super();
  }

  protected override render(): JSX.Element {
    return this.content;
  }
}
