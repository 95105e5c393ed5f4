import React, { useEffect, useState } from 'react';

import type { Recorded } from '../api';
import type { RoomModel } from '../model';
import type { Translations } from '../tokens';

import { useSignals } from './hooks';

/** Pause between two questions how much is recorded, in milliseconds. */
const ASK_MS = 10_000;

export interface RecordedProps {
  model: RoomModel;
  /** How much is recorded of this member so far. */
  counts: () => Promise<Recorded>;
  /** Whether anybody can see it: else nothing is asked. */
  visible: boolean;
  /** Address of the member's own part. */
  exportUrl: string;
  trans: Translations;
}

/** What of this member is recorded, in plain words and with how much of it there is so far. */
export function RecordedPanel(props: RecordedProps): JSX.Element {
  const { model, counts, visible, exportUrl, trans } = props;
  useSignals(model.changed);
  const [known, setKnown] = useState<Recorded | null>(null);
  const { ended, out } = model;
  useEffect(() => {
    if (!visible || out) {
      return;
    }
    let alive = true;
    const ask = (): void => {
      if (!document.hidden) {
        counts().then(
          answer => alive && setKnown(answer),
          // The next question comes soon; the words stand without the numbers.
          () => undefined
        );
      }
    };
    ask();
    const timer = ended ? undefined : window.setInterval(ask, ASK_MS);
    return () => {
      alive = false;
      window.clearInterval(timer);
    };
  }, [counts, ended, out, visible]);
  return (
    <section className="jp-Interview-recorded" data-testid="interview-recorded">
      <p>
        {ended
          ? trans.__('This was recorded of you, with your name and the time:')
          : trans.__('This is recorded of you, with your name and the time:')}
      </p>
      <dl>
        {linesOf(known, trans).map(([name, count]) => (
          <React.Fragment key={name}>
            <dt>{name}</dt>
            <dd>{count ?? ''}</dd>
          </React.Fragment>
        ))}
      </dl>
      <p>
        {trans.__(
          'Nothing of your screen, sound, camera or other pages. The interviewers of this interview can see the record and play it back.'
        )}
      </p>
      <a className="jp-Interview-button" href={exportUrl} download data-testid="interview-my-part">
        {trans.__('Download my part')}
      </a>
    </section>
  );
}

function linesOf(known: Recorded | null, trans: Translations): [string, number | undefined][] {
  return [
    [trans.__('every change that you make in the notebook'), known?.edits],
    [trans.__('where your cursor stands'), known?.cursors],
    [trans.__('every message that you send'), known?.messages],
    [trans.__('every run that you start, and its outputs'), known?.runs],
    [trans.__('when you come and go'), known?.joins]
  ];
}
