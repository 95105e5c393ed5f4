/**
 * How does a program that a member wrote appear on a page? Drawn in an isolated frame; where that cannot be, as the
 * picture that came with it or as its text, with a line that says why.
 */
import type { IDisposable } from '@lumino/disposable';

import type { IsolatedFrames } from './frames';
import { type Answer, type Draw, type Grammar, type Kind, LIMITS, PATIENCE_MS } from './protocol';

/** What is drawn. */
export interface Program {
  kind: Kind;
  grammar?: Grammar;
  /** JSON of a chart, text of a diagram. */
  text: string;
  /** A picture that came with it: base64 of PNG. */
  picture?: string;
}

/** A text that somebody waits longer for than so many milliseconds is announced. */
const ANNOUNCE_MS = 1_000;

/** How far from what is on screen a frame is opened already, in CSS pixels. */
const NEAR = '200px';

const SECOND_MS = 1_000;

/** Height of a frame before it has told its own, in CSS pixels. */
const HEIGHT = 150;

/** A program on a page. It is drawn once its node is in sight. */
export class IsolatedView implements IDisposable {
  constructor(
    private readonly frames: IsolatedFrames,
    private readonly program: Program
  ) {
    this.node.className = 'jp-Interview-isolated';
    this.note.className = 'jp-Interview-isolatedNote';
    this.note.setAttribute('role', 'status');
    this.node.append(this.note);
    this.state = 'waiting';
    if (program.text.length > LIMITS.program[program.kind]) {
      this.giveUp(frames.trans.__('It is too large to be drawn.'));
    } else if (typeof IntersectionObserver === 'undefined') {
      this.see(true);
    } else {
      this.observer = new IntersectionObserver(
        entries => this.see(entries[entries.length - 1].isIntersecting),
        { rootMargin: NEAR }
      );
      this.observer.observe(this.node);
    }
  }

  readonly node = document.createElement('div');

  /** Whether somebody can see it now. */
  get inSight(): boolean {
    return this._inSight;
  }

