import { PageConfig } from '@jupyterlab/coreutils';
import { INotebookCellExecutor } from '@jupyterlab/notebook';

describe('the plugins of a page', () => {
  it('leave ordinary notebooks alone', async () => {
    const { default: ordinary, pluginsOf } = await import('../index');
    expect(PageConfig.getOption('interviewPage')).toBe('');
    expect(ordinary.map(plugin => plugin.id)).toEqual(['jupyter-interview:launcher']);
    expect(document.body.dataset.interviewPage).toBeUndefined();
    for (const page of ['', 'desk'] as const) {
      expect(pluginsOf(page).some(plugin => plugin.provides === INotebookCellExecutor)).toBe(false);
    }
    expect(pluginsOf('room').filter(plugin => plugin.provides === INotebookCellExecutor)).toHaveLength(1);
  });

  it('have ids and descriptions of their own', async () => {
    const { pluginsOf } = await import('../index');
    const all = (['', 'desk', 'room'] as const).flatMap(page => pluginsOf(page));
    for (const plugin of all) {
      expect(plugin.id).toMatch(/^jupyter-interview:[a-z-]+$/);
      expect(plugin.description).toMatch(/\.$/);
    }
    const ids = new Map(all.map(plugin => [plugin.id, plugin]));
    expect(new Set(all).size).toBe(ids.size);
  });
});
