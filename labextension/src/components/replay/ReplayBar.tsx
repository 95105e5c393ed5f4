import React, { useEffect, useReducer, useRef } from 'react';

import { messageOf } from '../../api';
import { clock } from '../../format';
import { SPEEDS } from '../../replay/clock';
import { fragmentOf } from '../../replay/link';
import type { ReplayModel, Step } from '../../replay/model';
import { timeOfMoment } from '../../replay/words';
import type { Translations } from '../../tokens';
import { useSignals } from '../hooks';

import { ExportMenu, type ExportUrl } from './ExportMenu';
import { Icon, type IconName } from './Icon';
import { Timeline } from './Timeline';

/** What the bar can ask for; `null` where it cannot be done here. */
export interface BarActions {
  copyLink: () => void;
  help: () => void;
  bookmark: (() => void) | null;
  fork: (() => void) | null;
  refresh: (() => void) | null;
  toggleSide: () => void;
  exportUrl: ExportUrl | null;
}

export interface BarProps {
  model: ReplayModel;
  actions: BarActions;
  /** Sequence number of the moment that is in view, and of the one that is there completely. */
  on: { shown?: number; complete?: number };
  trans: Translations;
}

/** Where in the interview we are, and what can be done about it. */
export function ReplayBar(props: BarProps): JSX.Element {
  const { model, actions, trans } = props;
  useSignals(model.changed);
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The position is told at once; React follows with the moment.
    const tell = (): void => {
      bar.current?.setAttribute('data-seq', String(model.seq));
      bar.current?.setAttribute('data-moment', fragmentOf(model.ms));
    };
    model.moved.connect(tell);
    model.displayed.connect(tell);
    return () => {
      model.moved.disconnect(tell);
      model.displayed.disconnect(tell);
    };
  }, [model]);
  return (
    <div
      ref={bar}
      className="jp-Interview-replayBar"
      role="region"
      aria-label={trans.__('Replay')}
      data-testid="interview-replay-bar"
      data-seq={model.seq}
      data-moment={fragmentOf(model.ms)}
      data-shown={props.on.shown ?? ''}
      data-complete={props.on.complete ?? ''}
      data-ready={props.on.shown !== undefined}
      data-playing={model.playing}
      data-loaded={model.loaded}
    >
      <div className="jp-Interview-barRow">
        <h1>{model.manifest.room.title}</h1>
        {model.manifest.live && <span className="jp-Interview-state jp-mod-live">{trans.__('Live')}</span>}
        <Actions model={model} actions={actions} trans={trans} />
      </div>
      <Damage model={model} trans={trans} />
      <Timeline model={model} trans={trans} />
      <div className="jp-Interview-barRow">
        <Transport model={model} trans={trans} />
        <Now model={model} trans={trans} />
        <Status model={model} trans={trans} />
      </div>
    </div>
  );
}

function Actions(props: { model: ReplayModel; actions: BarActions; trans: Translations }): JSX.Element {
  const { model, actions, trans } = props;
  return (
    <div className="jp-Interview-actions">
      <button
        type="button"
        className="jp-mod-styled jp-Interview-toggle"
        aria-pressed={model.whoWrote}
        onClick={() => (model.whoWrote = !model.whoWrote)}
        data-testid="interview-replay-who"
      >
        {trans.__('Who wrote this')}
      </button>
      {actions.refresh && (
        <IconButton
          name="refresh"
          label={trans.__('Get what has happened since')}
          onClick={actions.refresh}
          testid="refresh"
        />
      )}
      {actions.bookmark && (
        <IconButton
          name="bookmark"
          label={trans.__('Bookmark this moment')}
          onClick={actions.bookmark}
          testid="bookmark"
        />
      )}
      <IconButton
        name="link"
        label={trans.__('Copy the link to this moment')}
        onClick={actions.copyLink}
        testid="copy"
      />
      {actions.fork && (
        <IconButton
          name="fork"
          label={trans.__('New interview from this moment…')}
          onClick={actions.fork}
          testid="fork"
        />
      )}
      {actions.exportUrl && <ExportMenu url={actions.exportUrl} trans={trans} />}
      <IconButton name="help" label={trans.__('Keys')} onClick={actions.help} testid="help" />
      <button
        type="button"
        className="jp-mod-styled"
        onClick={actions.toggleSide}
        data-testid="interview-replay-side"
      >
        {trans.__('Panel')}
      </button>
    </div>
  );
}

export function IconButton(props: {
  name: IconName;
  label: string;
  onClick: () => void;
  testid: string;
  disabled?: boolean;
}): JSX.Element {
  return (
    <button
      type="button"
      className="jp-mod-styled jp-Interview-iconButton"
      title={props.label}
      aria-label={props.label}
      disabled={props.disabled}
      onClick={props.onClick}
      data-testid={`interview-replay-${props.testid}`}
    >
      <Icon name={props.name} />
    </button>
  );
}

