/**
 * How is a text changed many times at little cost? One edit mostly goes on where the one before it ended, so what stands
 * before and behind that place is left alone.
 */
import { spliceRuns } from './authors';
import type { AuthorRun } from './moment';

/** A text under way, with its authors. */
export class TextDraft {
  /** @param authors runs that cover the text; they are not changed. */
  constructor(text: string, authors: readonly AuthorRun[]) {
    this.behind = text;
    this.runs = [...authors];
  }

  /** In UTF-16 units. */
  get length(): number {
    return this.before.length + this.middle.length + this.behind.length;
  }

  get text(): string {
    return this.before + this.middle + this.behind;
  }

  get authors(): readonly AuthorRun[] {
    return this.runs;
  }

  /** Replace `deleted` units at `pos`; both have to be in the text. */
  splice(pos: number, deleted: number, inserted: string, authors: readonly AuthorRun[]): void {
    let at = pos - this.before.length;
    if (at < 0 || at + deleted > this.middle.length) {
      const { text } = this;
      this.before = text.slice(0, pos);
      this.middle = text.slice(pos, pos + deleted);
      this.behind = text.slice(pos + deleted);
      at = 0;
    }
    this.middle = this.middle.slice(0, at) + inserted + this.middle.slice(at + deleted);
    spliceRuns(this.runs, pos, deleted, authors);
  }

  private before = '';
  /** Where edits are. */
  private middle = '';
  private behind: string;
  private readonly runs: AuthorRun[];
}
