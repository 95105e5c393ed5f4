/**
 * Which colour has each piece of what a program wrote to its terminal? ECMA-48's *select graphic rendition*, as far as
 * JupyterLab has classes for it.
 */

/** How a piece is written: class names and a style for `span`; both empty for plain text. */
export interface Piece {
  text: string;
  classes: string;
  style: string;
}

type Color = number | readonly [red: number, green: number, blue: number] | null;

interface Look {
  front: Color;
  back: Color;
  bold: boolean;
  underline: boolean;
  inverse: boolean;
}

const PLAIN: Look = { front: null, back: null, bold: false, underline: false, inverse: false };

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

/** What JupyterLab's classes have for these names, and for the intense ones. */
const COLORS: readonly Exclude<Color, number | null>[] = [
  [62, 66, 77],
  [231, 92, 88],
  [0, 162, 80],
  [221, 182, 43],
  [32, 143, 251],
  [209, 96, 196],
  [96, 198, 200],
  [197, 193, 180],
  [40, 44, 54],
  [178, 43, 49],
  [0, 116, 39],
  [178, 125, 18],
  [0, 101, 202],
  [160, 49, 150],
  [37, 143, 143],
  [161, 166, 178]
];

/** A sequence that is not complete yet has no more characters than this. */
const LONGEST = 64;

const ESCAPE = '\x1b';

/** Reads a text that grows: what was read is not looked at again. */
export class AnsiReader {
  /** The pieces of what was added to the text. */
  read(added: string): Piece[] {
    const text = this.rest + added;
    this.rest = '';
    const pieces: Piece[] = [];
    let at = 0;
    while (at < text.length) {
      const escape = text.indexOf(ESCAPE, at);
      const end = escape === -1 ? text.length : escape;
      if (end > at) {
        pieces.push(this.piece(text.slice(at, end)));
      }
      if (escape === -1) {
        break;
      }
      at = this.sequence(text, escape);
    }
    return pieces;
  }

  /** Take the sequence that begins at an index; the index behind it. */
  private sequence(text: string, at: number): number {
    if (text.length === at + 1) {
      this.rest = ESCAPE;
      return text.length;
    }
    if (text[at + 1] !== '[') {
      return at + 1;
    }
    let end = at + 2;
    const limit = Math.min(text.length, at + LONGEST);
    while (end < limit && !(text[end] >= '@' && text[end] <= '~')) {
      end += 1;
    }
    if (end === text.length && end < at + LONGEST) {
      this.rest = text.slice(at);
      return end;
    }
    if (end < limit && text[end] === 'm') {
      this.select(text.slice(at + 2, end));
    }
    return end < limit ? end + 1 : at + 2;
  }

  private select(parameters: string): void {
    const codes = parameters.split(';').map(code => (code === '' ? 0 : Number(code)));
    if (!codes.every(Number.isInteger)) {
      return;
    }
    const { look } = this;
    for (let at = 0; at < codes.length; at++) {
      const code = codes[at];
      const digit = code % 10;
      if (code === 0) {
        Object.assign(look, PLAIN);
      } else if (code === 38 || code === 48) {
        const [color, used] = extended(codes.slice(at + 1, at + 5));
        Object.assign(look, color === null ? {} : code === 38 ? { front: color } : { back: color });
        at += used;
      } else if (code >= 30 && code <= 37) {
        look.front = digit;
      } else if (code >= 40 && code <= 47) {
        look.back = digit;
      } else if (code >= 90 && code <= 97) {
        look.front = digit + 8;
      } else if (code >= 100 && code <= 107) {
        look.back = digit + 8;
      } else {
        Object.assign(look, SWITCHES[code]);
      }
    }
  }

  private piece(text: string): Piece {
    const { bold, underline, inverse } = this.look;
    const [front, back] = inverse ? [this.look.back, this.look.front] : [this.look.front, this.look.back];
    const bright = typeof front === 'number' && front < 8 && bold && !inverse ? front + 8 : front;
    const [frontClass, frontStyle] = paint(bright, 'fg', 'color', inverse);
    const [backClass, backStyle] = paint(back, 'bg', 'background-color', inverse);
    const alone = front !== null && back === null && !inverse;
    const classes = [
      alone ? 'jp-mod-readable' : frontClass,
      backClass,
      bold && 'ansi-bold',
      underline && 'ansi-underline'
    ];
    return {
      text,
      classes: classes.filter(Boolean).join(' '),
      style: [alone ? readable(bright) : frontStyle, backStyle].filter(Boolean).join(';')
    };
  }

  private rest = '';
  private readonly look: Look = { ...PLAIN };
}

const SWITCHES: Record<number, Partial<Look> | undefined> = {
  1: { bold: true },
  4: { underline: true },
  5: { bold: true },
  7: { inverse: true },
  21: { bold: false },
  22: { bold: false },
  24: { underline: false },
  27: { inverse: false },
  39: { front: null },
  49: { back: null }
};

/** The colour that follows a 38 or 48, and how many codes it takes. */
function extended(codes: readonly number[]): [Color, number] {
  const [kind, first, second, third] = codes;
  if (kind === 2 && codes.length === 4) {
    return [codes.slice(1).every(isByte) ? [first, second, third] : null, 4];
  }
  if (kind !== 5 || !isByte(first)) {
    return [null, codes.length];
  }
  if (first < 16) {
    return [first, 2];
  }
  if (first >= 232) {
    const grey = (first - 232) * 10 + 8;
    return [[grey, grey, grey], 2];
  }
  const part = (size: number): number => {
    const step = Math.floor((first - 16) / size) % 6;
    return step && 55 + 40 * step;
  };
  return [[part(36), part(6), part(1)], 2];
}

function isByte(value: number | undefined): value is number {
  return value !== undefined && value >= 0 && value < 256;
}

function paint(color: Color, end: string, property: string, inverse: boolean): [string, string] {
  if (color === null) {
    return [inverse ? `ansi-default-inverse-${end}` : '', ''];
  }
  if (typeof color === 'number') {
    return [`ansi-${NAMES[color % 8]}${color > 7 ? '-intense' : ''}-${end}`, ''];
  }
  return ['', `${property}: rgb(${color.join(', ')})`];
}

/** A colour of a text that has no ground of its own: style/terminal.css makes it one that can be read on the page's. */
function readable(color: Color): string {
  const parts = typeof color === 'number' ? COLORS[color] : color;
  return `--jp-interview-front: rgb(${parts?.join(', ')})`;
}
