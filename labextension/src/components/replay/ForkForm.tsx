import React, { useEffect, useState } from 'react';

import { clock } from '../../format';
import type { ReplayModel } from '../../replay/model';
import { multiline } from '../../replay/multiline';
import type { Difference, Fork, ReplayActions, Rerun } from '../../replay/record';
import { entrance, type Translations } from '../../tokens';
import { Failure } from '../Failure';
import { useAction } from '../hooks';

/** Pause between two questions how far the runs are, in milliseconds. */
const ASK_MS = 1000;

interface Props {
  model: ReplayModel;
  actions: ReplayActions;
  trans: Translations;
  onClose: () => void;
}

/** A new room that begins with the notebook of this moment. */
export function ForkForm(props: Props): JSX.Element {
  const { model, actions, trans, onClose } = props;
  const [title, setTitle] = useState(trans.__('%1 (from %2)', model.manifest.room.title, clock(model.ms)));
  const [rerun, setRerun] = useState(false);
  const [made, setMade] = useState<Fork | null>(null);
  const { busy, error, act } = useAction();
  if (made) {
    return <Forked {...props} fork={made} rerun={rerun} />;
  }
  return (
    <form
      className="jp-Interview-form"
      onSubmit={event => {
        event.preventDefault();
        act(async () => setMade(await actions.fork(model.seq, title.trim(), rerun)));
      }}
    >
      <p className="jp-Interview-hint">
        {trans.__('A new interview that starts from the notebook as it stands at %1.', clock(model.ms))}
      </p>
      <label htmlFor="interview-fork-title">{trans.__('Title')}</label>
      <input
        id="interview-fork-title"
        className="jp-mod-styled"
        value={title}
        maxLength={200}
        required
        onChange={event => setTitle(event.target.value)}
        data-testid="interview-fork-title"
      />
      <label className="jp-Interview-check">
        <input
          type="checkbox"
          checked={rerun}
          onChange={event => setRerun(event.target.checked)}
          data-testid="interview-fork-rerun"
        />
        {trans.__('Do the recorded runs again in a fresh kernel, and compare their outputs')}
      </label>
      <Failure text={error} />
      <div className="jp-Interview-buttons">
        <button type="button" className="jp-mod-styled" onClick={onClose}>
          {trans.__('Cancel')}
        </button>
        <button
          type="submit"
          className="jp-mod-styled jp-mod-accept"
          disabled={busy || !title.trim()}
          data-testid="interview-fork-create"
        >
          {busy ? trans.__('Creating…') : trans.__('Create')}
        </button>
      </div>
    </form>
  );
}

function Forked(props: Props & { fork: Fork; rerun: boolean }): JSX.Element {
  const { fork, actions, trans, onClose } = props;
  const [state, setState] = useState<Rerun | null>(null);
  const { error, act } = useAction();
  const going = props.rerun && (state === null || state.state === 'running');
  useEffect(() => {
    if (!going) {
      return;
    }
    const ask = (): void => act(async () => setState(await actions.rerun(fork.id)));
    const timer = window.setInterval(ask, ASK_MS);
    return () => window.clearInterval(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [going, fork.id]);
  return (
    <div data-testid="interview-forked">
      <p>
        <a
          className="jp-Interview-button jp-mod-accept"
          href={entrance(fork.url)}
          rel="noreferrer"
          data-testid="interview-fork-link"
        >
          {trans.__('Open “%1”', fork.title)}
        </a>
      </p>
      {props.rerun && <Progress state={state} trans={trans} />}
      <Failure text={error} />
      <div className="jp-Interview-buttons">
        <button type="button" className="jp-mod-styled" onClick={onClose}>
          {trans.__('Close')}
        </button>
      </div>
    </div>
  );
}

/** How far the runs are, and what differs. */
function Progress(props: { state: Rerun | null; trans: Translations }): JSX.Element {
  const { state, trans } = props;
  if (state === null || state.state === 'running') {
    return (
      <p role="status">
        {trans.__('Doing the runs again…')}{' '}
        <progress value={state?.done ?? 0} max={Math.max(1, state?.total ?? 1)} />
      </p>
    );
  }
  const { differences } = state;
  return (
    <div role="status" data-testid="interview-fork-differences">
      {state.state === 'failed' && <p className="jp-Interview-error">{state.message}</p>}
      <p>
        {differences.length === 0
          ? trans.__('%1 runs done again; all outputs are the same.', state.done)
          : trans.__('%1 runs done again; not as recorded: %2', state.done, differences.length)}
      </p>
      <ol>
        {differences.map((difference, index) => (
          <li key={difference.run ?? index}>
            <code>{(difference.source ?? difference.cell ?? '').trim().split('\n', 1)[0]}</code>
            <p>{reasonText(difference, trans)}</p>
            {difference.recorded !== undefined && (
              <dl className="jp-Interview-difference">
                <dt>{trans.__('Recorded')}</dt>
                <dd>{textOf(difference.recorded)}</dd>
                <dt>{trans.__('Now')}</dt>
                <dd>{textOf(difference.now)}</dd>
              </dl>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

/** In what a run differs. */
function reasonText({ reason, message }: Difference, trans: Translations): string {
  switch (reason) {
    case 'status':
      return trans.__('It ended in another way.');
    case 'gone':
      return trans.__('Its cell is not in the notebook of this moment.');
    case 'not_repeated':
      return message ?? trans.__('It was not done again.');
    default:
      return trans.__('Its outputs differ.');
  }
}

/** The plain text of outputs, whatever they are. */
function textOf(outputs: unknown): string {
  if (!Array.isArray(outputs)) {
    return outputs === null || outputs === undefined ? '' : JSON.stringify(outputs);
  }
  return (outputs as Output[]).map(plainText).join('\n');
}

interface Output {
  text?: string | string[];
  data?: Record<string, string | string[] | undefined>;
  ename?: string;
  evalue?: string;
}

function plainText(output: Output): string {
  const text = output.text ?? output.data?.['text/plain'];
  if (text !== undefined) {
    return multiline(text);
  }
  return [output.ename, output.evalue].filter(Boolean).join(': ');
}
