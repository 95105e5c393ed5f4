/**
 * How do the panels follow the moment without being rendered with every picture?
 */
import { useEffect, useReducer } from 'react';

import { Paced } from '../../replay/clock';
import { landmarks } from '../../replay/landmarks';
import type { ReplayModel } from '../../replay/model';
import { countUntil } from '../../replay/position';

/** The notebook comes first: what stands beside it follows when it has stood for so long, in milliseconds. */
const BESIDE_MS = 80;

/** What is worked out from all of its text follows later. */
const WORKED_OUT_MS = 150;

/** While it does not stand still, they follow once in this time. */
const MOVING_MS = 500;

/** Render again when something besides the text happened up to the position, or the record changed. */
export function useMoment(model: ReplayModel): void {
  const render = useRender();
  useEffect(() => {
    const paced = new Paced(render, BESIDE_MS, MOVING_MS);
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
    const paced = new Paced(render, WORKED_OUT_MS, MOVING_MS);
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
