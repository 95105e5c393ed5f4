/**
 * How is a diagram drawn in an isolated frame? By Mermaid, with its own sanitiser on top of the frame.
 */
import './sealed';

import mermaid from 'mermaid';

import { LIMITS } from '../protocol';
import { answerWith, root } from './answering';

/** A diagram asks for another layout in its front matter or in a directive. */
const ELK = /\belk\b/;

let number = 0;

answerWith(async ({ program, dark }) => {
  if (ELK.test(program)) {
    const { default: elk } = (await import('@mermaid-js/layout-elk')) as {
      default?: typeof import('@mermaid-js/layout-elk').default;
    };
    // In a file there is none.
    if (elk) {
      mermaid.registerLayoutLoaders(elk);
    }
  }
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: 'strict',
    suppressErrorRendering: true,
    theme: dark ? 'dark' : 'default',
    fontFamily: getComputedStyle(document.body).fontFamily,
    maxTextSize: LIMITS.program.diagram,
    maxEdges: LIMITS.edges
  });
  const { svg } = await mermaid.render(`diagram-${number++}`, program);
  root.innerHTML = svg;
});
