/**
 * How do the panels follow the moment without being rendered with every picture?
 */
import { useEffect, useReducer } from 'react';

import { Paced } from '../../replay/clock';
import { landmarks } from '../../replay/landmarks';
import type { ReplayModel } from '../../replay/model';
import { countUntil } from '../../replay/position';

/** Least time between two renderings while something moves, in milliseconds. */
const PACE_MS = 150;

/** The notebook comes first: what stands beside it follows so many milliseconds later. */
const BESIDE_MS = 80;

/** Render again when something besides the text happened up to the position, or the record changed. */
export function useMoment(model: ReplayModel): void {
  const render = useRender();
  useEffect(() => {
    const paced = new Paced(render, BESIDE_MS);
    let events = landmarks(model);
    let before = -1;
    const look = (): void => {
      const now = countUntil(events, event => event, model.position);
      if (now !== before) {
        before = now;
        paced.call();
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
      paced.stop();
      model.moved.disconnect(look);
      model.changed.disconnect(changed);
    };
  }, [model, render]);
}

/** Render again after the moment on display changed, but not with every picture. */
export function useDisplayed(model: ReplayModel): void {
  const render = useRender();
  useEffect(() => {
    const paced = new Paced(render, PACE_MS);
    const later = (): void => paced.call();
    model.displayed.connect(later);
    model.changed.connect(later);
    return () => {
      paced.stop();
      model.displayed.disconnect(later);
      model.changed.disconnect(later);
    };
  }, [model, render]);
}

/** Renders the component again. */
function useRender(): () => void {
  return useReducer((count: number) => count + 1, 0)[1];
}
