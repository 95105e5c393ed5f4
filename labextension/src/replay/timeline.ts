/**
 * What stands where on the timeline?
 */
import type { Mark } from './landmarks';
import { countUntil } from './position';
import type { Manifest } from './record';

/** The typing of one member. */
export interface Lane {
  member: number;
  /** UTF-16 units typed or removed in each bin. */
  bins: readonly number[];
}

/** One lane for each member who wrote, in the order of the members. */
export function lanesOf(manifest: Manifest): Lane[] {
  return Object.entries(manifest.density.members)
    .map(([member, bins]) => ({ member: Number(member), bins }))
    .filter(({ bins }) => bins.some(units => units > 0))
    .sort((a, b) => a.member - b.member);
}

/**
 * Heights of the columns of a lane, from 0 to 1.
 *
 * A column that covers several bins shows the busiest; the scale is a square root, so that a large paste does not flatten
 * the typing. `peak` is the largest bin of all lanes.
 */
export function columns(
  bins: readonly number[],
  span: { binMs: number; duration: number; width: number; peak: number }
): number[] {
  const { binMs, duration, width, peak } = span;
  const heights = new Array<number>(width).fill(0);
  if (duration <= 0 || peak <= 0 || width <= 0) {
    return heights;
  }
  bins.forEach((units, bin) => {
    const from = Math.floor(((bin * binMs) / duration) * width);
    const to = Math.max(from + 1, Math.floor((((bin + 1) * binMs) / duration) * width));
    for (let column = Math.max(0, from); column < Math.min(to, width); column++) {
      heights[column] = Math.max(heights[column], Math.sqrt(Math.min(units, peak) / peak));
    }
  });
  return heights;
}

/** The largest bin of all lanes; a paste counts as much as three times the busiest typing beside it. */
export function peakOf(lanes: readonly Lane[]): number {
  const all = lanes.flatMap(({ bins }) => bins.filter(units => units > 0)).sort((a, b) => a - b);
  if (all.length === 0) {
    return 0;
  }
  const usual = all[Math.floor((all.length - 1) * 0.9)];
  return Math.min(all[all.length - 1], usual * 3);
}

/** Where a moment stands, in CSS pixels. */
export function toX(ms: number, duration: number, width: number): number {
  return duration > 0 ? (Math.min(Math.max(0, ms), duration) / duration) * width : 0;
}

/** The moment at a place, in milliseconds. */
export function toMs(x: number, duration: number, width: number): number {
  return width > 0 ? (Math.min(Math.max(0, x), width) / width) * duration : 0;
}

/** The marks from `from` to `to` milliseconds; `marks` are in order. */
export function marksBetween(marks: readonly Mark[], from: number, to: number): Mark[] {
  const first = countUntil(marks, mark => mark, { ms: from, seq: -1 });
  const last = countUntil(marks, mark => mark, { ms: to, seq: Infinity });
  return marks.slice(first, last);
}

/** Which of several marks at one place is drawn on top: the higher the number. */
export function weight(mark: Mark): number {
  if (mark.kind === 'run_finished') {
    return mark.status === 'ok' ? 4 : 6;
  }
  return WEIGHTS[mark.kind] ?? 0;
}

const WEIGHTS: Record<string, number> = {
  join: 2,
  leave: 2,
  kernel_restarted: 3,
  message: 5,
  paste: 5,
  interrupt: 5,
  permission: 6,
  clock_stepped: 6,
  remove: 6,
  kernel_died: 7,
  end: 8,
  bookmark: 9
};

/** Whether a mark is drawn. A run is drawn where it ended. */
export function isDrawn(mark: Mark): boolean {
  return weight(mark) > 0;
}
