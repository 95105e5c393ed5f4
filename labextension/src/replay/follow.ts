/**
 * What is there to know of an interview after its replay was opened? It may go on, and its log is checked as a whole only
 * then.
 */
import type { ReplayModel } from './model';
import { openReplay } from './open';
import { isBuilding, type Manifest } from './record';

/** Pause between two questions what has happened since, in milliseconds. */
export const FOLLOW_MS = 5_000;

/**
 * Ask for news every few seconds while the page is looked at, until none can come.
 *
 * @returns what asks at once; `null` for an interview that is over.
 */
export function follow(model: ReplayModel): (() => void) | null {
  const { live } = model.manifest;
  if (isFinal(model.manifest)) {
    return null;
  }
  let asking = false;
  const ask = async (): Promise<void> => {
    if (asking || model.isDisposed) {
      return;
    }
    asking = true;
    try {
      const manifest = await model.source.manifest();
      if (isBuilding(manifest)) {
        return;
      }
      if (isNews(manifest, model.manifest)) {
        const opened = await openReplay(model.source, () => undefined);
        if (!model.isDisposed) {
          model.update(opened);
        }
      }
      if (isFinal(manifest)) {
        window.clearInterval(timer);
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
  return live ? () => void ask() : null;
}

function isFinal(manifest: Manifest): boolean {
  return !manifest.live && manifest.checked;
}

function isNews(now: Manifest, before: Manifest): boolean {
  return (
    now.last_seq !== before.last_seq ||
    now.live !== before.live ||
    now.damage?.seq !== before.damage?.seq ||
    now.damage?.reason !== before.damage?.reason
  );
}
