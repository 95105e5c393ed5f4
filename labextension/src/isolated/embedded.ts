/**
 * Where does an isolated frame come from in a replay that is a file on disk? From an element of its own page.
 */
import { unpack } from '../replay/embedded';

import { frameOf, type FrameSource } from './source';

/** From elements of the page: `interview-isolated-<kind>` holds base64 of gzip of the script, and names its hash. */
export function embeddedFrames(page: Document): FrameSource {
  return async kind => {
    const element = page.getElementById(`interview-isolated-${kind}`);
    const digest = element?.dataset.digest;
    if (!element || !digest) {
      throw new Error('This file has no part that could draw it.');
    }
    return frameOf(`'${digest}'`, `>${await unpack(element.textContent ?? '')}`);
  };
}
