import React, { useState } from 'react';

import type { ReplayModel } from '../../replay/model';
import type { Renderers } from '../../replay/outputs';
import type { Translations } from '../../tokens';
import { useSignals } from '../hooks';

import { AuthorsPanel } from './AuthorsPanel';
import { BookmarksPanel } from './BookmarksPanel';
import { RoomPanel } from './RoomPanel';
import { RunsPanel } from './RunsPanel';

type Tab = 'room' | 'runs' | 'authors' | 'bookmarks';

export interface SideProps {
  model: ReplayModel;
  renderers: Renderers;
  trans: Translations;
}

/** What stood beside the notebook at the moment: people and chat, runs, authors, bookmarks. */
export function ReplaySide(props: SideProps): JSX.Element {
  const { model, trans } = props;
  useSignals(model.changed);
  const [tab, setTab] = useState<Tab>('room');
  const { runs } = model.story;
  const tabs: [Tab, string][] = [
    ['room', trans.__('Room')],
    ['runs', runs.length ? trans.__('Runs (%1)', runs.length) : trans.__('Runs')],
    ['authors', trans.__('Authors')],
    [
      'bookmarks',
      model.bookmarks.length ? trans.__('Bookmarks (%1)', model.bookmarks.length) : trans.__('Bookmarks')
    ]
  ];
  const turn = (event: React.KeyboardEvent): void => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    // With Shift they step from run to run, as everywhere.
    if (by && !event.shiftKey) {
      event.preventDefault();
      const at = tabs.findIndex(([name]) => name === tab);
      const next = tabs[(at + by + tabs.length) % tabs.length][0];
      setTab(next);
      event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
    }
  };
  return (
    <div className="jp-Interview-replaySide">
      <div
        className="jp-Interview-tabs"
        role="tablist"
        tabIndex={-1}
        aria-label={trans.__('What to see of the moment')}
        onKeyDown={turn}
      >
        {tabs.map(([name, label]) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`interview-tab-${name}`}
            data-tab={name}
            aria-selected={name === tab}
            aria-controls="interview-tab-panel"
            tabIndex={name === tab ? 0 : -1}
            onClick={() => setTab(name)}
            data-testid={`interview-tab-${name}`}
          >
            {label}
          </button>
        ))}
      </div>
      <div
        className="jp-Interview-sideBody"
        role="tabpanel"
        id="interview-tab-panel"
        aria-labelledby={`interview-tab-${tab}`}
      >
        {tab === 'room' && <RoomPanel {...props} />}
        {tab === 'runs' && <RunsPanel {...props} />}
        {tab === 'authors' && <AuthorsPanel model={model} trans={trans} />}
        {tab === 'bookmarks' && <BookmarksPanel model={model} trans={trans} />}
      </div>
    </div>
  );
}
