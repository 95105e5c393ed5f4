/**
 * How is a drawing of a member's shown? As a picture: no script in it runs, and it reaches nothing outside of it.
 */
import { type IRenderMime, RenderedCommon } from '@jupyterlab/rendermime';

import { multiline } from '../replay/multiline';

import { still } from './still';

const SVG = 'image/svg+xml';

export class RenderedDrawing extends RenderedCommon {
  constructor(options: IRenderMime.IRendererOptions) {
    super(options);
    this.addClass('jp-RenderedSVG');
  }

  override render(model: IRenderMime.IMimeModel): Promise<void> {
    const source = still(multiline(model.data[this.mimeType])).replace(
      /<svg(?![^>]*\sxmlns=)/,
      '<svg xmlns="http://www.w3.org/2000/svg"'
    );
    const image = document.createElement('img');
    image.alt = '';
    image.src = `data:${SVG},${encodeURIComponent(source)}`;
    this.node.replaceChildren(image);
    return Promise.resolve();
  }
}

/** Safe without any trust, in which it differs from JupyterLab's. */
export const drawingFactory: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: [SVG],
  defaultRank: 80,
  createRenderer: options => new RenderedDrawing(options)
};
