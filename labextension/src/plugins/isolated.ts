import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IThemeManager } from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';

import { IsolatedFrames } from '../isolated/frames';
import { addIsolated } from '../isolated/renderers';
import { servedFrames } from '../isolated/source';
import { DOMAIN, isolatedFolder, PLUGIN } from '../tokens';

/** Takes the place of JupyterLab's renderers of Vega and Mermaid, which interpret what a member wrote in the page itself. */
export const isolatedPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:isolated`,
  description: 'Draws charts and diagrams in isolated frames.',
  autoStart: true,
  requires: [IRenderMimeRegistry, ITranslator],
  optional: [IThemeManager],
  activate: (
    _app: JupyterFrontEnd,
    registry: IRenderMimeRegistry,
    translator: ITranslator,
    theme: IThemeManager | null
  ) => {
    const frames = new IsolatedFrames({
      source: servedFrames(isolatedFolder()),
      theme,
      trans: translator.load(DOMAIN)
    });
    addIsolated(registry, frames);
  }
};
