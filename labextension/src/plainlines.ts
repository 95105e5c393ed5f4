/**
 * How does the chat show a line of the room's own, which has names of others in it? As text, whatever stands in a name:
 * neither Markdown nor a formula, a link or HTML is read in it.
 */
import type { IMimeModelBody } from '@jupyter/chat';
import { type IRenderMime, RenderedCommon } from '@jupyterlab/rendermime';

/** The type of such lines. */
export const LINES = 'application/vnd.jupyter-interview.lines';

const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';
const ISOLATES = /\u2068([^\u2069]*)\u2069/;

/** A name within a line: it ends no line, and turns the direction of nothing beside it. */
export function isolated(name: string): string {
  return `${FIRST_STRONG_ISOLATE}${name.replace(/[\s\u2066-\u2069]+/g, ' ')}${POP_ISOLATE}`;
}

/** Lines as the body of a message. */
export function linesBody(lines: readonly string[]): IMimeModelBody {
  return { data: { [LINES]: lines.join('\n') } };
}

/** The lines of a body that `linesBody` made. */
export function linesOf(body: string | IMimeModelBody): string[] {
  const data = typeof body === 'string' ? body : body.data[LINES];
  return typeof data === 'string' ? data.split('\n') : [];
}

class RenderedLines extends RenderedCommon {
  override render(model: IRenderMime.IMimeModel): Promise<void> {
    this.addClass('jp-Interview-lines');
    const lines = linesOf({ data: model.data }).map(text => {
      const line = document.createElement('p');
      line.dir = 'auto';
      line.append(...text.split(ISOLATES).map(nodeOf));
      return line;
    });
    this.node.replaceChildren(...lines);
    return Promise.resolve();
  }
}

/** A part of a line: every other one is a name. Elements do what the characters around it do, and are not copied. */
function nodeOf(part: string, index: number): Node {
  if (index % 2 === 0) {
    return document.createTextNode(part);
  }
  const name = document.createElement('bdi');
  name.textContent = part;
  return name;
}

export const linesFactory: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: [LINES],
  defaultRank: 50,
  createRenderer: options => new RenderedLines(options)
};
