/**
 * How do the panels follow the moment without being rendered with every picture?
 */
import { useEffect, useReducer } from 'react';

import { landmarks } from '../../replay/landmarks';
import type { ReplayModel } from '../../replay/model';
import { countUntil } from '../../replay/position';

/** Least time between two renderings while something moves, in milliseconds. */
const PACE_MS = 150;

/** Render again when something besides the text happened up to the position, or the record changed. */
export function useMoment(model: ReplayModel): void {
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let events = landmarks(model);
    let before = -1;
    const look = (): void => {
      const now = countUntil(events, event => event, model.position);
      if (now !== before) {
        before = now;
        render();
      }
    };
    const changed = (): void => {
      events = landmarks(model);
      render();
    };
    look();
    model.moved.connect(look);
    model.changed.connect(changed);
    return () => {
      model.moved.disconnect(look);
      model.changed.disconnect(changed);
    };
  }, [model]);
}

/** Render again after the moment on display changed, but not with every picture. */
export function useDisplayed(model: ReplayModel): void {
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let timer: number | undefined;
    const later = (): void => {
      timer ??= window.setTimeout(() => {
        timer = undefined;
        render();
      }, PACE_MS);
    };
    model.displayed.connect(later);
    model.changed.connect(later);
    return () => {
      window.clearTimeout(timer);
      model.displayed.disconnect(later);
      model.changed.disconnect(later);
    };
  }, [model]);
}
