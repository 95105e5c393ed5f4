/**
 * How does the player run as a file on disk: without JupyterLab's frame, without a server, without a network?
 *
 * The page has an element `interview-replay` for the player, and elements with the data (see ../replay/embedded.ts).
 * docs/developers/frames.md describes them, and what such a file consists of.
 */
import { nullTranslator } from '@jupyterlab/translation';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { messageOf } from '../api';
import { EmbeddedReplay } from '../replay/embedded';
import { ReplayModel } from '../replay/model';
import { openReplay } from '../replay/open';
import { createPlayer } from '../replay/player';
import { DOMAIN, type Translations } from '../tokens';

import { editorServices } from './editors';
import { rendermime } from './renderers';

/** Below this width the player starts with the side panel closed, in CSS pixels. */
const NARROW = 700;

/** How long a word in passing stays, in milliseconds. */
const TELL_MS = 4_000;

async function start(root: HTMLElement, trans: Translations): Promise<void> {
  followTheme();
  const source = new EmbeddedReplay();
  const model = new ReplayModel(source, await openReplay(source, () => undefined));
  const services = editorServices();
  const told = place(root, 'told');
  told.setAttribute('role', 'status');
  const player = createPlayer({
    model,
    rendermime: rendermime(),
    services,
    trans,
    refresh: null,
    tell: text => tell(told, text),
    toggleSide: () => {
      root.classList.toggle('jp-mod-sideless');
      resize();
    }
  });
  const widgets: [string, Widget][] = [
    ['bar', player.bar],
    ['notebook', player.notebook],
    ['side', player.side]
  ];
  widgets.forEach(([name, widget]) => Widget.attach(widget, place(root, name)));
  root.classList.toggle('jp-mod-sideless', window.innerWidth < NARROW);
  const resize = (): void =>
    widgets.forEach(([, widget]) => MessageLoop.sendMessage(widget, Widget.ResizeMessage.UnknownSize));
  window.addEventListener('resize', resize);
  document.title = model.manifest.room.title;
}

function place(root: HTMLElement, name: string): HTMLElement {
  const node = document.createElement('div');
  node.className = `jp-Interview-offline-${name}`;
  root.append(node);
  return node;
}

let untold: number | undefined;

function tell(node: HTMLElement, text: string): void {
  node.textContent = text;
  window.clearTimeout(untold);
  untold = window.setTimeout(() => (node.textContent = ''), TELL_MS);
}

/** Light or dark, as the reader's system is. */
function followTheme(): void {
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    document.body.dataset.jpThemeLight = String(!dark.matches);
    document.body.dataset.jpThemeName = dark.matches ? 'JupyterLab Dark' : 'JupyterLab Light';
  };
  dark.addEventListener('change', apply);
  apply();
}

const root = document.getElementById('interview-replay');
if (root) {
  const trans = nullTranslator.load(DOMAIN);
  document.body.classList.add('jp-ThemedContainer');
  document.body.dataset.interviewPage = 'offline';
  root.classList.add('jp-Interview-offline');
  start(root, trans).catch((reason: unknown) => {
    root.replaceChildren(trans.__('The replay could not be opened: %1', messageOf(reason)));
    root.classList.add('jp-Interview-failure');
    root.setAttribute('role', 'alert');
  });
}
