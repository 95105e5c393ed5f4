import React from 'react';

import type { Run } from '../api';
import type { Translations } from '../tokens';

import { Failure } from './Failure';
import { useAction } from './hooks';

export interface RunsProps {
  /** Why the last run that was asked for is none. */
  complaint: string | null;
  /** Runs that go on though their cell was removed. */
  strays: readonly Run[];
  mayStop: boolean;
  trans: Translations;
  onDismiss: () => void;
  onStop: () => Promise<void>;
}

/** What there is to say of runs that no cell says; nothing most of the time. */
export function Runs(props: RunsProps): JSX.Element | null {
  const { complaint, strays, trans } = props;
  const { busy, error, act } = useAction();
  if (complaint === null && !strays.length) {
    return null;
  }
  return (
    <div className="jp-Interview-runs" data-testid="interview-runs">
      {complaint !== null && (
        <>
          <Failure text={complaint} />
          <button type="button" className="jp-mod-styled" onClick={props.onDismiss}>
            {trans.__('Close')}
          </button>
        </>
      )}
      {strays.length > 0 && (
        <>
          <span role="status">
            {trans.__('A cell that was removed still runs, for %1.', strays[0].member.name)}
          </span>
          <button
            type="button"
            className="jp-mod-styled"
            disabled={busy || !props.mayStop}
            onClick={() => act(props.onStop)}
          >
            {trans.__('Stop')}
          </button>
          <Failure text={error} />
        </>
      )}
    </div>
  );
}
