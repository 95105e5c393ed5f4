/**
 * How does the replay of an interview that still goes on grow?
 */
import type { ReplayModel } from './model';
import { openReplay } from './open';

/** Pause between two questions what has happened since, in milliseconds. */
export const FOLLOW_MS = 5_000;

/**
 * Ask for news of a live interview every few seconds while the page is looked at.
 *
 * @returns what asks at once; `null` for an interview that is over.
 */
export function follow(model: ReplayModel): (() => void) | null {
  if (!model.manifest.live) {
    return null;
  }
  let asking = false;
  const ask = async (): Promise<void> => {
    if (asking || model.isDisposed) {
      return;
    }
    asking = true;
    try {
      const opened = await openReplay(model.source, () => undefined);
      if (!model.isDisposed && opened.manifest.last_seq !== model.manifest.last_seq) {
        model.update(opened);
      }
      if (!opened.manifest.live) {
        window.clearInterval(timer);
        model.update(opened);
      }
    } catch {
      // The next question comes soon; until then the page shows what it has.
    } finally {
      asking = false;
    }
  };
  const timer = window.setInterval(() => {
    if (!document.hidden) {
      void ask();
    }
  }, FOLLOW_MS);
  return () => void ask();
}
