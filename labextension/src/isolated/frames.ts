/**
 * Which isolated frames does a page have? As many as are in sight, up to a limit: the others make way and come back when
 * they are scrolled to.
 */
import type { ISignal } from '@lumino/signaling';

import type { Translations } from '../tokens';

import { LIMITS, toAnswer } from './protocol';
import type { FrameSource } from './source';
import { IsolatedView, type Program } from './view';

/** What frames follow: JupyterLab's theme manager, or what stands for it. */
export interface Theme {
  readonly themeChanged: ISignal<unknown, unknown>;
}

export interface FramesOptions {
  source: FrameSource;
  theme: Theme | null;
  trans: Translations;
}

/** The isolated frames of a page. */
export class IsolatedFrames {
  constructor(private readonly options: FramesOptions) {
    window.addEventListener('message', event => this.hear(event));
    options.theme?.themeChanged.connect(() => this.open.forEach(view => view.draw()));
  }

  get source(): FrameSource {
    return this.options.source;
  }

  get trans(): Translations {
    return this.options.trans;
  }

  /** Whether the page is dark, as JupyterLab marks it. */
  get dark(): boolean {
    return document.body.dataset.jpThemeLight === 'false';
  }

  /** What shows a program; whoever asks puts its node on the page, and disposes of it. */
  show(program: Program): IsolatedView {
    return new IsolatedView(this, program);
  }

  /** A view wants a frame; `false` where all are in use by views in sight: it is told when one is free. */
  enter(view: IsolatedView): boolean {
    if (this.open.size >= LIMITS.frames) {
      const other = [...this.open].find(each => !each.inSight);
      if (!other) {
        this.waiting.add(view);
        return false;
      }
      this.open.delete(other);
      other.close();
    }
    this.waiting.delete(view);
    this.open.add(view);
    return true;
  }

  /** A view has no frame any more, and wants none. */
  leave(view: IsolatedView): void {
    this.waiting.delete(view);
    if (this.open.delete(view)) {
      this.offer();
    }
  }

  /** A frame may be free now. */
  offer(): void {
    const [next] = this.waiting;
    next?.reopen();
  }

  private hear({ source, origin, data }: MessageEvent): void {
    // A page has few of them, and a frame on its page has no other window that could speak for it.
    const view = source && [...this.open].find(each => each.window === source);
    const answer = view && origin === 'null' ? toAnswer(data) : null;
    if (view && answer) {
      view.hear(answer);
    }
  }

  /** In the order in which they were opened. */
  private readonly open = new Set<IsolatedView>();

  /** In sight, but without a frame. */
  private readonly waiting = new Set<IsolatedView>();
}
