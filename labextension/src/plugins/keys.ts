/**
 * Which keys work in a room, although JupyterLab has them in its menus, which a room leaves out?
 *
 * Their commands are the notebook's own. Who may not edit or run has no such keys.
 */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { CommandRegistry } from '@lumino/commands';

import { PLUGIN } from '../tokens';

const EDITS = "body[data-interview-edit='true'] [data-jp-undoer]";
const RUNS =
  "body[data-interview-run='true'] [data-jp-kernel-user]:not(.jp-mod-readWrite) :focus:not(:read-write)";

const COMMANDS = '.jp-Notebook.jp-mod-commandMode:not(.jp-mod-readWrite) :focus';

/** As in JupyterLab's menus; `Accel Y` is what Windows calls redo. */
export const KEYS: readonly CommandRegistry.IKeyBindingOptions[] = [
  { command: 'notebook:undo', keys: ['Accel Z'], selector: EDITS },
  { command: 'notebook:redo', keys: ['Accel Shift Z'], selector: EDITS },
  { command: 'notebook:redo', keys: ['Accel Y'], selector: EDITS },
  { command: 'notebook:run-cell-and-select-next', keys: ['Shift Enter'], selector: COMMANDS },
  { command: 'notebook:toggle-all-cell-line-numbers', keys: ['Shift L'], selector: COMMANDS },
  { command: 'notebook:interrupt-kernel', keys: ['I', 'I'], selector: RUNS },
  { command: 'notebook:restart-kernel', keys: ['0', '0'], selector: RUNS }
];

export const keysPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:keys`,
  description: 'Undo, redo, run, interrupt and restart by keyboard.',
  autoStart: true,
  activate: ({ commands }: JupyterFrontEnd) => KEYS.forEach(key => commands.addKeyBinding(key))
};
