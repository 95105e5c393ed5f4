import React from 'react';

import { clock, roleName, runStatusName, runTime, timeOfDay } from '../format';
import type { ReplayModel } from '../replay';
import type { Translations } from '../tokens';

import { FilesSection } from './Files';
import { useSignals } from './hooks';

/** Where in the interview we are: slider, steps, play, and the moment in words. */
export function ReplayBar(props: {
  model: ReplayModel;
  /** Sequence number of the notebook on screen; `null` while none is. */
  shown: number | null;
  error: string | null;
  trans: Translations;
}): JSX.Element {
  const { model, shown, trans } = props;
  useSignals(model.moved);
  const last = model.length - 1;
  const now = momentText(model, trans);
  return (
    <div
      className="jp-Interview-replayBar"
      role="region"
      aria-label={trans.__('Replay')}
      data-testid="interview-replay-bar"
      data-seq={model.seq}
      data-shown={shown ?? ''}
    >
      <h1>{model.record.room.title}</h1>
      <div className="jp-Interview-steps">
        <button
          type="button"
          className="jp-mod-styled"
          disabled={model.index <= 0}
          onClick={() => (model.index -= 1)}
          aria-label={trans.__('Previous event')}
          data-testid="interview-replay-previous"
        >
          ‹
        </button>
        <button
          type="button"
          className="jp-mod-styled"
          disabled={last < 1}
          onClick={() => (model.playing ? model.pause() : model.play())}
          data-testid="interview-replay-play"
        >
          {model.playing ? trans.__('Pause') : trans.__('Play')}
        </button>
        <button
          type="button"
          className="jp-mod-styled"
          disabled={model.index >= last}
          onClick={() => (model.index += 1)}
          aria-label={trans.__('Next event')}
          data-testid="interview-replay-next"
        >
          ›
        </button>
      </div>
      <input
        type="range"
        min={0}
        max={Math.max(0, last)}
        step={1}
        value={model.index}
        onChange={event => (model.index = Number(event.target.value))}
        aria-label={trans.__('Moment of the interview')}
        aria-valuetext={now}
        data-testid="interview-replay-slider"
      />
      <output data-testid="interview-replay-moment">{now}</output>
      {props.error && (
        <span className="jp-Interview-error" role="alert">
          {props.error}
        </span>
      )}
      {shown !== model.seq && !props.error && <span role="status">{trans.__('Loading…')}</span>}
    </div>
  );
}

function momentText(model: ReplayModel, trans: Translations): string {
  const event = model.event;
  if (!event) {
    return trans.__('Nothing was recorded.');
  }
  return trans.__(
    '%1 (%2), event %3 of %4: %5',
    clock(model.offset),
    timeOfDay(event.ts),
    model.index + 1,
    model.length,
    eventText(event.kind, model.nameOf(event.member), trans)
  );
}

/** What happened, in words. `who` is `null` for the server. */
export function eventText(kind: string, who: string | null, trans: Translations): string {
  const name = who ?? trans.__('server');
  const texts: Record<string, string> = {
    document_snapshot: trans.__('notebook opened'),
    document_update: trans.__('edit by %1', name),
    document_resync: trans.__('notebook reloaded'),
    chat_message: trans.__('message from %1', name),
    join: trans.__('%1 joined', name),
    away: trans.__('%1 is away', name),
    leave: trans.__('%1 left', name),
    knock: trans.__('%1 asks to be let in', name),
    admit: trans.__('%1 admitted somebody', name),
    remove: trans.__('%1 removed somebody', name),
    run_started: trans.__('%1 runs a cell', name),
    run_finished: trans.__('run finished'),
    kernel_started: trans.__('kernel started'),
    kernel_restarted: trans.__('kernel restarted'),
    kernel_died: trans.__('kernel died'),
    interrupt: trans.__('%1 interrupts', name),
    permission_changed: trans.__('%1 changed a permission', name),
    room_created: trans.__('interview created'),
    room_updated: trans.__('interview changed'),
    room_ended: trans.__('interview ended'),
    denied: trans.__('refused to %1', name)
  };
  return texts[kind] ?? kind;
}

/** People, runs and chat as they stood at the moment. */
export function ReplaySide(props: { model: ReplayModel; trans: Translations }): JSX.Element {
  const { model, trans } = props;
  useSignals(model.moved);
  const present = model.present;
  const runs = model.runs;
  const messages = model.messages;
  return (
    <div className="jp-Interview-replaySide">
      <section aria-label={trans.__('People')} data-testid="interview-replay-people">
        <h2>{trans.__('People')}</h2>
        {present.length === 0 && <p className="jp-Interview-empty">{trans.__('Nobody is in the room.')}</p>}
        <ul>
          {present.map(member => (
            <li key={member.id}>
              {member.name} <small>{roleName(member.role, trans)}</small>
            </li>
          ))}
        </ul>
      </section>
      <FilesSection files={model.record.room.files} trans={trans} />
      <section aria-label={trans.__('Runs')} data-testid="interview-replay-runs">
        <h2>{trans.__('Runs')}</h2>
        {runs.length === 0 && <p className="jp-Interview-empty">{trans.__('Nothing has run yet.')}</p>}
        <ol>
          {runs.map(({ run, status }) => (
            <li key={run.id} data-status={status}>
              {run.member.name}: {runStatusName(status, trans)}
              {status !== 'running' && run.duration_ms !== null && ` · ${runTime(run.duration_ms)}`}
              <code>{run.source.split('\n', 1)[0]}</code>
            </li>
          ))}
        </ol>
      </section>
      <section aria-label={trans.__('Chat')} data-testid="interview-replay-chat">
        <h2>{trans.__('Chat')}</h2>
        {messages.length === 0 && <p className="jp-Interview-empty">{trans.__('No messages yet.')}</p>}
        <ol>
          {messages.map(message => (
            <li key={message.seq}>
              <strong>{message.sender.name}</strong>{' '}
              <time dateTime={message.ts}>{timeOfDay(message.ts)}</time>
              <p>{message.content}</p>
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}
