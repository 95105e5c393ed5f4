/**
 * Is a picture within its budget: its points, and what a drawing draws? Measured before a browser unpacks or draws it.
 */
import { dataOf, drawingOf, isAscii } from './addresses';
import type { Budgets, Excess } from './budgets';
import { depthOf } from './measure';
import { pixelsOf } from './raster';
import { MOVERS } from './still';
import { addressesOf, BLUR, isHidden, isIntricate, ruledSteps, stepsOf } from './styles';

/** What pictures of one text may still have. */
export interface Left {
  pixels: number;
}

/**
 * Why a picture that is data is not shown; `left` is what it leaves. Of other addresses nothing is known.
 *
 * A drawing is shown `still`: who shows one asks about that.
 */
export function pictureExcess(
  url: string,
  budgets: Budgets,
  left: Left = { pixels: budgets.pixels }
): Excess | null {
  const data = dataOf(url);
  if (!data) {
    return null;
  }
  if (data.type.includes('svg')) {
    const source = drawingOf(data);
    return source === null ? 'unreadable' : svgExcess(source, budgets, left);
  }
  if (data.bytes === null) {
    return 'unreadable';
  }
  left.pixels -= pixelsOf(data.bytes);
  return left.pixels < 0 ? 'large' : null;
}

/** A drawing may use a part of itself again, and that part as well: then few elements are drawn a million times. */
export function svgExcess(
  source: string,
  budgets: Budgets,
  left: Left = { pixels: budgets.pixels }
): Excess | null {
  if (source.length > budgets.svgChars) {
    return 'long';
  }
  if (definesEntities(source)) {
    return 'definitions';
  }
  const parsed = new DOMParser().parseFromString(source, 'image/svg+xml');
  const encoding = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)/i.exec(source)?.[1];
  if (parsed.querySelector('parsererror') || !isAscii(encoding)) {
    return 'unreadable';
  }
  const root = parsed.documentElement;
  if (depthOf(root, budgets.htmlDepth) > budgets.htmlDepth) {
    return 'deep';
  }
  if (root.querySelectorAll('*').length > budgets.svgElements) {
    return 'many';
  }
  if (
    root.querySelectorAll('filter *').length > SVG_FILTERS ||
    root.querySelector(`foreignObject, ${MOVERS}`) ||
    /<\?xml-stylesheet/i.test(source)
  ) {
    return 'intricate';
  }
  return insideExcess(root, budgets, left) ?? new Drawing(root, budgets.svgElements).excess();
}

/** What attributes and style sheets of a drawing take into it: pictures within their budget, and no other drawing. */
function insideExcess(root: Element, budgets: Budgets, left: Left): Excess | null {
  for (const element of [root, ...root.querySelectorAll('*')]) {
    if (element.localName === 'style') {
      const css = element.textContent ?? '';
      const excess = isIntricate(css) ? 'intricate' : cssExcess(css, budgets, left);
      if (excess) {
        return excess;
      }
    }
    for (const { localName, value } of element.attributes) {
      const hides = localName === 'style' ? isIntricate(value) : isHidden(value);
      const excess = hides
        ? 'intricate'
        : (innerExcess(value, budgets, left) ?? cssExcess(value, budgets, left));
      if (excess) {
        return excess;
      }
    }
  }
  return null;
}

/** Pictures to which CSS has addresses. */
function cssExcess(css: string, budgets: Budgets, left: Left): Excess | null {
  const addresses = css.includes('(') ? addressesOf(css) : [];
  return addresses === null
    ? 'many'
    : (addresses.map(each => innerExcess(each, budgets, left)).find(Boolean) ?? null);
}

/** A picture within a drawing. */
function innerExcess(address: string, budgets: Budgets, left: Left): Excess | null {
  return dataOf(address)?.type.includes('svg') ? 'intricate' : pictureExcess(address, budgets, left);
}

/** An entity may stand for many others. */
function definesEntities(source: string): boolean {
  const doctype = source.search(/<!DOCTYPE/i);
  const subset = doctype === -1 ? '' : source.slice(doctype, source.indexOf('>', doctype));
  return subset.includes('[') || /<!ENTITY/i.test(source);
}

/** Steps of all filters of a drawing: each is worked out for each point. */
const SVG_FILTERS = 20;

/** Steps of all effects, as often as they are drawn. */
const SVG_EFFECTS = 200;

/** Steps of filters that look at what is around each point. */
const AROUND =
  'feGaussianBlur, feDropShadow, feMorphology, feTurbulence, feConvolveMatrix, feDiffuseLighting, feSpecularLighting';

/** Of an attribute or property by which an element has an effect. */
const NAMES = /^(?:filter|backdrop-filter|mask.*|mix-blend-mode)$/;

/** Where an element refers to other ones of its drawing. */
const REFERENCE = /^\s*#(.+)$|url\(\s*["']?#([^"')]+)/g;

