/**
 * How is a notebook of the past shown? With JupyterLab's own cells, read-only, and never with a kernel.
 */
import type { IEditorServices } from '@jupyterlab/codeeditor';
import type { IBaseCell, ICodeCell, INotebookContent } from '@jupyterlab/nbformat';
import { NotebookModel, StaticNotebook } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { JSONExt } from '@lumino/coreutils';

import { RoomNotebook } from './notebook';

/** A notebook widget that shows one moment after the other. */
export class ReplayNotebook extends StaticNotebook {
  constructor(options: { rendermime: IRenderMimeRegistry; services: IEditorServices }) {
    const { rendermime, services } = options;
    const { defaultEditorConfig: editor, defaultNotebookConfig: notebook } = StaticNotebook;
    const readOnly = true;
    super({
      rendermime,
      contentFactory: new StaticNotebook.ContentFactory({
        editorFactory: services.factoryService.newInlineEditor
      }),
      mimeTypeService: services.mimeTypeService,
      editorConfig: {
        code: { ...editor.code, readOnly },
        markdown: { ...editor.markdown, readOnly },
        raw: { ...editor.raw, readOnly }
      },
      notebookConfig: { ...notebook, windowingMode: 'none' }
    });
    this.addClass('jp-Interview-replayNotebook');
    this.shared.readOnly = true;
    this.model = new NotebookModel({ sharedModel: this.shared });
  }

  /** Show `content`, exactly; outputs are never trusted. */
  showMoment(content: INotebookContent): void {
    this.shared.readOnly = false;
    if (!patch(this.shared, content)) {
      this.shared.fromJSON(JSONExt.deepCopy(content as never));
    }
    this.shared.clearUndoHistory();
    this.shared.readOnly = true;
    for (const cell of this.widgets) {
      cell.readOnly = true;
    }
  }

  private readonly shared = new RoomNotebook();
}

/**
 * Bring `shared` to `content` cell by cell, so that what does not change does not flicker.
 *
 * @returns whether that was possible: the cells must be the same ones, in the same order.
 */
export function patch(shared: RoomNotebook, content: INotebookContent): boolean {
  const same =
    shared.cells.length === content.cells.length &&
    JSONExt.deepEqual(shared.metadata ?? null, content.metadata) &&
    shared.cells.every((cell, index) => {
      const other = content.cells[index];
      return (
        cell.id === other.id &&
        cell.cell_type === other.cell_type &&
        JSONExt.deepEqual(cell.metadata, other.metadata)
      );
    });
  if (!same) {
    return false;
  }
  shared.cells.forEach((cell, index) => {
    const other = content.cells[index];
    const source = text(other);
    if (cell.getSource() !== source) {
      cell.setSource(source);
    }
    if (cell.cell_type === 'code') {
      const code = other as ICodeCell;
      if (!JSONExt.deepEqual(cell.outputs, code.outputs)) {
        cell.setOutputs(code.outputs);
      }
      if (cell.execution_count !== code.execution_count) {
        cell.execution_count = code.execution_count;
      }
    }
  });
  return true;
}

function text(cell: IBaseCell): string {
  return Array.isArray(cell.source) ? cell.source.join('') : cell.source;
}
