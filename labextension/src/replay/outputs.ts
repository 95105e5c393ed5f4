/**
 * How are outputs and messages of the past shown outside of the notebook? By JupyterLab's own renderers, and never
 * trusted.
 */
import type { IOutput } from '@jupyterlab/nbformat';
import { OutputAreaModel, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';

import { forMessages } from '../budgets/registry';

/** Each shows something in an element; what it returns takes it away, and has to be called while the element is there. */
export interface Renderers {
  outputs(host: HTMLElement, outputs: readonly IOutput[]): () => void;
  markdown(host: HTMLElement, text: string): () => void;
}

export function renderersOf(rendermime: IRenderMimeRegistry): Renderers {
  const messages = forMessages(rendermime);
  return {
    outputs: (host, outputs) => {
      const model = new OutputAreaModel({ values: [...outputs], trusted: false });
      const area = new SimplifiedOutputArea({ model, rendermime });
      area.addClass('jp-Interview-outputs');
      Widget.attach(area, host);
      return () => {
        area.dispose();
        model.dispose();
      };
    },
    markdown: (host, text) => {
      const type = 'text/markdown';
      const renderer = messages.createRenderer(type);
      void renderer.renderModel(messages.createModel({ data: { [type]: text }, trusted: false }));
      Widget.attach(renderer, host);
      return () => renderer.dispose();
    }
  };
}
