import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingConnector, ISettingRegistry, SettingRegistry } from '@jupyterlab/settingregistry';

import { DefaultsOnly } from '../settings';
import { PLUGIN } from '../tokens';

/** Takes the place of JupyterLab's `apputils-extension:settings`, which compiles schemas: see ../settings.ts. */
export const settingsPlugin: JupyterFrontEndPlugin<ISettingRegistry> = {
  id: `${PLUGIN}:settings`,
  description: 'Provides the settings of the page.',
  autoStart: true,
  requires: [ISettingConnector],
  provides: ISettingRegistry,
  activate: async (app: JupyterFrontEnd, connector: ISettingConnector) => {
    const { values } = await connector.list('active');
    return new SettingRegistry({
      connector,
      // Settings of plugins that this page has not got are none of its business.
      plugins: values.filter(({ id }) => app.hasPlugin(id)),
      validator: new DefaultsOnly()
    });
  }
};
