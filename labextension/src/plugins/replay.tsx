import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget, Notification } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { messageOf } from '../api';
import { interviewIcon } from '../icons';
import { plainSides } from '../layout';
import type { Opening } from '../replay/open';
import { DOMAIN, IOpening, PLUGIN, type Translations, WidgetIDs } from '../tokens';

/** Below this width the page starts with the side panel closed, in CSS pixels. */
const NARROW = 700;

/** The replay page. */
export const replayPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:replay`,
  description: 'Shows an interview as it stood at any moment.',
  autoStart: true,
  requires: [IOpening, ILabShell, IRenderMimeRegistry, IEditorServices, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    opening: Opening,
    shell: ILabShell,
    rendermime: IRenderMimeRegistry,
    services: IEditorServices,
    translator: ITranslator
  ) => {
    const trans = translator.load(DOMAIN);
    const notice = new Notice(trans);
    opening.progressed.connect((_, part) => notice.progress(part));
    void app.restored.then(() => notice.attach(shell));
    const start = async (): Promise<void> => {
      const { createPlayer, follow, ReplayModel } = await import('../replay/page');
      // The model asks for its first frame while JupyterLab still starts.
      const model = new ReplayModel(opening.source, await opening.opened);
      await app.restored;
      const refresh = follow(model);
      const player = createPlayer({
        model,
        rendermime,
        services,
        trans,
        refresh,
        tell: text => void Notification.info(text, { autoClose: 4000 }),
        toggleSide: () => (shell.rightCollapsed ? openSide(shell) : shell.collapseRight())
      });
      arrange(shell, player, trans);
      notice.dispose();
    };
    start().catch((reason: unknown) => void app.restored.then(() => notice.fail(shell, reason)));
  }
};

function arrange(
  shell: ILabShell,
  player: { bar: Widget; notebook: Widget; side: Widget },
  trans: Translations
): void {
  const { bar, notebook, side } = player;
  const main = new MainAreaWidget({ content: notebook });
  main.id = WidgetIDs.replay;
  main.title.label = trans.__('Notebook');
  main.title.closable = false;
  main.toolbar.hide();
  bar.id = WidgetIDs.bar;
  shell.add(bar, 'header', { rank: 1 });
  shell.add(main, 'main');
  side.id = WidgetIDs.side;
  side.title.icon = interviewIcon;
  side.title.caption = trans.__('People, chat, runs, authors and bookmarks');
  shell.add(side, 'right', { rank: 1 });
  plainSides(shell);
  shell.collapseLeft();
  if (window.innerWidth < NARROW) {
    shell.collapseRight();
  } else {
    openSide(shell);
  }
}

function openSide(shell: ILabShell): void {
  shell.expandRight();
  shell.activateById(WidgetIDs.side);
}

/** What the page says while there is nothing to show yet, or nothing at all. */
class Notice {
  constructor(private readonly trans: Translations) {
    this.content.addClass('jp-Interview-notice');
    this.content.node.setAttribute('role', 'status');
    this.content.node.textContent = trans.__('Loading the replay…');
    this.main.id = `${WidgetIDs.replay}-notice`;
    this.main.title.label = trans.__('Replay');
    this.main.toolbar.hide();
  }

  attach(shell: ILabShell): void {
    if (!this.main.isAttached && !this.main.isDisposed) {
      shell.add(this.main, 'main');
    }
  }

  /** `part` from 0 to 1. */
  progress(part: number): void {
    const percent = Math.round(part * 100);
    this.content.node.textContent = this.trans.__(
      'The replay of a long interview is being prepared: %1 %',
      percent
    );
  }

  fail(shell: ILabShell, reason: unknown): void {
    this.attach(shell);
    const { node } = this.content;
    this.content.addClass('jp-Interview-failure');
    node.setAttribute('role', 'alert');
    node.textContent = this.trans.__('The replay could not be loaded: %1', messageOf(reason));
    const again = document.createElement('button');
    again.className = 'jp-mod-styled jp-mod-accept';
    again.textContent = this.trans.__('Try again');
    again.addEventListener('click', () => window.location.reload());
    node.append(document.createElement('br'), again);
  }

  dispose(): void {
    this.main.dispose();
  }

  private readonly content = new Widget();
  private readonly main = new MainAreaWidget({ content: this.content });
}