  /** The window of its frame, if it has one. */
  get window(): Window | null {
    return this.frame?.contentWindow ?? null;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Have it drawn, or drawn anew. */
  draw(): void {
    const { program, frames } = this;
    if (this.frame && this.ready) {
      this.frame.style.colorScheme = frames.dark ? 'dark' : 'light';
      const order: Draw = {
        type: 'draw',
        program: program.text,
        grammar: program.grammar,
        dark: frames.dark
      };
      // Its origin is opaque: it has no name that could stand here. What is sent, the member wrote.
      this.window?.postMessage(order, '*');
      this.wait();
    }
  }

  /** What its frame says. */
  hear(answer: Answer): void {
    if (this.tooOften()) {
      this.giveUp(this.frames.trans.__('It does not come to an end.'));
      return;
    }
    switch (answer.type) {
      case 'ready':
        this.ready = true;
        this.draw();
        break;
      case 'drawn':
        if (this.frame) {
          this.stopWaiting();
          this.frame.style.height = `${answer.height}px`;
          this.node.style.minHeight = '';
          this.note.textContent = '';
          this.state = 'drawn';
        }
        break;
      case 'failed':
        this.giveUp(answer.message || this.frames.trans.__('It could not be drawn.'));
    }
  }

  /** There may be a frame for it now. */
  reopen(): void {
    if (this.inSight && this.state === 'waiting') {
      if (this.frames.enter(this)) {
        void this.open();
      } else {
        this.note.textContent = this.frames.trans.__(
          'It is drawn when fewer charts and diagrams are in sight.'
        );
      }
    }
  }

  /** Take the frame away; it comes back when the view is in sight again. */
  close(): void {
    this.attempt += 1;
    this.stopWaiting();
    if (this.frame) {
      // What is below it stays where it is.
      this.node.style.minHeight = `${this.frame.offsetHeight}px`;
      this.frame.remove();
      this.frame = null;
      this.ready = false;
    }
    if (this.state !== 'failed') {
      this.note.textContent = '';
      this.state = 'waiting';
    }
    this.frames.leave(this);
  }

  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      this.observer?.disconnect();
      this.close();
      this.node.remove();
    }
  }

  private see(inSight: boolean): void {
    this._inSight = inSight;
    if (inSight) {
      this.reopen();
    } else if (this.state === 'drawn') {
      this.frames.offer();
    } else {
      // Its node may have been taken from the page, and then its frame cannot answer.
      this.close();
    }
  }

  private async open(): Promise<void> {
    const { frames, program } = this;
    this.wait();
    const { attempt } = this;
    try {
      const content = await frames.source(program.kind);
      if (attempt === this.attempt) {
        const frame = document.createElement('iframe');
        // Of opaque origin: no cookies, no storage, nothing of the page; no popups, downloads, forms, dialogs either.
        frame.setAttribute('sandbox', 'allow-scripts');
        frame.title = program.kind === 'chart' ? frames.trans.__('Chart') : frames.trans.__('Diagram');
        frame.style.colorScheme = frames.dark ? 'dark' : 'light';
        frame.style.height = `${HEIGHT}px`;
        frame.srcdoc = content;
        this.frame = frame;
        this.node.append(frame);
      }
    } catch (reason) {
      if (attempt === this.attempt) {
        this.giveUp(reason instanceof Error ? reason.message : String(reason));
      }
    }
  }

  private wait(): void {
    const { trans } = this.frames;
    this.stopWaiting();
    this.state = 'drawing';
    this.announcing = window.setTimeout(() => (this.note.textContent = trans.__('Drawing…')), ANNOUNCE_MS);
    this.patience = window.setTimeout(() => this.giveUp(trans.__('Drawing it took too long.')), PATIENCE_MS);
  }

  private stopWaiting(): void {
    window.clearTimeout(this.announcing);
    window.clearTimeout(this.patience);
  }

  /** Whether its frame says more in a second than a drawing that changes its size with every picture. */
  private tooOften(): boolean {
    const now = performance.now();
    if (now - this.since > SECOND_MS) {
      this.since = now;
      this.heard = 0;
    }
    this.heard += 1;
    return this.heard > LIMITS.answers;
  }

  /** Show what there is without drawing. */
  private giveUp(reason: string): void {
    const { kind, text, picture } = this.program;
    const { trans } = this.frames;
    this.observer?.disconnect();
    this.state = 'failed';
    this.close();
    this.node.style.minHeight = '';
    if (picture) {
      const image = document.createElement('img');
      image.src = `data:image/png;base64,${picture}`;
      image.alt = kind === 'chart' ? trans.__('Chart, as a picture that came with it') : trans.__('Diagram');
      this.note.textContent = '';
      this.node.append(image);
      return;
    }
    this.note.textContent =
      kind === 'chart'
        ? trans.__('This chart is shown as text. %1', reason)
        : trans.__('This diagram is shown as text. %1', reason);
    const source = document.createElement('pre');
    // It can be scrolled by keyboard.
    source.tabIndex = 0;
    source.textContent = text.length > LIMITS.shown ? `${text.slice(0, LIMITS.shown)}…` : text;
    this.node.append(source);
  }

  private get state(): State {
    return this.node.dataset.state as State;
  }

  private set state(state: State) {
    this.node.dataset.state = state;
  }

  private frame: HTMLIFrameElement | null = null;
  private ready = false;
  /** Counts the frames that it had: what an earlier one was opened for is of no use. */
  private attempt = 0;
  private heard = 0;
  private since = 0;
  private disposed = false;
  private _inSight = false;
  private announcing: number | undefined;
  private patience: number | undefined;
  private readonly observer: IntersectionObserver | null = null;
  private readonly note = document.createElement('p');
}

/** `waiting` to be in sight, `drawing`, `drawn`, or `failed`. */
type State = 'waiting' | 'drawing' | 'drawn' | 'failed';
