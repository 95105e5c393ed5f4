import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';

import { showOutsideLinks } from '../outside';
import { DOMAIN, PLUGIN } from '../tokens';

/** Links that lead out of the room. */
export const linksPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:links`,
  description: 'Shows the address of a link that leads out of the room.',
  autoStart: true,
  requires: [ITranslator],
  activate: (_: JupyterFrontEnd, translator: ITranslator) => showOutsideLinks(translator.load(DOMAIN))
};
