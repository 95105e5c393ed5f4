/**
 * How is a drawing shown that moves? As it stands at its beginning: one that moves keeps a page busy while it is in view.
 */
import { dataOf, drawingOf } from './addresses';
import { MOTION } from './styles';

/** Elements that change others in time. */
export const MOVERS = 'animate, animateColor, animateMotion, animateTransform, discard, set';

const MAY_MOVE = /animat|transition|discard|<(?:[\w.-]+:)?set\b/i;
const EACH = new RegExp(MOTION.source, 'gi');

/** A drawing without what moves in it; the same text where nothing does. */
export function still(source: string): string {
  if (!MAY_MOVE.test(source) || /<!ENTITY/i.test(source)) {
    return source;
  }
  const parsed = new DOMParser().parseFromString(source, 'image/svg+xml');
  if (parsed.querySelector('parsererror')) {
    return source;
  }
  parsed.querySelectorAll(MOVERS).forEach(element => element.remove());
  // Without these letters, and without escapes, which are refused, CSS has no word for it.
  for (const style of parsed.querySelectorAll('style')) {
    style.textContent = (style.textContent ?? '').replace(EACH, 'still');
  }
  for (const element of parsed.querySelectorAll('[style], [class]')) {
    for (const name of ['style', 'class']) {
      const value = element.getAttribute(name);
      if (value !== null) {
        element.setAttribute(name, value.replace(EACH, 'still'));
      }
    }
  }
  return new XMLSerializer().serializeToString(parsed.documentElement);
}

/** The same for an address that has a drawing in itself. */
export function stillAddress(address: string): string {
  const data = dataOf(address);
  const source = data && data.type.includes('svg') ? drawingOf(data) : null;
  const changed = source === null ? null : still(source);
  return changed === null || changed === source
    ? address
    : `data:image/svg+xml,${encodeURIComponent(changed)}`;
}
