import { CommandRegistry } from '@lumino/commands';

import { leaveOut } from '../plugins/palette';

describe('leaveOut', () => {
  const commands = new CommandRegistry();
  const done: string[] = [];
  for (const id of ['docmanager:save-as', 'docmanager:save', 'notebook:run-cell', 'notebook:trust']) {
    commands.addCommand(id, { execute: () => void done.push(id) });
  }
  leaveOut(commands);

  it('offers what works, and nothing else', () => {
    const offered = commands.listCommands().filter(id => commands.isVisible(id));
    expect(offered).toEqual(['notebook:run-cell']);
    expect(commands.listCommands().filter(id => commands.isEnabled(id))).toEqual([
      'docmanager:save',
      'notebook:run-cell'
    ]);
  });

  it('does by key what it still knows', () => {
    const press = (): boolean =>
      document.body.dispatchEvent(
        new KeyboardEvent('keydown', { key: 's', ctrlKey: true, cancelable: true })
      );
    commands.addKeyBinding({ command: 'docmanager:save-as', keys: ['Ctrl S'], selector: 'body' });
    document.addEventListener('keydown', event => commands.processKeydownEvent(event));
    press();
    expect(done).toEqual([]);
  });
});
