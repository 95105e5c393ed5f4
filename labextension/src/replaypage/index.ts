/**
 * How is a replay shown? As a page of its own, without JupyterLab's frame: it is there sooner, and the same page is a file
 * that plays from disk, without server and network.
 *
 * The page has an element `interview-replay` for the player. On the server's page the configuration names the room; a
 * file has elements with the data instead (see ../replay/embedded.ts and docs/developers/frames.md).
 */
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';

import { embeddedFrames } from '../isolated/embedded';
import { IsolatedFrames } from '../isolated/frames';
import { servedFrames } from '../isolated/source';
import { EmbeddedReplay } from '../replay/embedded';
import { showOutsideLinks } from '../outside';
import { follow } from '../replay/follow';
import { ReplayModel } from '../replay/model';
import { openReplay } from '../replay/open';
import { createPlayer } from '../replay/player';
import type { ReplaySource } from '../replay/record';
import { ReplayServer } from '../replay/server';
import { currentRoom, DOMAIN, isolatedFolder, type Translations } from '../tokens';

import { fetchAhead } from './ahead';
import { editorServices } from './editors';
import { Frame } from './frame';
import { Notice } from './notice';
import { rendermime } from './renderers';
import { SystemTheme } from './theme';

async function start(
  root: HTMLElement,
  source: ReplaySource,
  notice: Notice,
  trans: Translations
): Promise<void> {
  const frames = new IsolatedFrames({
    source: currentRoom() ? servedFrames(isolatedFolder()) : embeddedFrames(document),
    theme: new SystemTheme(),
    trans
  });
  const opening = openReplay(source, part => notice.progress(part));
  const editors = editorServices(trans);
  const model = new ReplayModel(source, await opening);
  const frame = new Frame(root, trans);
  const player = createPlayer({
    model,
    rendermime: rendermime(editors.languages, frames, trans),
    services: editors.services,
    trans,
    refresh: follow(model),
    tell: text => frame.tell(text),
    toggleSide: () => frame.toggleSide()
  });
  notice.dispose();
  frame.show(player);
  document.title = model.manifest.room.title;
}

function ofServer(room: string): ReplayServer {
  return new ReplayServer(ServerConnection.makeSettings({ fetch: fetchAhead(window.interviewAhead) }), room);
}

// The bundler's name for where the page fetches what is not in its script: beside the script. A file's is in the page itself.
declare let __webpack_public_path__: string;
const script = document.currentScript?.getAttribute('src') ?? '';
// eslint-disable-next-line prefer-const, @typescript-eslint/no-unused-vars -- read by the bundler's own code
__webpack_public_path__ = script.slice(0, script.lastIndexOf('/') + 1);

const root = document.getElementById('interview-replay');
if (root) {
  const trans = nullTranslator.load(DOMAIN);
  const room = currentRoom();
  document.body.classList.add('jp-ThemedContainer');
  document.body.dataset.interviewPage = 'replay';
  root.classList.add('jp-Interview-replayPage');
  const notice = new Notice(root, trans);
  const source = room ? ofServer(room) : new EmbeddedReplay();
  showOutsideLinks(trans);
  start(root, source, notice, trans).catch((reason: unknown) => notice.fail(reason, room !== ''));
}
