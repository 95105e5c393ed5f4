/**
 * How is a notebook changed without the page being laid out for every part of it?
 *
 * Editors and outputs ask for places and sizes at their own time, and each answer costs a layout. Here they are kept from
 * it until all of a moment is there.
 */
import type { Cell } from '@jupyterlab/cells';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';

/** Change the outputs of a cell: an area that is cleared where it stands keeps its old height for a while. */
export function changeOutputs(cell: Cell, change: () => void): void {
  const area = 'outputArea' in cell ? (cell.outputArea as { node: HTMLElement }).node : null;
  const parent = area?.parentElement;
  if (!area || !parent) {
    change();
    return;
  }
  const next = area.nextSibling;
  area.remove();
  try {
    change();
  } finally {
    parent.insertBefore(area, next);
  }
}

/**
 * Tell only editors in view when `outer` is scrolled, and those before the next picture: all others would be laid out,
 * too. Has to be called before there are any. Nobody else hears of it but `scrolled`.
 */
export function tellEditorsInView(
  outer: HTMLElement,
  cells: () => readonly Cell[],
  scrolled: () => void
): void {
  outer.addEventListener('scroll', event => {
    event.stopImmediatePropagation();
    scrolled();
    for (const cell of cells()) {
      const view = (cell.editor as CodeMirrorEditor | null)?.editor;
      if (view?.inView) {
        view.requestMeasure();
      }
    }
  });
}

/** Give the page a selection if it has none: else every editor looks for one with each change. */
export function selectNothingIn(node: HTMLElement): void {
  const selection = document.getSelection();
  if (selection?.rangeCount === 0) {
    selection.collapse(node, 0);
  }
}
