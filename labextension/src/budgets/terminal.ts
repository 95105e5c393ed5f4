/**
 * How is text of any size put on the page, and text that grows? In blocks that are laid out when they come into view, in
 * slices between which the page answers, and never from the start again.
 */
import { type IRenderMime, RenderedCommon } from '@jupyterlab/rendermime';

import { multiline } from '../replay/multiline';
import type { Translations } from '../tokens';

import { AnsiReader, type Piece } from './ansi';
import type { Budgets } from './budgets';
import { BLOCK, blockNode, blocks, noteNode, SHORT_BLOCKS } from './source';

/** Units that are put on the page at once; what is longer comes in slices. */
const SLICE = 65_536;

/** What is made a link. */
const LINK = /(?:https?:\/\/|www\.)[^\s"'<>(){}[\]]{2,2000}/g;

export class RenderedTerminal extends RenderedCommon {
  constructor(
    options: IRenderMime.IRendererOptions,
    private readonly budgets: Budgets,
    private readonly trans: Translations
  ) {
    super(options);
    this.addClass('jp-RenderedText');
  }

  /** What is there already stays, where it was only added to. */
  override async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    await this.render(model);
  }

  override render(model: IRenderMime.IMimeModel): Promise<void> {
    const source = multiline(model.data[this.mimeType]);
    if (!this.pre || !source.startsWith(this.source)) {
      this.begin();
    }
    const added = source.slice(this.source.length);
    this.source = source;
    this.waiting.push(...slices(added));
    if (this.working) {
      return this.working;
    }
    this.slice();
    this.working = this.waiting.length ? this.work().finally(() => (this.working = null)) : null;
    return this.working ?? Promise.resolve();
  }

  override dispose(): void {
    this.waiting = [];
    super.dispose();
  }

  private begin(): void {
    this.pre = document.createElement('pre');
    this.node.replaceChildren(this.pre);
    this.source = '';
    this.waiting = [];
    this.reader = new AnsiReader();
    this.block = null;
    this.ended = true;
    this.chars = this.spans = 0;
    this.told = false;
  }

  private async work(): Promise<void> {
    while (this.waiting.length) {
      await new Promise(resolve => setTimeout(resolve));
      this.slice();
    }
  }

  private slice(): void {
    const text = this.waiting.shift();
    let plain = '';
    for (const piece of text === undefined ? [] : this.reader.read(text)) {
      if (this.spans < this.budgets.textSpans) {
        this.add(piece);
      } else {
        plain += piece.text;
      }
    }
    if (plain) {
      this.add({ text: plain, classes: '', style: '' });
    }
  }

  private add(piece: Piece): void {
    const room = this.budgets.textChars - this.chars;
    const text = piece.text.slice(0, Math.max(0, room));
    this.chars += text.length;
    for (const part of blocks(text)) {
      const styled = piece.classes || piece.style;
      const plain = this.spans >= this.budgets.textSpans;
      const block = this.blockFor(part);
      if (plain) {
        block.append(part);
      } else if (styled) {
        this.spans += 1;
        block.append(span(piece, part));
      } else {
        this.spans += link(block, part);
      }
    }
    this.tell(text.length < piece.text.length);
  }

  /** Say what is not shown, once. */
  private tell(cut: boolean): void {
    const many = this.spans >= this.budgets.textSpans;
    if (this.told || !(cut || many)) {
      return;
    }
    this.told = true;
    this.node.append(
      noteNode(
        cut
          ? this.trans.__('The rest is not shown: it is too long.')
          : this.trans.__('From here on without colours and links: it has too many of them.')
      )
    );
    if (!cut) {
      // The line stands where the colours end, and the text goes on below it.
      this.pre = document.createElement('pre');
      this.node.append(this.pre);
      this.block = null;
    }
  }

  /** The block that a part goes into: a full one is not added to, and ends with a line where it can. */
  private blockFor(part: string): HTMLElement {
    const full = this.ended ? this.held + part.length > BLOCK : this.held > 3 * BLOCK;
    if (!this.block || full) {
      this.block = blockNode();
      this.held = 0;
      this.pre?.append(this.block);
      // Only a long text: what is not laid out has no height of its own.
      this.pre?.classList.toggle('jp-mod-long', (this.pre.childElementCount || 0) > SHORT_BLOCKS);
    }
    this.held += part.length;
    this.ended = part.endsWith('\n');
    return this.block;
  }

  private pre: HTMLElement | null = null;
  private block: HTMLElement | null = null;
  private held = 0;
  private ended = true;
  private source = '';
  private chars = 0;
  private spans = 0;
  private told = false;
  private waiting: string[] = [];
  private working: Promise<void> | null = null;
  private reader = new AnsiReader();
}

function slices(text: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length; at += SLICE) {
    found.push(text.slice(at, at + SLICE));
  }
  return found;
}

function span({ classes, style }: Piece, text: string): HTMLElement {
  const node = document.createElement('span');
  node.className = classes;
  node.style.cssText = style;
  node.textContent = text;
  return node;
}

/** Append a text, addresses in it as links; how many. */
function link(block: HTMLElement, text: string): number {
  let [at, count] = [0, 0];
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const address = found.replace(/[,:;.!?]+$/, '');
    const anchor = document.createElement('a');
    anchor.href = address.startsWith('www.') ? `https://${address}` : address;
    anchor.rel = 'noopener noreferrer';
    anchor.target = '_blank';
    anchor.textContent = address;
    block.append(text.slice(at, index), anchor);
    at = index + address.length;
    count += 1;
  }
  block.append(text.slice(at));
  return count;
}
