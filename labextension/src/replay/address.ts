/**
 * How does the page's address go with the moment of a replay?
 */

import { Paced } from './clock';
import { fragmentOf, parseFragment } from './link';
import type { ReplayModel } from './model';

/** The address follows when the moment has stood for so long, and once in so long while it moves, in milliseconds. */
const ADDRESS_MS = [300, 1000] as const;

/** What of a replay the address follows, and leads. */
export type FollowedModel = Pick<ReplayModel, 'ms' | 'moved' | 'go'>;

/** The address names the moment, and a changed address leads there; the browser's history stays as it is. */
export function followAddress(model: FollowedModel): void {
  let known = '';
  const go = (): void => {
    known = window.location.hash;
    const target = parseFragment(known);
    if (target) {
      void model.go(target).catch(() => undefined);
    }
  };
  const follow = (): boolean => {
    const changed = window.location.hash !== known;
    if (changed) {
      go();
    }
    return changed;
  };
  go();
  window.addEventListener('hashchange', follow);
  // Browsers refuse an address that changes too often, and it need not come before the notebook. Of an address that
  // somebody has just changed the browser tells a moment later: it is followed and not written over.
  const write = new Paced(
    () => {
      if (!follow()) {
        window.history.replaceState(window.history.state, '', fragmentOf(model.ms));
        known = window.location.hash;
      }
    },
    ...ADDRESS_MS
  );
  model.moved.connect(() => write.call());
}
