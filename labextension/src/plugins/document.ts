import { ICollaborativeContentProvider } from '@jupyter/collaborative-drive';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { INotebookWidgetFactory, type NotebookWidgetFactory } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';

import { DocumentLink, type Provider } from '../documentlink';
import { fileSize } from '../format';
import type { RoomModel } from '../model';
import { RoomNotebook } from '../notebook';
import { DOMAIN, IDocumentLink, IRoomModel, PLUGIN } from '../tokens';

/** Pause between two looks for the provider while it asks for its session, in milliseconds. */
const LOOK_MS = 50;

/** The shared notebook of the room; takes the place of docprovider-extension's `ynotebook`. */
export const documentPlugin: JupyterFrontEndPlugin<DocumentLink> = {
  id: `${PLUGIN}:document`,
  description: 'Makes the shared notebook of a room and watches its connection.',
  autoStart: true,
  requires: [ICollaborativeContentProvider, INotebookWidgetFactory, IRoomModel, ITranslator],
  provides: IDocumentLink,
  activate: (
    _app: JupyterFrontEnd,
    content: ICollaborativeContentProvider,
    factory: NotebookWidgetFactory.IFactory,
    room: RoomModel,
    translator: ITranslator
  ) => {
    const trans = translator.load(DOMAIN);
    const link = new DocumentLink(
      () => room.ended || room.channel.state.kind === 'stopped',
      () => window.location.reload(),
      () => {
        const { change_bytes, read_bytes } = room.limits;
        const text = trans.__('A change of the notebook can have at most %1.', fileSize(change_bytes));
        return { bytes: read_bytes, text };
      }
    );
    content.sharedModelFactory.registerDocumentFactory('notebook', () => {
      const notebook = new RoomNotebook();
      notebook.readOnly = !room.permissions.edit;
      follow(content, link);
      return notebook;
    });
    factory.contentProviderId = 'rtc';
    room.channel.stateChanged.connect((_, state) => {
      if (state.kind === 'stopped' && state.reason !== 'ended') {
        link.stop();
      }
    });
    return link;
  }
};

/** Wait until the provider of the notebook has its socket, which it opens after a request, and follow that. */
function follow(content: ICollaborativeContentProvider, link: DocumentLink): void {
  const key = `json:notebook:${PageConfig.getOption('treePath')}`;
  const timer = window.setInterval(() => {
    const owner = content.providers.get(key) as { wsProvider?: Provider | null } | undefined;
    if (owner?.wsProvider) {
      window.clearInterval(timer);
      link.attach(owner.wsProvider);
    }
  }, LOOK_MS);
}
