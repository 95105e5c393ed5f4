/**
 * How does a value of JSON lie in a notebook that is shared? As its text: `jupyter_interview/core/jsontext.py` says why.
 */

/** The one name of the object that holds the text. */
const NAME = '$json';

/** A text of JSON, or what is no number in it as Python writes it. */
const PARTS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|NaN|-?Infinity/gs;

/** A number with more digits than a number of JavaScript has. */
class Digits extends Number {
  constructor(private readonly digits: string) {
    super(digits);
  }

  override toString(): string {
    return this.digits;
  }
}

/** The text of a value that lies as text; null for any other. */
export function jsonText(found: unknown): string | null {
  if (typeof found !== 'object' || found === null || !(NAME in found) || Object.keys(found).length !== 1) {
    return null;
  }
  const text = found[NAME];
  return typeof text === 'string' ? text : null;
}

/**
 * A value of JSON: what lies as text is read, with names in their order and numbers as they were; what was recorded
 * earlier is the value itself, and so is a text that nobody can read.
 */
export function jsonValue(found: unknown): unknown {
  const text = jsonText(found);
  if (text === null) {
    return found;
  }
  try {
    return parse(text);
  } catch (reason) {
    if (reason instanceof SyntaxError) {
      return text;
    }
    throw reason;
  }
}

/** By what a number is told from the text's own objects: a name that nobody who writes one can know. */
const NUMBER = [...crypto.getRandomValues(new Uint32Array(4))].map(part => part.toString(36)).join('-');

function parse(text: string): unknown {
  const marked = text.replace(PARTS, part => (isExact(part) ? part : `{"${NUMBER}":"${part}"}`));
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'object' && value !== null && NUMBER in value
      ? numberOf(String(value[NUMBER as never]))
      : value
  ) as unknown;
}

function isExact(part: string): boolean {
  const whole = /^-?\d+$/.test(part);
  return part.startsWith('"') || (whole ? Number.isSafeInteger(Number(part)) : /^-?\d/.test(part));
}

function numberOf(part: string): unknown {
  return /^-?\d/.test(part) ? new Digits(part) : Number(part);
}
