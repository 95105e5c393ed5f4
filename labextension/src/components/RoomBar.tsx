import React from 'react';

import type { KernelState, Room } from '../api';
import type { Attention } from '../attention';
import { between, clock, permissionLine, stateName } from '../format';
import type { RoomModel } from '../model';
import type { Translations } from '../tokens';

import { FilesLine } from './Files';
import { useAction, useSignals, useTicker } from './hooks';

export interface RoomBarProps {
  model: RoomModel;
  attention: Attention;
  trans: Translations;
  onCopy: () => Promise<void>;
  onInvite: () => Promise<void>;
  onEnd: () => Promise<void>;
  onObserve: (observe: boolean) => Promise<void>;
  onRunAll: () => void;
  onToggleSide: () => void;
}

/** Title, state, time, kernel, and what this member can do with the room. */
export function RoomBar(props: RoomBarProps): JSX.Element {
  const { model, attention, trans } = props;
  useSignals(model.changed, attention.changed);
  const { busy, error, act } = useAction();
  const { room, you, permissions } = model;
  const notice = model.ended ? undefined : model.notices[model.notices.length - 1];
  const line = model.ended
    ? trans.__('The interview has ended.')
    : model.out
      ? trans.__('You are no longer in this interview.')
      : permissionLine(you, trans);
  return (
    <div
      className="jp-Interview-bar"
      role="region"
      aria-label={trans.__('Interview')}
      data-testid="interview-bar"
    >
      <h1 data-testid="interview-title">{room?.title ?? trans.__('Interview')}</h1>
      {room && <Facts room={room} ended={model.ended} trans={trans} />}
      {room && !model.ended && <Company model={model} trans={trans} />}
      {room && !model.ended && <FilesLine files={room.files} trans={trans} />}
      <span className="jp-Interview-line" data-testid="interview-permission" role="status">
        {line}
      </span>
      {notice && (
        <span className="jp-Interview-error" role="status" data-testid="interview-notice">
          {notice.message}
        </span>
      )}
      {error && (
        <span className="jp-Interview-error" role="alert">
          {error}
        </span>
      )}
      <div className="jp-Interview-actions">
        <button
          type="button"
          className="jp-mod-styled"
          disabled={!permissions.run}
          onClick={props.onRunAll}
          data-testid="interview-run-all"
        >
          {trans.__('Run all')}
        </button>
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => act(props.onCopy)}
          data-testid="interview-copy-link"
        >
          {trans.__('Copy link')}
        </button>
        {permissions.manage && <Controls {...props} busy={busy} act={act} />}
        <button
          type="button"
          className="jp-mod-styled"
          onClick={props.onToggleSide}
          data-testid="interview-toggle-side"
        >
          {trans.__('People and chat')}
          {attention.count > 0 && (
            <span className="jp-Interview-badge" data-testid="interview-badge">
              {attention.count}
              <span className="jp-Interview-said">{trans.__('new')}</span>
            </span>
          )}
        </button>
      </div>
    </div>
  );
}

/** Who else is here. */
function Company(props: { model: RoomModel; trans: Translations }): JSX.Element {
  const { model, trans } = props;
  const here = model.members.filter(
    ({ id, state, presence }) => id !== model.you.id && state === 'seated' && presence === 'present'
  );
  const names = here.map(({ name }) => name).join(', ');
  return (
    <span className="jp-Interview-company" data-testid="interview-company" title={names}>
      {here.length ? trans.__('With %1', names) : trans.__('Nobody else is here.')}
    </span>
  );
}

function Facts(props: { room: Room; ended: boolean; trans: Translations }): JSX.Element {
  const { room, ended, trans } = props;
  const state = ended ? 'ended' : room.state;
  useTicker(state === 'live');
  const kernel = room.kernel;
  return (
    <>
      <span className={`jp-Interview-state jp-mod-${state}`} data-testid="interview-state">
        {stateName(state, trans)}
      </span>
      {room.started_at && (
        <span className="jp-Interview-timer" data-testid="interview-timer" role="timer">
          {clock(between(room.started_at, room.ended_at))}
        </span>
      )}
      {kernel && !ended && (
        <span
          className={`jp-Interview-kernel jp-mod-${kernel.state}`}
          title={kernel.message ?? ''}
          data-testid="interview-kernel"
        >
          {kernelText(kernel.state, trans)}
          {kernel.message && (kernel.state === 'unavailable' || kernel.state === 'dead')
            ? `: ${kernel.message}`
            : ''}
        </span>
      )}
    </>
  );
}

function kernelText(state: KernelState, trans: Translations): string {
  return {
    absent: trans.__('Kernel not started'),
    starting: trans.__('Kernel starting'),
    idle: trans.__('Kernel ready'),
    busy: trans.__('Kernel running'),
    dead: trans.__('Kernel died'),
    unavailable: trans.__('No kernel')
  }[state];
}

function Controls(
  props: RoomBarProps & { busy: boolean; act: (action: () => Promise<unknown>) => void }
): JSX.Element {
  const { model, trans, busy, act } = props;
  const { edit, run } = model.you.permissions;
  const observing = !edit && !run;
  return (
    <>
      <button
        type="button"
        className="jp-mod-styled"
        onClick={() => act(props.onInvite)}
        data-testid="interview-invite"
      >
        {trans.__('Invite…')}
      </button>
      <label className="jp-Interview-check">
        <input
          type="checkbox"
          checked={observing}
          disabled={busy}
          onChange={event => {
            const observe = event.target.checked;
            act(() => props.onObserve(observe));
          }}
          data-testid="interview-observe"
        />
        {trans.__('Observe only')}
      </label>
      <button
        type="button"
        className="jp-mod-styled jp-mod-warn"
        disabled={busy}
        onClick={() => act(props.onEnd)}
        data-testid="interview-end"
      >
        {trans.__('End interview')}
      </button>
    </>
  );
}
