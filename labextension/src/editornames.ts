/**
 * What is an editor called, for whoever does not see where it is?
 */
import { EditorView } from '@codemirror/view';
import { EditorExtensionRegistry, type IEditorExtensionFactory } from '@jupyterlab/codemirror';

import type { Translations } from './tokens';

/** Each editor has the name of its cell. It is looked up whenever the editor changes or gets the focus. */
export function namedEditor(trans: Translations): Readonly<IEditorExtensionFactory<unknown>> {
  return Object.freeze({
    name: 'jupyter-interview:editor-name',
    factory: () =>
      EditorExtensionRegistry.createImmutableExtension(
        EditorView.contentAttributes.of(({ dom }) => ({ 'aria-label': editorName(dom, trans) }))
      )
  });
}

/** The name of the editor that an element belongs to. */
export function editorName(dom: Element, trans: Translations): string {
  const cell = dom.closest('.jp-Cell');
  const siblings = [...(cell?.parentElement?.children ?? [])].filter(({ classList }) =>
    classList.contains('jp-Cell')
  );
  const number = cell ? siblings.indexOf(cell) + 1 : 0;
  if (cell === null || number === 0) {
    return trans.__('Source of a cell');
  }
  if (cell.classList.contains('jp-MarkdownCell')) {
    return trans.__('Markdown of cell %1', number);
  }
  return cell.classList.contains('jp-RawCell')
    ? trans.__('Raw text of cell %1', number)
    : trans.__('Code of cell %1', number);
}
