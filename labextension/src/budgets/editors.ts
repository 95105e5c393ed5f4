/**
 * Which source is coloured by its language in an editor? One within its budget: parsers of languages take their time,
 * and those of Markdown look through a whole paragraph for the end of each mark.
 */
import { StreamLanguage } from '@codemirror/language';
import { Compartment, EditorState, type Extension, Prec } from '@codemirror/state';
import { EditorExtensionRegistry, type IEditorExtensionFactory } from '@jupyterlab/codemirror';

import { OUTPUTS } from './budgets';
import { markdownExcess } from './measure';

/** UTF-16 units of a source that is coloured. */
const LONGEST = 200_000;

const MARKDOWN = /gfm|markdown/;

/** A language without any words. */
const plain = StreamLanguage.define({
  name: 'plain',
  token: stream => {
    stream.skipToEnd();
    return null;
  }
});

/** What an editor has beside its language: the plain one before it, or nothing. */
const PLAIN: Extension = Prec.highest(plain);
const COLOURED: Extension = [];

/** Whether a source is shown without its language. */
export function isPlain(length: number, text: () => string, mimeType: string): boolean {
  return length > LONGEST || (MARKDOWN.test(mimeType) && markdownExcess(text(), OUTPUTS) !== null);
}

/** For each editor. The change that goes over the budget is the one that takes the language away: none is parsed. */
export const boundedLanguage: Readonly<IEditorExtensionFactory<unknown>> = Object.freeze({
  name: 'jupyter-interview:bounded-language',
  factory: ({ model }: IEditorExtensionFactory.IOptions) => {
    const place = new Compartment();
    const over = (state: { length: number; toString(): string }): boolean =>
      isPlain(state.length, () => state.toString(), model.mimeType);
    const content = (bare: boolean): Extension => (bare ? PLAIN : COLOURED);
    const source = model.sharedModel.getSource();
    return EditorExtensionRegistry.createImmutableExtension([
      place.of(content(isPlain(source.length, () => source, model.mimeType))),
      EditorState.transactionExtender.of(({ docChanged, newDoc, startState }) => {
        if (!docChanged) {
          return null;
        }
        const now = content(over(newDoc));
        return place.get(startState) === now ? null : { effects: place.reconfigure(now) };
      })
    ]);
  }
});
