import type { IOutput } from '@jupyterlab/nbformat';
import React, { useLayoutEffect, useRef, useState } from 'react';

import { messageOf } from '../../api';
import { clock, runStatusName, runTime } from '../../format';
import { NOTHING } from '../../replay/moment';
import type { ReplayModel } from '../../replay/model';
import type { Renderers } from '../../replay/outputs';
import type { StoryRun } from '../../replay/record';
import { type RunThen, runsAt } from '../../replay/story';
import { nameOf } from '../../replay/words';
import type { Translations } from '../../tokens';

import { useDisplayed } from './moment';

/** Runs that are shown at once. */
const LAST = 100;

interface Props {
  model: ReplayModel;
  renderers: Renderers;
  trans: Translations;
}

/** The runs up to the moment, newest first. */
export function RunsPanel(props: Props): JSX.Element {
  const { model, trans } = props;
  useDisplayed(model);
  const [shown, show] = useState(LAST);
  const moment = model.shown?.moment ?? NOTHING;
  const runs = runsAt(model.story, model.manifest.markers, moment, model.position).reverse();
  return (
    <section aria-label={trans.__('Runs')} data-testid="interview-replay-runs">
      {runs.length === 0 && <p className="jp-Interview-empty">{trans.__('Nothing has run yet.')}</p>}
      <ol>
        {runs.slice(0, shown).map(run => (
          <Run key={run.run.id} {...props} then={run} />
        ))}
      </ol>
      {runs.length > shown && (
        <button type="button" className="jp-mod-styled" onClick={() => show(shown + LAST)}>
          {trans.__('Show earlier runs')}
        </button>
      )}
    </section>
  );
}

function Run(props: Props & { then: RunThen }): JSX.Element {
  const { model, then, trans } = props;
  const { run, status } = then;
  const [open, setOpen] = useState(false);
  const who = model.manifest.members[run.member];
  return (
    <li className="jp-Interview-run" data-status={status} data-testid={`interview-run-${run.id}`}>
      <div className="jp-Interview-runHead">
        <button
          type="button"
          className="jp-Interview-time"
          title={trans.__('Go to this run')}
          onClick={() => model.seek({ ms: run.ms, seq: run.seq })}
        >
          {clock(run.ms)}
        </button>
        <span className="jp-Interview-swatch" style={{ background: who?.color ?? undefined }} />
        <span className="jp-Interview-runWho">{nameOf(model.manifest.members, run.member, trans)}</span>
        <span className={`jp-Interview-tag jp-mod-${status}`}>{runStatusName(status, trans)}</span>
        {then.finished && run.duration_ms !== null && <small>{runTime(run.duration_ms)}</small>}
      </div>
      <Flags model={model} then={then} trans={trans} />
      <button
        type="button"
        className="jp-Interview-runSource"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <code>
          <bdi>{open ? run.source : run.source.trim().split('\n', 1)[0]}</bdi>
        </code>
      </button>
      {open && then.finished && <RunOutputs {...props} />}
      {open && run.message && <p className="jp-Interview-empty">{run.message}</p>}
    </li>
  );
}

function Flags(props: { model: ReplayModel; then: RunThen; trans: Translations }): JSX.Element | null {
  const { model, then, trans } = props;
  const editors = then.run.outputs_edited_by ?? [];
  const names = editors.map(member => nameOf(model.manifest.members, member, trans)).join(', ');
  const flags = [
    ...(names ? [trans.__('outputs edited by %1 after the run', names)] : []),
    ...(then.replacedBy.length ? [replacedText(then.replacedBy, model, trans)] : []),
    ...(then.edited ? [trans.__('edited since')] : []),
    ...(then.edited === null ? [trans.__('cell is gone')] : []),
    ...(then.outOfOrder ? [trans.__('out of order')] : [])
  ];
  return flags.length ? (
    <p className="jp-Interview-flags">
      {flags.map(flag => (
        <span key={flag} className="jp-Interview-tag jp-mod-flag">
          {flag}
        </span>
      ))}
    </p>
  ) : null;
}

/** Runs that are named. */
const NAMED = 3;

function replacedText(runs: readonly StoryRun[], model: ReplayModel, trans: Translations): string {
  const told = runs.slice(-NAMED).map(run => {
    const name = nameOf(model.manifest.members, run.member, trans);
    return run.execution_count === null
      ? trans.__('a run of %1', name)
      : trans.__('run %1 of %2', run.execution_count, name);
  });
  const more = runs.length > NAMED ? [trans.__('%1 more', runs.length - NAMED)] : [];
  return trans.__('output replaced by %1 after the run', [...told, ...more].join(', '));
}

/** The outputs of a run as they stood when it ended. */
function RunOutputs(props: Props & { then: RunThen }): JSX.Element {
  const { model, renderers, then, trans } = props;
  const { run } = then;
  const host = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<string | null>(null);
  const [empty, setEmpty] = useState(false);
  // A widget has to be detached before its element goes: an ordinary effect ends after that.
  useLayoutEffect(() => {
    const node = host.current;
    let dispose: (() => void) | null = null;
    let gone = false;
    recordedOutputs(model, then).then(
      found => {
        if (node && !gone) {
          setEmpty(found.length === 0);
          dispose = renderers.outputs(node, found);
        }
      },
      (reason: unknown) => !gone && setError(messageOf(reason))
    );
    return () => {
      gone = true;
      dispose?.();
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [model, renderers, run.id]);
  return (
    <div className="jp-Interview-runOutputs">
      {error && <p className="jp-Interview-error">{error}</p>}
      {empty && <p className="jp-Interview-empty">{trans.__('No output.')}</p>}
      <div ref={host} />
    </div>
  );
}

async function recordedOutputs(model: ReplayModel, { run }: RunThen): Promise<readonly IOutput[]> {
  const ms = run.finished_ms ?? run.ms;
  const moment = await model.momentAt({ ms, seq: run.finished_seq ?? run.seq });
  return moment.cells.find(cell => cell.id === run.cell)?.outputs ?? [];
}
