/**
 * Where do the player's widgets stand on the page? The bar above; below it the notebook, and a side panel whose width
 * the reader sets, or which goes below the notebook on a small screen.
 */
import { MessageLoop } from '@lumino/messaging';
import { SplitPanel, Widget } from '@lumino/widgets';

import type { Player } from '../replay/player';
import type { Translations } from '../tokens';

/** Up to this width the side panel stands below the notebook, and the page starts without it. */
const NARROW = '(width <= 700px)';

/** Width of the side panel at first, in CSS pixels. */
const SIDE_PX = 360;

/** Of the height, on a small screen. */
const SIDE_PART = 0.5;

/** How long a word in passing stays, in milliseconds. */
const TELL_MS = 4_000;

export class Frame {
  constructor(
    private readonly root: HTMLElement,
    private readonly trans: Translations
  ) {
    this.told.className = 'jp-Interview-told';
    this.told.setAttribute('role', 'status');
  }

  /** Put the player on the page. */
  show({ bar, notebook, side }: Player): void {
    bar.node.setAttribute('role', 'banner');
    notebook.node.setAttribute('role', 'main');
    side.node.setAttribute('role', 'complementary');
    side.node.setAttribute('aria-label', this.trans.__('People, chat, runs, authors and bookmarks'));
    this.side = side;
    this.split.addClass('jp-Interview-replaySplit');
    this.split.addWidget(notebook);
    this.split.addWidget(side);
    side.setHidden(this.narrow.matches);
    Widget.attach(bar, this.root);
    Widget.attach(this.split, this.root);
    this.root.append(this.told);
    this.arrange();
    this.narrow.addEventListener('change', () => this.arrange());
    new ResizeObserver(() => MessageLoop.sendMessage(this.split, Widget.ResizeMessage.UnknownSize)).observe(
      this.split.node
    );
  }

  toggleSide(): void {
    this.side?.setHidden(this.side.isVisible);
  }

  /** Tell something in passing. */
  tell(text: string): void {
    this.told.textContent = text;
    window.clearTimeout(this.untold);
    this.untold = window.setTimeout(() => (this.told.textContent = ''), TELL_MS);
  }

  private arrange(): void {
    const { split, narrow } = this;
    const part = narrow.matches ? SIDE_PART : SIDE_PX / Math.max(split.node.clientWidth, 2 * SIDE_PX);
    split.orientation = narrow.matches ? 'vertical' : 'horizontal';
    split.setRelativeSizes([1 - part, part]);
  }

  private side: Widget | null = null;
  private untold: number | undefined;
  private readonly told = document.createElement('div');
  private readonly narrow = window.matchMedia(NARROW);
  private readonly split = new SplitPanel({ spacing: 1 });
}
