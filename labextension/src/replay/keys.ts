/**
 * What do keys do in a replay? They act on the whole page, but not where text is written or a button has its own use
 * for them.
 */
import type { Translations } from '../tokens';

import type { ReplayModel } from './model';

/** What keys can ask for beside moving. */
export interface KeyActions {
  bookmark(): void;
  copyLink(): void;
  help(): void;
}

interface Key {
  /** As they are written in the help. */
  names: string[];
  text: (trans: Translations) => string;
}

/** A minute and ten seconds, in milliseconds. */
const FAR = 60_000;
const NEAR = 10_000;

/** The keys, in the order of the help. */
export const KEYS: readonly Key[] = [
  { names: ['Space', 'K'], text: trans => trans.__('Play or pause') },
  { names: ['←', '→'], text: trans => trans.__('Previous or next edit') },
  { names: ['Shift ←', 'Shift →'], text: trans => trans.__('Previous or next run') },
  { names: ['↑', '↓'], text: trans => trans.__('Previous or next message') },
  { names: ['J', 'L'], text: trans => trans.__('Ten seconds back or on') },
  { names: ['Page Up', 'Page Down'], text: trans => trans.__('A minute back or on') },
  { names: ['Home', 'End'], text: trans => trans.__('Beginning or end') },
  { names: ['0', '…', '9'], text: trans => trans.__('Tenths of the interview') },
  { names: ['<', '>'], text: trans => trans.__('Slower or faster') },
  { names: ['I'], text: trans => trans.__('Skip idle time') },
  { names: ['F'], text: trans => trans.__('Follow the edits') },
  { names: ['W'], text: trans => trans.__('Who wrote this') },
  { names: ['B'], text: trans => trans.__('Bookmark this moment') },
  { names: ['C'], text: trans => trans.__('Copy the link to this moment') },
  { names: ['?'], text: trans => trans.__('This help') }
];

/** Keys mean something else in here. */
const WRITABLE = 'input, select, textarea, [contenteditable="true"], dialog, [role="menu"]';

/** Keys that have another use in some places: a text's cursor, the choice of a tab, scrolling. */
const TAKEN: readonly (readonly [place: string, keys: RegExp])[] = [
  ['.cm-editor', /^(Shift )?(Arrow|Page|Home$|End$)/],
  ['[role="tablist"]', /^Arrow(Left|Right)$/],
  ['.jp-Interview-sideBody', /^(Shift )?(Arrow(Up|Down)|Page)/],
  ['button, a, summary', /^(Shift )?( |Enter)$/]
];

/** Do what a key asks for; `false` where it asks for nothing. */
export function press(event: KeyboardEvent, model: ReplayModel, actions: KeyActions): boolean {
  const target = event.target instanceof Element ? event.target : document.body;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest(WRITABLE)) {
    return false;
  }
  const name = event.shiftKey ? `Shift ${event.key}` : event.key;
  if (TAKEN.some(([place, keys]) => keys.test(name) && target.closest(place))) {
    return false;
  }
  return move(event, model) || act(event, model, actions);
}

function move(event: KeyboardEvent, model: ReplayModel): boolean {
  const steps: Record<string, [() => unknown, shift?: () => unknown] | undefined> = {
    ArrowLeft: [() => model.step('edit', -1), () => model.step('run', -1)],
    ArrowRight: [() => model.step('edit', 1), () => model.step('run', 1)],
    ArrowUp: [() => model.step('message', -1)],
    ArrowDown: [() => model.step('message', 1)],
    PageUp: [() => model.seekTime(model.ms - FAR)],
    PageDown: [() => model.seekTime(model.ms + FAR)],
    j: [() => model.seekTime(model.ms - NEAR)],
    l: [() => model.seekTime(model.ms + NEAR)],
    Home: [() => model.seek(model.beginning)],
    End: [() => model.seek(model.end)]
  };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const found = steps[key]?.[event.shiftKey ? 1 : 0] ?? steps[key]?.[0];
  if (found) {
    found();
    return true;
  }
  if (/^\d$/.test(event.key)) {
    model.seekTime((model.duration * Number(event.key)) / 10);
    return true;
  }
  return false;
}

function act(event: KeyboardEvent, model: ReplayModel, actions: KeyActions): boolean {
  const all: Record<string, (() => unknown) | undefined> = {
    ' ': () => (model.playing ? model.pause() : model.play()),
    k: () => (model.playing ? model.pause() : model.play()),
    '<': () => model.faster(-1),
    ',': () => model.faster(-1),
    '>': () => model.faster(1),
    '.': () => model.faster(1),
    i: () => (model.skipIdle = !model.skipIdle),
    f: () => (model.follow = !model.follow),
    w: () => (model.whoWrote = !model.whoWrote),
    b: () => actions.bookmark(),
    c: () => actions.copyLink(),
    '?': () => actions.help()
  };
  const found = all[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  found?.();
  return found !== undefined;
}
