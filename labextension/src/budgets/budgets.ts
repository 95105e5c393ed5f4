/**
 * How much of what a member made is rendered? What is over a budget is shown as its source, with the reason.
 *
 * Rendering runs in the page of whoever looks: a text of a few kilobytes can hold a page for minutes, or end it. Sizes
 * were chosen by measuring, so that the worst text within a budget takes a fraction of a second on a slow machine.
 */

export interface Budgets {
  /** See `markdownCost`. */
  readonly markdownCost: number;
  /** UTF-16 units of Markdown or HTML; pictures in it as data are not counted. */
  readonly markupChars: number;
  readonly htmlTags: number;
  /** Characters that HTML has to escape: each costs as much as a hundred others. */
  readonly htmlEscapes: number;
  /** Elements within each other. */
  readonly htmlDepth: number;
  /** Places in the grids of all tables, also those that no cell of its own stands in. */
  readonly tablePlaces: number;
  /** UTF-16 units of one formula. */
  readonly formulaChars: number;
  /** UTF-16 units of the markup that one formula, and all formulas of a text, become. */
  readonly formulaMarkup: number;
  readonly formulasMarkup: number;
  /** Elements within each other in that: a fraction is seven. */
  readonly formulaDepth: number;
  /** Whether formulas wait until they are seen: hundreds of texts are on the page, of which few are in view. */
  readonly whenSeen: boolean;
  /** Whether tags in Markdown are text: in a message about code they are meant so. */
  readonly plainTags: boolean;
  /** Values of a JSON output, and how many within each other. */
  readonly jsonValues: number;
  readonly jsonDepth: number;
  /** Pieces of text with a colour or a link. */
  readonly textSpans: number;
  /** UTF-16 units of text that are put on the page, also of sources. */
  readonly textChars: number;
  readonly svgChars: number;
  /** Elements of a drawing, those that it repeats counted as often as they are drawn. */
  readonly svgElements: number;
  /** Points of all pictures of an output or a text: a browser keeps four bytes for each. */
  readonly pixels: number;
}

/** For outputs and cells. */
export const OUTPUTS: Budgets = {
  markdownCost: 4_000_000,
  markupChars: 300_000,
  htmlTags: 10_000,
  htmlEscapes: 50_000,
  htmlDepth: 100,
  tablePlaces: 20_000,
  formulaChars: 4_000,
  formulaMarkup: 200_000,
  formulasMarkup: 200_000,
  formulaDepth: 200,
  whenSeen: false,
  plainTags: false,
  jsonValues: 20_000,
  jsonDepth: 100,
  textSpans: 4_000,
  textChars: 2_000_000,
  svgChars: 1_000_000,
  svgElements: 20_000,
  pixels: 50_000_000
};

/** For chat messages, of which a page shows hundreds. */
export const MESSAGES: Budgets = {
  ...OUTPUTS,
  markdownCost: 400_000,
  markupChars: 100_000,
  htmlTags: 1_000,
  htmlEscapes: 5_000,
  htmlDepth: 50,
  tablePlaces: 2_000,
  formulasMarkup: 100_000,
  whenSeen: true,
  plainTags: true,
  textChars: 20_000,
  pixels: 10_000_000
};

/** What is over its budget, for the line that says why. */
export type Excess = 'long' | 'deep' | 'many' | 'intricate' | 'definitions' | 'unreadable' | 'large';

/** Something is over its budget only once it has been parsed. */
export class TooMuch extends Error {
  constructor(readonly excess: Excess) {
    super(excess);
    this.name = 'TooMuch';
  }
}
