import React from 'react';

import { between, clock } from '../format';
import type { RoomModel } from '../model';
import type { Translations } from '../tokens';

import { useSignals } from './hooks';

/** What is left to say and do after the interview. */
export function Ended(props: {
  model: RoomModel;
  replay: string;
  notebook: string;
  /** Address of what was recorded of this member. */
  ownPart: string;
  trans: Translations;
}): JSX.Element | null {
  const { model, trans } = props;
  useSignals(model.changed);
  if (!model.ended) {
    return null;
  }
  const room = model.room;
  const duration = room?.started_at && room.ended_at ? clock(between(room.started_at, room.ended_at)) : null;
  return (
    <section className="jp-Interview-ended" role="alert" data-testid="interview-ended">
      <h2>{trans.__('The interview has ended.')}</h2>
      <p>
        {duration ? trans.__('It took %1. ', duration) : ''}
        {model.you.permissions.review
          ? trans.__('The notebook can be read below; nothing of it changes any more.')
          : trans.__('Thank you for taking part. You can close this page.')}
      </p>
      <div className="jp-Interview-actions">
        {model.you.permissions.review && (
          <>
            <a
              className="jp-Interview-button jp-mod-accept"
              href={props.replay}
              data-testid="interview-replay-link"
            >
              {trans.__('Open the replay')}
            </a>
            <a className="jp-Interview-button" href={props.notebook} download>
              {trans.__('Download the notebook')}
            </a>
          </>
        )}
        <a
          className="jp-Interview-button"
          href={props.ownPart}
          download
          data-testid="interview-ended-my-part"
        >
          {trans.__('Download what was recorded of me')}
        </a>
      </div>
    </section>
  );
}
