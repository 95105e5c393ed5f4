/**
 * What of HTML that a member made is left? What JupyterLab's sanitizer leaves, but nothing that asks a server for
 * anything, and no form: an output that looks like the login of this server is none. And nothing by which a page finds
 * its own elements, or does something for whoever clicks: of attributes and classes only those named here are left.
 */
import { Sanitizer } from '@jupyterlab/apputils';
import type { IRenderMime } from '@jupyterlab/rendermime';

import { type Budgets, type Excess, OUTPUTS, TooMuch } from './budgets';
import { laidOutExcess } from './measure';
import { type Left, pictureExcess } from './pictures';
import { stillAddress } from './still';

type Attributes = Record<string, string>;
type Transform = (tagName: string, attribs: Attributes) => { tagName: string; attribs: Attributes };

/** Attributes that make a browser fetch something. */
const FETCHING = ['src', 'poster', 'action', 'formaction', 'ping'];

/** What is in the page already. */
const OWN = /^\s*(?:data:|attachment:|blob:)/i;

/** Declarations that make a browser fetch something, or that hide in escapes what they do: nobody writes those. */
const FETCHING_STYLE = /\\|\/\*|(?:url|image|image-set|cross-fade|element|src)\s*\(/i;

/** Declarations of what moves, or is worked out point by point. */
const COSTLY_STYLE = /(?:animation|transition|filter|mask|blend-mode)/i;

/** Declarations of grids with more lines than anybody counts. */
const GRID_STYLE = /^\s*grid\b[^]*?\b\d{3,}\b(?![.%])/i;

/** Shadows that one text may have: each is blurred. */
const SHADOWS = 100;

/** Declarations that make a table of what is none, or another one of what is: its places would not be those that are counted. */
const TABLE_STYLE = /^\s*display\b[^]*table-/i;
const DISPLAY_STYLE = /^\s*display\b(?!\s*:\s*none\b)/i;

/** Parts of a table. */
const TABLE_PARTS = ['thead', 'tbody', 'tfoot', 'tr', 'td', 'th', 'col', 'colgroup', 'caption'];

/** Numbers that a browser makes room for, and the most of them that anybody needs. */
const ROOM: Readonly<Record<string, number>> = {
  colspan: 100,
  span: 100,
  rowspan: 1_000,
  cols: 500,
  rows: 500,
  size: 500
};

/**
 * What says how something looks, or what it is; of these JupyterLab's sanitizer leaves those that fit the element. Not
 * here, for instance: what names a command or a key, what takes the focus or its order, and what names another element of
 * the page, such as a button that is pressed with its label.
 */
const LOOKS = new Set(
  (
    'abbr align alt bgcolor border cellpadding cellspacing char charoff checked cite clear color cols colspan compact ' +
    'controls default dir disabled face frame height hidden high href hreflang hspace kind label lang ' +
    'loop low max min muted noshade nowrap open optimum placeholder preload rel reversed rows rowspan rules scope ' +
    'selected size span srclang start summary target title translate type valign value vspace width wrap'
  ).split(' ')
);

/** Elements that take the focus or a text: none of a member's does anything. */
const DEAD = ['button', 'input', 'select', 'textarea'];

/** Classes that only look like something: of tables, notes, code by its language and the words in it. */
const CLASSES =
  /^(?:dataframe|alert|alert-(?:info|warning|success|danger)|language-[\w+#.-]+|\u037c[\da-z]+)$/;

/** What is played, not shown: it is unpacked piece by piece. */
const PLAYED = ['audio', 'video', 'source', 'track'];

/** What is left of a style. */
function styleOf(tagName: string, value: string): string {
  const part = TABLE_PARTS.includes(tagName);
  const refused = [FETCHING_STYLE, COSTLY_STYLE, GRID_STYLE, part ? DISPLAY_STYLE : TABLE_STYLE];
  return value
    .split(';')
    .filter(declaration => !refused.some(each => each.test(declaration)))
    .join(';');
}

/** A number that a browser makes room for. */
function roomOf(name: string, value: string): string {
  const number = parseInt(value, 10);
  return number > ROOM[name] ? String(ROOM[name]) : value;
}

function attribute(tagName: string, name: string, value: string): [string, string][] {
  if (FETCHING.includes(name)) {
    return OWN.test(value) ? [[name, value]] : [];
  }
  if (name === 'class') {
    const classes = value.split(/\s+/).filter(each => CLASSES.test(each));
    return classes.length ? [[name, classes.join(' ')]] : [];
  }
  if (name === 'style') {
    return [[name, styleOf(tagName, value)]];
  }
  if (name === 'id') {
    // A name of a member's is none of the page's: JupyterLab looks for this one where a link of a text leads.
    return [['data-jupyter-id', value]];
  }
  return LOOKS.has(name) ? [[name, name in ROOM ? roomOf(name, value) : value]] : [];
}

const dead: Transform = (tagName, attribs) => ({ tagName, attribs: { ...attribs, disabled: 'disabled' } });

/** For `sanitize-html`, in the place of JupyterLab's own list, which has the first, and `input` among the dead. */
const transforms = (look: Look): Record<string, Transform> => ({
  a: (tagName, attribs) => ({ tagName, attribs: { ...attribs, rel: 'nofollow' } }),
  ...Object.fromEntries(DEAD.map(tagName => [tagName, dead])),
  form: () => ({ tagName: 'div', attribs: {} }),
  '*': (tagName, attribs) => {
    const left = Object.entries(attribs).flatMap(([name, value]) =>
      attribute(tagName, name.toLowerCase(), value)
    );
    return {
      tagName,
      attribs: Object.fromEntries(
        left.map(([name, value]) => {
          const picture = name === 'poster' || (name === 'src' && !PLAYED.includes(tagName));
          return [name, picture ? look.picture(value) : name === 'style' ? look.style(value) : value];
        })
      )
    };
  }
});

/** What looks at each part, and tells how it is left. */
interface Look {
  picture(url: string): string;
  style(value: string): string;
}

export class CleanSanitizer implements IRenderMime.ISanitizer {
  constructor(
    private readonly sanitizer: IRenderMime.ISanitizer = new Sanitizer(),
    private readonly budgets: Budgets = OUTPUTS
  ) {}

  readonly allowNamedProperties = false;

  getAutolink(): boolean {
    return this.sanitizer.getAutolink?.() ?? true;
  }

  /**
   * What is left of HTML.
   *
   * @throws TooMuch - what is left, or a picture in it, is over the budget.
   */
  sanitize(dirty: string, options: IRenderMime.ISanitizerOptions = {}): string {
    const all: IRenderMime.ISanitizerOptions & { transformTags: ReturnType<typeof transforms> } = {
      ...options,
      transformTags: transforms(looking(this.budgets))
    };
    const clean = this.sanitizer.sanitize(dirty, all);
    // What was taken away may have kept apart what now stands together.
    within(laidOutExcess(clean, this.budgets));
    return clean;
  }
}

/** Looks at the parts of one text. */
function looking(budgets: Budgets): Look {
  const left: Left = { pixels: budgets.pixels };
  let shadows = 0;
  return {
    picture(url) {
      const shown = stillAddress(url);
      within(pictureExcess(shown, budgets, left));
      return shown;
    },
    style(value) {
      shadows += /shadow/i.test(value) ? value.split(',').length : 0;
      within(shadows > SHADOWS ? 'intricate' : null);
      return value;
    }
  };
}

function within(excess: Excess | null): void {
  if (excess) {
    throw new TooMuch(excess);
  }
}
