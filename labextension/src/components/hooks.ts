/**
 * How do components follow what lies outside of React?
 */
import type { ISignal } from '@lumino/signaling';
import { useEffect, useReducer, useRef, useState } from 'react';

import { messageOf } from '../api';

/** Render again whenever one of the signals fires. */
export function useSignals(...signals: ISignal<unknown, unknown>[]): void {
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const slot = (): void => render();
    signals.forEach(signal => signal.connect(slot));
    // What changed between the first rendering and this effect would otherwise be missed.
    render();
    return () => signals.forEach(signal => signal.disconnect(slot));
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, signals);
}

/** Render again every `milliseconds` while `active`. */
export function useTicker(active: boolean, milliseconds = 1000): void {
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!active) {
      return;
    }
    const timer = window.setInterval(render, milliseconds);
    return () => window.clearInterval(timer);
  }, [active, milliseconds]);
}

/** The value as it was `milliseconds` ago, once it stands still. */
export function useDebounced<T>(value: T, milliseconds: number): T {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => settle(value), milliseconds);
    return () => window.clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}

/** An action with its failure: `busy` while it runs, `error` with the message of the last failure. */
export function useAction(): {
  busy: boolean;
  error: string | null;
  act: (action: () => Promise<unknown>) => void;
} {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  const act = (action: () => Promise<unknown>): void => {
    setBusy(true);
    setError(null);
    action().then(
      () => alive.current && setBusy(false),
      (reason: unknown) => {
        if (alive.current) {
          setBusy(false);
          setError(messageOf(reason));
        }
      }
    );
  };
  return { busy, error, act };
}
