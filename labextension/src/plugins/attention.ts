import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';

import { Attention } from '../attention';
import type { RoomModel } from '../model';
import { CommandIDs, DOMAIN, IAttention, IRoomModel, PLUGIN, type Translations, WidgetIDs } from '../tokens';

/** How many lines a screen reader may still be reading. */
const LINES = 20;

/** What waits for this member stands in the tab's title, and is said to screen readers. */
export const attentionPlugin: JupyterFrontEndPlugin<Attention> = {
  id: `${PLUGIN}:attention`,
  description: 'Counts what came while it was out of sight.',
  autoStart: true,
  requires: [IRoomModel, ILabShell, ITranslator],
  provides: IAttention,
  activate: (app: JupyterFrontEnd, room: RoomModel, shell: ILabShell, translator: ITranslator) => {
    const trans = translator.load(DOMAIN);
    const attention = new Attention(room, () => !document.hidden && isShown(WidgetIDs.chat), trans);
    const look = (): void => attention.look();
    shell.layoutModified.connect(look);
    document.addEventListener('visibilitychange', look);
    void app.restored.then(look);
    const title = (): void => {
      const { count } = attention;
      const name = room.room?.title ?? trans.__('Interview');
      document.title = count ? `(${count}) ${name}` : name;
    };
    attention.changed.connect(title);
    title();
    say(attention, trans);
    tellKnocks(app, attention, trans);
    return attention;
  }
};

function isShown(id: string): boolean {
  return Boolean(document.getElementById(id)?.offsetParent);
}

/** A part of the page that nobody sees and screen readers read out as it grows. */
function say(attention: Attention, trans: Translations): void {
  const node = document.createElement('div');
  node.className = 'jp-Interview-said';
  node.setAttribute('role', 'log');
  node.setAttribute('aria-live', 'polite');
  node.setAttribute('aria-label', trans.__('What happens in the interview'));
  document.body.append(node);
  attention.said.connect((_, line) => {
    const said = document.createElement('p');
    said.textContent = line;
    node.append(said);
    while (node.childElementCount > LINES) {
      node.firstElementChild?.remove();
    }
  });
}

/** Whoever knocks waits: it is told where the people are out of sight. */
function tellKnocks(app: JupyterFrontEnd, attention: Attention, trans: Translations): void {
  const told = new Map<string, string>();
  attention.changed.connect(() => {
    const knocking = new Map(attention.knocking.map(member => [member.id, member.name]));
    for (const [id, note] of told) {
      if (!knocking.has(id)) {
        told.delete(id);
        Notification.dismiss(note);
      }
    }
    for (const [id, name] of knocking) {
      if (!told.has(id) && !isShown(WidgetIDs.people)) {
        const show = (): void => void app.commands.execute(CommandIDs.toggleSide);
        const actions = [{ label: trans.__('Show'), callback: show }];
        told.set(
          id,
          Notification.info(trans.__('%1 asks to be let in', name), { autoClose: false, actions })
        );
      }
    }
  });
}
