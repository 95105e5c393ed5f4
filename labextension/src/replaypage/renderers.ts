/**
 * How are outputs and Markdown shown where there is no JupyterLab around the player? By the same renderers as in the room,
 * from the same packages.
 */
import type { EditorLanguageRegistry } from '@jupyterlab/codemirror';
import { rendererFactory as json } from '@jupyterlab/json-extension';
import { createMarkdownParser } from '@jupyterlab/markedparser-extension';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { BoundedRegistry } from '../budgets/registry';
import type { IsolatedFrames } from '../isolated/frames';
import { addIsolated } from '../isolated/renderers';
import type { Translations } from '../tokens';

/**
 * The renderers, bounded and without trust as in the room: see ../budgets/registry.ts.
 *
 * @param languages - for the colours of code in Markdown
 * @param frames - charts and diagrams are drawn in them
 */
export function rendermime(
  languages: EditorLanguageRegistry,
  frames: IsolatedFrames,
  trans: Translations
): IRenderMimeRegistry {
  const registry = new BoundedRegistry({ markdownParser: createMarkdownParser(languages), trans });
  registry.addFactory(json, 0);
  addIsolated(registry, frames);
  return registry;
}
