/**
 * Which of our plugins run on this page?
 *
 * On JupyterLab's own page only the launcher's section; whatever changes how notebooks behave stays on our pages.
 */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { attentionPlugin } from './plugins/attention';
import { bannerPlugin } from './plugins/banner';
import { barPlugin } from './plugins/bar';
import { deskPlugin } from './plugins/desk';
import { documentPlugin } from './plugins/document';
import { endedPlugin } from './plugins/ended';
import { executorPlugin } from './plugins/executor';
import { accessiblePlugin } from './plugins/accessible';
import { focusPlugin } from './plugins/focus';
import { isolatedPlugin } from './plugins/isolated';
import { kernelPlugin } from './plugins/kernel';
import { keysPlugin } from './plugins/keys';
import { launcherPlugin } from './plugins/launcher';
import { linksPlugin } from './plugins/links';
import { palettePlugin } from './plugins/palette';
import { permissionsPlugin } from './plugins/permissions';
import { editorsPlugin, rendermimePlugin } from './plugins/rendermime';
import { roomPlugin } from './plugins/room';
import { roomModelPlugin } from './plugins/roommodel';
import { runsPlugin } from './plugins/runs';
import { settingsPlugin } from './plugins/settings';
import { sidePlugin } from './plugins/side';
import { currentPage, type Page } from './tokens';

/** The plugins of a page. */
export function pluginsOf(page: Page): JupyterFrontEndPlugin<unknown>[] {
  switch (page) {
    case 'room':
      return [
        settingsPlugin,
        roomModelPlugin,
        rendermimePlugin,
        accessiblePlugin,
        editorsPlugin,
        documentPlugin,
        executorPlugin,
        focusPlugin,
        isolatedPlugin,
        kernelPlugin,
        keysPlugin,
        palettePlugin,
        permissionsPlugin,
        roomPlugin,
        attentionPlugin,
        barPlugin,
        bannerPlugin,
        runsPlugin,
        sidePlugin,
        linksPlugin,
        endedPlugin
      ];
    case 'desk':
      return [settingsPlugin, launcherPlugin, deskPlugin];
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
