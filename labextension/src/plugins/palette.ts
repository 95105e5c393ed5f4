/**
 * Which of JupyterLab's commands have no place in a room?
 *
 * The notebook is one document that is stored as it is written, with one kernel, in the one tab of the page: what saves,
 * copies, renames or reverts files, chooses kernels, or moves tabs about would do nothing, or be refused by the server.
 */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { CommandRegistry } from '@lumino/commands';

import { PLUGIN } from '../tokens';

const NEEDLESS: ReadonlySet<string> = new Set([
  'application:close',
  'application:close-all',
  'application:close-other-tabs',
  'application:close-right-tabs',
  'application:activate-next-tab',
  'application:activate-next-tab-bar',
  'application:activate-previous-tab',
  'application:activate-previous-tab-bar',
  'application:move-widget',
  'application:reset-layout',
  'application:set-activity-bar-position',
  'application:set-mode',
  'application:split-tab',
  'application:toggle-down-area',
  'application:toggle-header',
  'application:toggle-left-area',
  'application:toggle-mode',
  'application:toggle-right-area',
  'application:toggle-side-tabbar',
  'application:toggle-sidebar-widget',
  'apputils:print',
  'apputils:reset',
  'docmanager:clone',
  'docmanager:delete',
  'docmanager:delete-file',
  'docmanager:download',
  'docmanager:duplicate',
  'docmanager:new-untitled',
  'docmanager:open-browser-tab',
  'docmanager:recents',
  'docmanager:reload',
  'docmanager:rename',
  'docmanager:restore-checkpoint',
  'docmanager:save-all',
  'docmanager:save-as',
  'docmanager:show-in-file-browser',
  'docmanager:toggle-autosave',
  'notebook:access-next-history-entry',
  'notebook:access-previous-history-entry',
  'notebook:change-kernel',
  'notebook:close-and-shutdown',
  'notebook:create-console',
  'notebook:create-new',
  'notebook:create-output-view',
  'notebook:create-subshell-console',
  'notebook:export-to-format',
  'notebook:get-kernel',
  'notebook:reconnect-to-kernel',
  'notebook:run-in-console',
  'notebook:shutdown-kernel',
  'notebook:trust'
]);

/** Its key is pressed by habit, and must not open the browser's own dialog; there is nothing to choose it for. */
const KEY_ONLY = 'docmanager:save';

/** Commands of JupyterLab that would not work are neither offered nor done. */
export const palettePlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:palette`,
  description: 'Leaves out the commands that have no place in a room.',
  autoStart: true,
  activate: ({ commands }: JupyterFrontEnd) => leaveOut(commands)
};

/** Commands cannot be taken back by anybody but who added them; whoever asks about one is told that it is not there. */
export function leaveOut(commands: CommandRegistry): void {
  const { isEnabled, isVisible } = commands;
  commands.isEnabled = (id, args) => !NEEDLESS.has(id) && isEnabled.call(commands, id, args);
  commands.isVisible = (id, args) =>
    !NEEDLESS.has(id) && id !== KEY_ONLY && isVisible.call(commands, id, args);
}
