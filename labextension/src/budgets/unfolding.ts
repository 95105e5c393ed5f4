/**
 * How much of the trees of JSON is shown unfolded, where their outputs ask for it? As much as can be looked at: in one
 * output, and in the page, which has many of them.
 */
import type { IRenderMime } from '@jupyterlab/rendermime';

/** Values of one output that are shown unfolded. */
export const UNFOLDED = 500;

/** Values of all outputs of the page. */
export const UNFOLDED_IN_ALL = 3_000;

/** How many values there are in one of JSON, itself included; beyond `most` it is not counted further. */
export function countValues(value: unknown, most: number): number {
  let count = 0;
  const left = [value];
  while (left.length && count <= most) {
    count += 1;
    const each = left.pop();
    if (typeof each === 'object' && each !== null) {
      const inner: unknown[] = Object.values(each);
      if (inner.length > most) {
        return count + inner.length;
      }
      left.push(...inner);
    }
  }
  return count;
}

/** What renderers show unfolded. */
export class Unfolding {
  /** Whether a renderer may show so many values unfolded, in the place of those that it showed before. */
  takes(renderer: IRenderMime.IRenderer, values: number): boolean {
    this.forget(renderer);
    if (values === 0 || values > UNFOLDED || this.values + values > UNFOLDED_IN_ALL) {
      return false;
    }
    this.shown.set(renderer, values);
    this.values += values;
    renderer.disposed.connect(this.forget, this);
    return true;
  }

  /** The renderer shows nothing unfolded any more. */
  forget(renderer: IRenderMime.IRenderer): void {
    this.values -= this.shown.get(renderer) ?? 0;
    this.shown.delete(renderer);
  }

  private values = 0;
  private readonly shown = new Map<IRenderMime.IRenderer, number>();
}
