/**
 * Which of our plugins run on this page?
 *
 * On JupyterLab's own page only the launcher's section; whatever changes how notebooks behave stays on our pages.
 */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { bannerPlugin } from './plugins/banner';
import { barPlugin } from './plugins/bar';
import { deskPlugin } from './plugins/desk';
import { documentPlugin } from './plugins/document';
import { endedPlugin } from './plugins/ended';
import { executorPlugin } from './plugins/executor';
import { kernelPlugin } from './plugins/kernel';
import { launcherPlugin } from './plugins/launcher';
import { permissionsPlugin } from './plugins/permissions';
import { roomPlugin } from './plugins/room';
import { roomModelPlugin } from './plugins/roommodel';
import { sidePlugin } from './plugins/side';
import { currentPage, type Page } from './tokens';

/** The plugins of a page. */
export function pluginsOf(page: Page): JupyterFrontEndPlugin<unknown>[] {
  switch (page) {
    case 'room':
      return [
        roomModelPlugin,
        documentPlugin,
        executorPlugin,
        kernelPlugin,
        permissionsPlugin,
        roomPlugin,
        barPlugin,
        bannerPlugin,
        sidePlugin,
        endedPlugin
      ];
    case 'desk':
      return [launcherPlugin, deskPlugin];
    default:
      return [launcherPlugin];
  }
}

const page = currentPage();
if (page) {
  // The style sheet lays out our pages by this; JupyterLab's own page is left alone.
  document.body.dataset.interviewPage = page;
}

export default pluginsOf(page);
