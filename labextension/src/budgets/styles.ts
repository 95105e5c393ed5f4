/**
 * What does CSS of a member's ask of a browser: pictures, motion, and effects that are worked out point by point?
 *
 * Nobody here reads all of CSS. What could be read in two ways is taken in the worse one, or is not shown.
 */

/** Takes things from elsewhere, in ways that nobody here follows. */
const ELSEWHERE = /@import|(?:image-set|image|cross-fade|element|paint|src)\s*\(/i;

/** What moves. */
export const MOTION = /animation|transition/i;

/** Words of what is worked out point by point. */
const EFFECT =
  /(?:^|[^\w.#-])(?:-webkit-)?(?:backdrop-filter|filter|mask|mix-blend-mode|box-shadow|text-shadow)(?![\w])/i;

/** A value of an effect that stands elsewhere. */
const INDIRECT = /(?:var|attr|if)\s*\(|inherit|@function/i;

/** Steps that a blur and its like count as. */
export const BLUR = 10;

/** Other addresses than parts of the same drawing that one style may have. */
const ADDRESSES = 100;

/** Rules with effects whose elements are looked for. */
const RULES = 50;

/** Characters of a selector that is looked for. */
const SELECTOR = 200;

/** CSS without escapes, in which any letter may be written. */
export function unescaped(css: string): string {
  return css.replace(/\\(?:([\da-f]{1,6})(?:\r\n|\s)?|(\r\n|[^]))/gi, (_, code?: string, char?: string) => {
    if (code === undefined) {
      return /\s/.test(char ?? '') ? '' : (char ?? '');
    }
    const point = parseInt(code, 16);
    return point === 0 || point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point);
  });
}

/** Whether CSS moves something, takes something from elsewhere, or hides what it does; its addresses are looked at apart. */
export function isIntricate(css: string): boolean {
  const read = unescaped(css);
  return MOTION.test(read) || isHidden(css) || (read !== css && EFFECT.test(read));
}

/** The same for the value of a property, or of an attribute that may be one. */
export function isHidden(value: string): boolean {
  if (!/[(\\@]/.test(value)) {
    return false;
  }
  const read = unescaped(value);
  return ELSEWHERE.test(read) || (read !== value && /url\s*\(/i.test(read));
}

/** Addresses in CSS that are no parts of the same drawing; null where there are more than anybody needs. */
export function addressesOf(css: string): string[] | null {
  const found: string[] = [];
  const within = /\s*(?:["']\s*)?#/y;
  const address = /\s*(?:"([^"]*)|'([^']*)|([^)]*))/y;
  // Each is read by itself: one in a text or in a comment hides no other.
  for (const { index } of css.matchAll(/url\(/gi)) {
    within.lastIndex = address.lastIndex = index + 'url('.length;
    if (!within.test(css)) {
      const [, double, single, bare] = address.exec(css) ?? [];
      found.push(double ?? single ?? bare ?? '');
    }
    if (found.length > ADDRESSES) {
      return null;
    }
  }
  return found;
}

/**
 * How many steps an effect has, if there is one; infinitely many where they stand elsewhere.
 *
 * @param referred - steps of what an address stands for.
 */
export function stepsOf(css: string, referred: number): number {
  if (!EFFECT.test(css)) {
    return 0;
  }
  if (INDIRECT.test(css)) {
    return Infinity;
  }
  const addresses = css.match(/url\(/gi)?.length ?? 0;
  const functions = (css.match(/\(/g)?.length ?? 0) - addresses;
  return Math.max(1, (/filter|shadow/i.test(css) ? BLUR : 1) * functions + addresses * (1 + referred));
}

/** Steps of effects by style sheets, for each element of a drawing that has any. */
export function ruledSteps(root: Element, referred: number): Map<Element, number> {
  const steps = new Map<Element, number>();
  const sheets = [...root.querySelectorAll('style')].map(style => style.textContent ?? '');
  const indirect = sheets.some(sheet => INDIRECT.test(sheet));
  let rules = 0;
  const add = ([selector, css]: Rule): void => {
    const own = stepsOf(css, referred);
    if (own > 0) {
      rules += 1;
      if (indirect || rules > RULES) {
        steps.set(root, Infinity);
      } else {
        elementsOf(root, selector).forEach(element => steps.set(element, (steps.get(element) ?? 0) + own));
      }
    }
  };
  sheets.forEach(sheet => rulesOf(sheet).forEach(add));
  return steps;
}

/** A selector, and its declarations. */
type Rule = readonly [string, string];

/** The rules of a style sheet that stand for themselves, and all that remains as a rule for all. */
function rulesOf(sheet: string): Rule[] {
  const plain = withoutTexts(sheet);
  const rules = plain === null || /[\\&]|scope/i.test(plain) ? null : splitRules(plain);
  const readable = rules?.every(
    ([selector, css]) => isBalanced(selector) && isBalanced(css) && !EFFECT.test(selector)
  );
  return rules && readable ? rules : [['*', sheet]];
}

/** CSS without comments and texts; null where one may hide a rule, or has no end. */
function withoutTexts(css: string): string | null {
  let [plain, at] = ['', 0];
  const begin = /\/\*|["']/g;
  for (let match = begin.exec(css); match; match = begin.exec(css)) {
    const close = match[0] === '/*' ? '*/' : match[0];
    const end = css.indexOf(close, begin.lastIndex);
    const text = css.slice(begin.lastIndex, end);
    if (end === -1 || /[{}()\\]/.test(text) || EFFECT.test(text) || (close !== '*/' && text.includes('\n'))) {
      return null;
    }
    plain += `${css.slice(at, match.index)} `;
    at = begin.lastIndex = end + close.length;
  }
  return plain + css.slice(at);
}

/** Rules that have no others in them; the last one has what is left. */
function splitRules(css: string): Rule[] {
  const rules: Rule[] = [];
  let [rest, kept, start] = ['', 0, 0];
  let open: { selector: number; brace: number } | null = null;
  for (const { 0: char, index: at } of css.matchAll(/[{};]/g)) {
    if (char === '{') {
      open = { selector: start, brace: at };
    } else if (char === '}' && open) {
      rest += css.slice(kept, open.selector);
      rules.push([css.slice(open.selector, open.brace), css.slice(open.brace + 1, at)]);
      kept = at + 1;
      open = null;
    }
    start = at + 1;
  }
  return [...rules, ['*', rest + css.slice(kept)]];
}

function isBalanced(css: string): boolean {
  return ['()', '[]'].every(([open, close]) => css.split(open).length === css.split(close).length);
}

/** What a selector names; all where a browser may understand it and we do not. */
function elementsOf(root: Element, selector: string): Element[] {
  const all = [root, ...root.querySelectorAll('*')];
  if (selector.length > SELECTOR || /:(?!root)/.test(selector)) {
    return all;
  }
  try {
    const found = [...root.querySelectorAll(selector)];
    return root.matches(selector) ? [root, ...found] : found;
  } catch {
    return all;
  }
}