/** The name in a reference, which is part of an address: some of it may be escaped. */
function plainId(reference: string): string {
  const name = reference.replace(/[\t\n\r]/g, '').trimEnd();
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** What a rule of a style can have drawn with any element. */
const REPEATED = 'marker, mask, pattern, clipPath';

/** Commands and numbers of a path: as many corners, at most. */
const CORNERS = /[a-df-z]|\d*\.?\d+(?:e[-+]?\d+)?/gi;

/** Attributes with a list of where, or how, each letter of a text stands. */
const PLACES = ['x', 'y', 'dx', 'dy', 'rotate'];

/** How many letters of a text have a place of their own beside the first: a browser draws each by itself. */
function placed(element: Element): number {
  const lists = PLACES.map(name => element.getAttribute(name)?.match(/[^\s,]+/g)?.length ?? 0);
  return lists.reduce((sum, count) => sum + Math.max(0, count - 1), 0);
}

/** How many elements a browser draws for those of a drawing. */
class Drawing {
  constructor(
    private readonly root: Element,
    private readonly enough: number
  ) {
    this.ids = new Map([...root.querySelectorAll('[id]')].map(element => [element.id, element]));
    this.referred = root.querySelectorAll('filter *').length + BLUR * root.querySelectorAll(AROUND).length;
    this.ruled = ruledSteps(root, this.referred);
  }

  excess(): Excess | null {
    if (this.drawn(this.root) + this.styled(each => this.drawn(each)) > this.enough) {
      return 'many';
    }
    return this.effects(this.root) + this.styled(each => this.effects(each)) > SVG_EFFECTS
      ? 'intricate'
      : null;
  }

  /** What style sheets may add: who reads no CSS takes it that they name all for each. */
  private styled(count: (element: Element) => number): number {
    const rules = [...this.root.querySelectorAll('style')].map(style => style.textContent ?? '');
    if (!rules.some(rule => /url\(/i.test(rule))) {
      return 0;
    }
    const repeated = [...this.root.querySelectorAll(REPEATED)].map(count);
    const places = this.root.querySelectorAll('*').length + this.corners(this.root);
    return places * repeated.reduce((sum, each) => sum + each, 0);
  }

  /** How many elements are drawn for one; more than enough where it is drawn within itself. */
  private drawn(element: Element): number {
    return this.told(
      element,
      this.counts,
      1 + placed(element),
      each => this.drawn(each),
      name => (name.startsWith('marker') ? this.corners(element) : 1)
    );
  }

  /** Steps of effects that are worked out for one. */
  private effects(element: Element): number {
    const own = [...element.attributes].reduce(
      (sum, { localName, value }) => {
        const css =
          localName === 'style'
            ? value
            : NAMES.test(localName) && value !== 'none'
              ? `${localName}:${value}`
              : '';
        return sum + stepsOf(css, this.referred);
      },
      this.ruled.get(element) ?? 0
    );
    return this.told(
      element,
      this.affected,
      own,
      each => this.effects(each),
      name => (name.startsWith('marker') ? this.corners(element) : 1)
    );
  }

  /** How many corners one has, at each of which a marker may be drawn. */
  private corners(element: Element): number {
    const path = `${element.getAttribute('d') ?? ''} ${element.getAttribute('points') ?? ''}`;
    const own = element.localName === 'line' ? 2 : (path.match(CORNERS)?.length ?? 0);
    return this.told(
      element,
      this.cornered,
      own,
      each => this.corners(each),
      () => 1
    );
  }

  /** A count of an element, of those in it, and of those that it refers to, as often as it does. */
  private told(
    element: Element,
    known: Map<Element, number>,
    own: number,
    count: (element: Element) => number,
    times: (property: string) => number
  ): number {
    const before = known.get(element);
    if (before !== undefined) {
      return before;
    }
    known.set(element, this.enough + 1);
    let sum = own;
    for (const child of element.children) {
      sum += count(child);
    }
    for (const [property, target] of this.references(element)) {
      sum += times(property) * count(target);
    }
    const told = Math.min(sum, this.enough + 1);
    known.set(element, told);
    return told;
  }

  /** What an element refers to, and by which property. */
  private references(element: Element): [string, Element][] {
    return [...element.attributes].flatMap(({ name, value }) =>
      (name === 'style' ? value.split(';') : [value]).flatMap(part => {
        const property = name === 'style' ? part.split(':')[0].trim().toLowerCase() : name;
        return [...part.matchAll(REFERENCE)].flatMap(match => {
          const target = this.ids.get(plainId(match[1] ?? match[2]));
          return target && !target.contains(element) ? [[property, target] as [string, Element]] : [];
        });
      })
    );
  }

  private readonly ids: ReadonlyMap<string, Element>;
  private readonly counts = new Map<Element, number>();
  private readonly cornered = new Map<Element, number>();
  private readonly affected = new Map<Element, number>();
  private readonly ruled: ReadonlyMap<Element, number>;
  /** Steps of filters that a reference may stand for. */
  private readonly referred: number;
}