function Transport(props: { model: ReplayModel; trans: Translations }): JSX.Element {
  const { model, trans } = props;
  const play = model.playing ? trans.__('Pause') : trans.__('Play');
  return (
    <div className="jp-Interview-steps">
      <button
        type="button"
        className="jp-mod-styled jp-mod-accept jp-Interview-iconButton"
        title={play}
        aria-label={play}
        onClick={() => (model.playing ? model.pause() : model.play())}
        data-testid="interview-replay-play"
      >
        <Icon name={model.playing ? 'pause' : 'play'} />
      </button>
      <Stepper
        {...props}
        what="edit"
        name={trans.__('Edit')}
        labels={[trans.__('Previous edit'), trans.__('Next edit')]}
      />
      <Stepper
        {...props}
        what="run"
        name={trans.__('Run')}
        labels={[trans.__('Previous run'), trans.__('Next run')]}
      />
      <Stepper
        {...props}
        what="message"
        name={trans.__('Message')}
        labels={[trans.__('Previous message'), trans.__('Next message')]}
      />
      <select
        className="jp-mod-styled jp-Interview-speed"
        value={model.speed}
        aria-label={trans.__('Speed')}
        onChange={event => (model.speed = Number(event.target.value))}
        data-testid="interview-replay-speed"
      >
        {SPEEDS.map(speed => (
          <option key={speed} value={speed}>
            {speed}×
          </option>
        ))}
      </select>
      <label className="jp-Interview-check">
        <input
          type="checkbox"
          checked={model.skipIdle}
          onChange={event => (model.skipIdle = event.target.checked)}
          data-testid="interview-replay-skip"
        />
        {trans.__('Skip idle')}
      </label>
      <label className="jp-Interview-check">
        <input
          type="checkbox"
          checked={model.follow}
          onChange={event => (model.follow = event.target.checked)}
          data-testid="interview-replay-follow"
        />
        {trans.__('Follow')}
      </label>
    </div>
  );
}

/** One step back and one on, by one kind of event. */
function Stepper(props: {
  model: ReplayModel;
  what: Step;
  name: string;
  labels: [string, string];
}): JSX.Element {
  const { model, what, name, labels } = props;
  const step = (by: 1 | -1) => () => void model.step(what, by);
  return (
    <span className="jp-Interview-stepper" role="group" aria-label={name}>
      <IconButton name="back" label={labels[0]} onClick={step(-1)} testid={`previous-${what}`} />
      <span aria-hidden="true">{name}</span>
      <IconButton name="on" label={labels[1]} onClick={step(1)} testid={`next-${what}`} />
    </span>
  );
}

/** The moment in figures; moves with every picture while playing. */
function Now(props: { model: ReplayModel; trans: Translations }): JSX.Element {
  const { model, trans } = props;
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let before = '';
    const slot = (): void => {
      const now = `${Math.floor(model.ms / 1000)}/${model.seq}`;
      if (now !== before) {
        before = now;
        render();
      }
    };
    model.moved.connect(slot);
    model.displayed.connect(slot);
    return () => {
      model.moved.disconnect(slot);
      model.displayed.disconnect(slot);
    };
  }, [model]);
  return (
    <div className="jp-Interview-now" data-testid="interview-replay-moment">
      <strong>
        {clock(model.ms)} / {clock(model.duration)}
      </strong>{' '}
      {timeOfMoment(model.manifest, model.ms)}{' '}
      <small>{trans.__('event %1 of %2', model.seq, model.manifest.last_seq)}</small>
    </div>
  );
}

function Damage(props: { model: ReplayModel; trans: Translations }): JSX.Element | null {
  const { damage } = props.model.manifest;
  return damage ? (
    <p className="jp-Interview-banner jp-mod-stopped" role="alert" data-testid="interview-replay-damage">
      {props.trans.__(
        'The record does not hold from event %1 on: %2. What is shown ends before it.',
        damage.seq,
        damage.reason
      )}
    </p>
  ) : null;
}

function Status(props: { model: ReplayModel; trans: Translations }): JSX.Element | null {
  const { model, trans } = props;
  useSignals(model.displayed);
  if (model.error !== null) {
    return (
      <span className="jp-Interview-error" role="alert" data-testid="interview-replay-error">
        {messageOf(model.error)}{' '}
        <button type="button" className="jp-mod-styled" onClick={() => model.retry()}>
          {trans.__('Try again')}
        </button>
      </span>
    );
  }
  if (model.manifest.frames.length === 0) {
    return <span role="status">{trans.__('Nothing was recorded.')}</span>;
  }
  return null;
}
