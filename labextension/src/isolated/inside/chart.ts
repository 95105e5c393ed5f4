/**
 * How is a chart drawn in an isolated frame? By Vega, whose expressions are interpreted, not compiled: so not even the
 * frame needs a policy with `unsafe-eval`.
 */
import './sealed';

import embed, { type Result, type VisualizationSpec } from 'vega-embed';

import { answerWith, root } from './answering';

/** Charts fetch nothing; the policy would not let them. */
const nothing = (): Promise<never> =>
  Promise.reject(new Error('It loads something: here the data of a chart have to be in it.'));
const loader = {
  load: nothing,
  http: nothing,
  file: nothing,
  sanitize: (uri: string) => (uri.startsWith('data:image/') ? Promise.resolve({ href: uri }) : nothing())
};

let shown: Result | null = null;

answerWith(async ({ program, grammar, dark }) => {
  const spec = JSON.parse(program) as VisualizationSpec & { usermeta?: unknown };
  // It could set the options below anew.
  delete spec.usermeta;
  shown?.finalize();
  root.replaceChildren();
  shown = await embed(root, spec, {
    mode: grammar,
    ast: true,
    actions: false,
    defaultStyle: false,
    loader,
    ...(dark ? { theme: 'dark' as const } : {})
  });
});
