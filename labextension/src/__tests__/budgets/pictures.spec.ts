import { MESSAGES, OUTPUTS, TooMuch } from '../../budgets/budgets';
import { pictureExcess, svgExcess } from '../../budgets/pictures';
import { pixelsOf } from '../../budgets/raster';
import { CleanSanitizer } from '../../budgets/sanitizer';
import { still, stillAddress } from '../../budgets/still';
import { addressesOf, ruledSteps } from '../../budgets/styles';

const nested = (open: string, close: string, times: number): string =>
  `${open.repeat(times)}x${close.repeat(times)}`;

const parsed = (content: string): Element =>
  new DOMParser().parseFromString(svg(content), 'image/svg+xml').documentElement;

/** What a picture of a size begins with. */
const big = (value: number, count: number): string =>
  Array.from({ length: count }, (_, at) =>
    String.fromCharCode((value >>> (8 * (count - 1 - at))) & 255)
  ).join('');
const little = (value: number, count: number): string => [...big(value, count)].reverse().join('');
const PICTURES: Record<string, (width: number, height: number) => string> = {
  png: (width, height) => `\x89PNG\r\n\x1a\n${big(13, 4)}IHDR${big(width, 4)}${big(height, 4)}`,
  gif: (width, height) => `GIF89a${little(width, 2)}${little(height, 2)}`,
  bmp: (width, height) => `BM${' '.repeat(16)}${little(width, 4)}${little(-height, 4)}`,
  jpeg: (width, height) =>
    `\xff\xd8\xff\xe1${big(300, 2)}${'\xff\xc0'.repeat(149)}\xff\xff\xc2${big(17, 2)}\x08${big(height, 2)}${big(width, 2)}`,
  'webp, extended': (width, height) =>
    `RIFF    WEBPVP8X${' '.repeat(8)}${little(width - 1, 3)}${little(height - 1, 3)}`,
  'webp, lossless': (width, height) =>
    `RIFF    WEBPVP8L    /${little((width - 1) | ((height - 1) << 14), 4)}`,
  webp: (width, height) => `RIFF    WEBPVP8 ${' '.repeat(10)}${little(width, 2)}${little(height, 2)}`
};
const url = (bytes: string, type = 'image/png'): string => `data:${type};base64,${btoa(bytes)}`;
const svg = (content: string): string => `<svg xmlns="http://www.w3.org/2000/svg">${content}</svg>`;

describe('a picture', () => {
  it.each(Object.entries(PICTURES))('is as large as it says at its beginning: %s', (_, picture) => {
    expect(pixelsOf(picture(1234, 567))).toBe(1234 * 567);
    expect(pictureExcess(url(picture(1234, 567)), OUTPUTS)).toBeNull();
    expect(pictureExcess(url(picture(12_000, 12_000), 'image/gif'), OUTPUTS)).toBe('large');
  });

  it('is not shown where nobody knows its size', () => {
    expect(pixelsOf('    ftypavif')).toBe(Infinity);
    expect(pixelsOf('no picture')).toBe(0);
    expect(pixelsOf(PICTURES.jpeg(1, 1).slice(0, 20))).toBe(0);
  });

  it('is found in each way in which an address has data', () => {
    const { png } = PICTURES;
    expect(pictureExcess(`data:image/png,${escape(png(9_000, 9_000))}`, OUTPUTS)).toBe('large');
    expect(pictureExcess(` DATA:;x=y;BASE64,${escape(btoa(png(9_000, 9_000)))}`, OUTPUTS)).toBe('large');
    expect(pictureExcess('attachment:x', OUTPUTS)).toBeNull();
    expect(pictureExcess(`data:image/svg+xml,${escape(svg('<foreignObject/>'))}`, OUTPUTS)).toBe('intricate');
  });

  const enormous = btoa(PICTURES.png(9_000, 9_000));

  it.each([
    ['what follows its data', `data:image/png;base64,${enormous}#x`, 'large'],
    ['letters that are escaped', `data:image/png;base64,${enormous.replace('i', '%69')}`, 'large'],
    ['space in its scheme', `\x01 da\nta:image/png;base64,${enormous}`, 'large'],
    ['space in its type', `data:image/s\tvg+xml,${escape(svg('<foreignObject/>'))}`, 'intricate'],
    ['a type that is escaped', `data:image/s%76g+xml,${escape(svg('<foreignObject/>'))}`, 'intricate'],
    ['another set of characters', `data:image/svg+xml;charset=utf-16,${escape(svg(''))}`, 'unreadable'],
    [
      'its own word for that',
      `data:image/svg+xml,${escape(`<?xml version="1.0" encoding="gbk"?>${svg('')}`)}`,
      'unreadable'
    ],
    [
      'letters that are none in bytes',
      `data:image/svg+xml,${svg('\u013c!--<foreignObject/>-->')}`,
      'intricate'
    ],
    ['a word in an unusual place', `data:image/png;base64;x,${enormous}`, 'unreadable'],
    ['what cannot be decoded', 'data:image/png;base64,%%%', 'unreadable'],
    ['no data', 'data:image/png', 'unreadable']
  ])('is judged as a browser reads its address, or not shown: %s', (_, address, excess) => {
    expect(pictureExcess(address, OUTPUTS)).toBe(excess);
  });

  it('may have more in it than it says at its beginning', () => {
    const frame = `,${little(0, 4)}${little(9_000, 2)}${little(9_000, 2)}\0\b\x02DA\0;`;
    const about = '!\xf9\x04\0\0\0\0\0';
    expect(pixelsOf(`${PICTURES.gif(1, 1)}\x80\0\0${'\0'.repeat(6)}${about}${frame}`)).toBe(81_000_000);
    expect(pixelsOf('\0\0\x01\0\x01\0')).toBe(Infinity);
    expect(pixelsOf('BA    ')).toBe(Infinity);
  });

  it('counts with all others of its text', () => {
    const sanitizer = new CleanSanitizer(undefined, OUTPUTS);
    const image = `<img src="${url(PICTURES.png(5_000, 4_000))}">`;
    expect(sanitizer.sanitize(image.repeat(2))).toContain('<img');
    expect(() => sanitizer.sanitize(image.repeat(3))).toThrow(TooMuch);
    expect(() => new CleanSanitizer(undefined, MESSAGES).sanitize(image)).toThrow(TooMuch);
    const film = url('    ftypmp42', 'video/mp4');
    expect(sanitizer.sanitize(`<video src="${film}"></video>`)).toContain(film);
    expect(() => sanitizer.sanitize(`<video poster="${film}"></video>`)).toThrow(TooMuch);
  });
});

describe('a budget of drawings', () => {
  it('lets glyphs be used again', () => {
    const uses = '<use href="#g"/>'.repeat(500);
    expect(svgExcess(svg(`<defs><path id="g" d="M0 0"/></defs>${uses}`), OUTPUTS)).toBeNull();
    expect(svgExcess(`<?xml version="1.0"?><!DOCTYPE svg PUBLIC "a" "b">${svg('<g/>')}`, OUTPUTS)).toBeNull();
  });

  it('lets letters have places', () => {
    const letters = `<text x="${'1 '.repeat(5_000)}" y="5">${'a'.repeat(5_000)}</text>`;
    expect(svgExcess(svg(letters), OUTPUTS)).toBeNull();
  });

  it('counts what is drawn, not what is written', () => {
    const levels = Array.from(
      { length: 20 },
      (_, level) => `<g id="g${level + 1}"><use href="#g${level}"/><use href="#g${level}"/></g>`
    );
    expect(svgExcess(svg(`<g id="g0"><path/></g>${levels.join('')}`), OUTPUTS)).toBe('many');
  });

  it.each([
    ['length', svg(' '.repeat(11_000)), 'long'],
    ['elements', svg('<g/>'.repeat(300)), 'many'],
    ['letters with places', svg(`<text x="${'1 '.repeat(300)}">a</text>`), 'many'],
    [
      'letters that turn',
      svg(`<text dx="${'1,'.repeat(150)}" rotate="${'9 '.repeat(150)}">a</text>`),
      'many'
    ],
    ['elements within each other', svg(nested('<g>', '</g>', 200)), 'deep'],
    ['entities', `<!DOCTYPE svg [<!ENTITY a "b">]>${svg('&a;')}`, 'definitions'],
    ['steps of filters', svg(`<filter>${'<feOffset/>'.repeat(30)}</filter>`), 'intricate'],
    ['a page within it', svg('<foreignObject/>'), 'intricate'],
    ['what is none', 'no drawing', 'unreadable']
  ])('is met by %s', (_, source, excess) => {
    expect(svgExcess(source, { ...OUTPUTS, svgElements: 250, svgChars: 10_000 })).toBe(excess);
  });

  const line = (marker: string): string => `<path ${marker} d="M0 0${'L1 1'.repeat(300)}"/>`;
  const dots = `<marker id="m">${'<circle r="1"/>'.repeat(100)}</marker>`;

  it.each([
    ['by an attribute', dots + line('marker-mid="url(#m)"')],
    ['by a style', dots + line('style="fill: url(#x); marker: url(#m)"')],
    ['of the group it stands in', `${dots}<g marker-end="url('#m')">${line('')}</g>`],
    ['of what it uses', `${dots}<defs>${line('id="l"')}</defs><use href="#l" marker-mid="url(#m)"/>`],
    ['by a name that is escaped', dots + line('marker-mid="url(#%6d)"')],
    ['by a rule', `<style>path { marker-mid: url(#m) }</style>${dots}${line('')}`]
  ])('has as many markers as it has corners: %s', (_, content) => {
    expect(svgExcess(svg(content), OUTPUTS)).toBe('many');
  });

  it('may have arrows, gradients by rules, and shapes that are cut off', () => {
    const arrow = '<marker id="m"><path d="M0 0L1 1"/></marker>';
    const rules = '<style>.a { fill: url(#g) } .b { clip-path: url(#c) }</style>';
    const parts = '<linearGradient id="g"><stop/></linearGradient><clipPath id="c"><rect/></clipPath>';
    expect(svgExcess(svg(arrow + line('marker-end="url(#m)"').repeat(5)), OUTPUTS)).toBeNull();
    expect(svgExcess(svg(rules + parts + '<rect class="a b"/>'.repeat(500)), OUTPUTS)).toBeNull();
  });

  it('has pictures within their budget in it, and no other drawing', () => {
    const image = (source: string): string => svg(`<image href="${source}"/>`);
    expect(svgExcess(image(url(PICTURES.png(500, 500))), OUTPUTS)).toBeNull();
    expect(svgExcess(image(url(PICTURES.png(9_000, 9_000))), OUTPUTS)).toBe('large');
    expect(svgExcess(image('data:image/svg+xml,x'), OUTPUTS)).toBe('intricate');
    expect(svgExcess(svg('<style>@import "x"</style>'), OUTPUTS)).toBe('intricate');
  });

  const large = url(PICTURES.png(9_000, 9_000));
  const ruled = (css: string): string => svg(`<style>${css}</style><rect/>`);

  it.each([
    ['by a rule', ruled(`rect { mask-image: url(${large}) }`), 'large'],
    ['by a rule, with space around it', ruled(`rect { cursor: url( "${large}" ) }`), 'large'],
    [
      'by a rule, behind what looks like another',
      ruled(`rect { x: "url("; mask: url('${large}') }`),
      'large'
    ],
    [
      'by a rule, in the type of a font',
      ruled(`rect { mask: url(${large.replace('image/png', 'font/woff')}) }`),
      'large'
    ],
    ['by a rule, in escapes', ruled(`rect { mask-image: url(d\\61 ta:image/png,x) }`), 'intricate'],
    ['by a rule, in escapes of its property', ruled('rect { list-style-image: \\75 rl(x) }'), 'intricate'],
    ['by a rule, in a set', ruled(`rect { mask-image: -webkit-image-set("${large}" 1x) }`), 'intricate'],
    ['by an entity', ruled(`rect { mask-image: url(&#x64;ata:image/svg+xml,x) }`), 'intricate'],
    ['by a style', svg(`<rect style="border-image: url(${large})"/>`), 'large'],
    ['by an attribute', svg(`<rect mask="url(${large})"/>`), 'large'],
    ['by an attribute, in escapes', svg(`<rect mask="\\75rl(x)"/>`), 'intricate'],
    [
      'by a step of a filter',
      svg(`<filter><feImage href="&#10;da&#9;ta:image/svg+xml,x"/></filter>`),
      'intricate'
    ],
    ['by many addresses', ruled('rect { mask: url(x) }'.repeat(200)), 'many']
  ])('has no other pictures in it: %s', (_, source, excess) => {
    expect(svgExcess(source, OUTPUTS)).toBe(excess);
  });

  it('may have a font in it', () => {
    expect(
      svgExcess(ruled(`@font-face { font-family: "a"; src: url(${url('wOF2', 'font/woff2')}) }`), OUTPUTS)
    ).toBeNull();
  });
});

describe('effects of a drawing', () => {
  const many = (attributes: string): string => `<rect ${attributes}/>`.repeat(201);
  const few = '<rect/>'.repeat(3);
  const group = `<g id="g" filter="blur(9px)">${few}</g>`;

  it.each([
    ['by an attribute', many('filter="blur(9px)"')],
    [
      'of filters that they name',
      `<filter id="f">${'<feBlend/>'.repeat(9)}</filter>${'<rect filter="url(#f)"/>'.repeat(21)}`
    ],
    ['by a style', many('style="-webkit-backdrop-filter: blur(9px)"')],
    ['many times for one', `<rect style="filter:${' blur(9px)'.repeat(101)}"/>`],
    ['by a rule', `<style>rect, path { mix-blend-mode: screen }</style>${many('')}`],
    ['by a rule within another', `<style>g { rect { mask: url(#m) } }</style>${many('')}`],
    ['by a rule that has others in it', `<style>g { filter: blur(9px); rect { x: 1 } }</style>${many('')}`],
    ['by a rule that does not end', `<style>rect { filter: blur(9px)</style>${many('')}`],
    [
      'by a rule that seems to be about others',
      `<style>rect { x: "} circle { "; filter: blur(9px) }</style>${many('')}`
    ],
    [
      'by a rule that seems to end',
      `<style>rect { x: (} circle { y: ); filter: blur(9px) }</style>${many('')}`
    ],
    [
      'by a rule in what seems to be a comment',
      `<style>x { fill: url(/*) } rect { filter: blur(9px) } x { fill: url(*/) }</style>${many('')}`
    ],
    ['by a rule that names them in its own way', `<style>svg|rect { filter: blur(9px) }</style>${many('')}`],
    ['by many rules', `<style>${'rect { filter: blur(9px) }'.repeat(60)}</style>${few}`],
    ['by a variable', `<style>rect { filter: var(--a) }</style>${few}`],
    ['by another element', `<g filter="blur(9px)"><g style="filter: inherit"/></g>`],
    ['in escapes', `<style>rect { f\\69lter: blur(9px) }</style>${few}`],
    ['of what is used again', `<defs>${group}</defs>${'<use href="#g"/>'.repeat(101)}`]
  ])('are counted for each element that has them: %s', (_, content) => {
    expect(svgExcess(svg(content), OUTPUTS)).toBe('intricate');
  });

  it.each([
    ['a word', 'a'],
    ['space', ' '],
    ['comments that do not end', '/*'],
    ['texts that do not end', '"\n'],
    ['blocks that do not end', 'a{'],
    ['addresses', 'url( #a'],
    ['an address', '\n']
  ])('are found in one pass: %s', (_, part) => {
    const long = part.repeat(900_000 / part.length);
    const css = `rect { fill: url(${long}; filter: blur(9px); ${long} #a`;
    expect(ruledSteps(parsed(`<style><![CDATA[${css}]]></style>`), 0).size).toBeGreaterThan(0);
    expect(addressesOf(css)?.length ?? 0).toBeLessThan(2);
    expect(pictureExcess(`${part.repeat(900_000)}x`, OUTPUTS)).toBeNull();
  });

  it('may be some', () => {
    const rules =
      '<style>/* a "shadow" */ text { font-family: "a b" } .s { filter: drop-shadow(1px 1px 2px rgb(1, 2, 3)) }</style>';
    expect(svgExcess(svg(rules + '<rect class="s"/>'.repeat(9) + many('')), OUTPUTS)).toBeNull();
    expect(
      svgExcess(
        svg(`<mask id="m" style="mask-type:alpha">${few}</mask>${'<g mask="url(#m)"/>'.repeat(30)}`),
        OUTPUTS
      )
    ).toBeNull();
    expect(svgExcess(svg(many('filter="none"')), OUTPUTS)).toBeNull();
  });
});

describe('a drawing that moves', () => {
  const moving = svg(
    '<style>@keyframes a { to { opacity: 0 } } .animation-a { -webkit-ANIMATION: a 1s; transition: all 1s }</style>' +
      '<rect class="animation-a" style="fill: red; animation: a 1s infinite"><animate attributeName="x" to="9"/></rect>' +
      '<circle r="1"><set attributeName="r" to="2"/><animateTransform attributeName="transform"/></circle>'
  );

  it('is still', () => {
    const shown = still(moving);
    expect(shown).not.toMatch(/animat|transition|<set/i);
    expect(shown).toMatch(/fill: red[^]*<circle/);
    expect(svgExcess(shown, OUTPUTS)).toBeNull();
    expect(new CleanSanitizer().sanitize(`<img src="data:image/svg+xml,${escape(moving)}">`)).not.toMatch(
      /animat/i
    );
    expect(stillAddress(`data:image/svg+xml;base64,${btoa(moving)}`)).toBe(
      `data:image/svg+xml,${encodeURIComponent(shown)}`
    );
  });

  it('is the same where nothing does', () => {
    for (const source of [svg('<rect/>'), 'no drawing, and no animation', url('x')]) {
      expect(still(source)).toBe(source);
      expect(stillAddress(source)).toBe(source);
    }
  });

  it.each([
    ['elements', svg('<rect><animate attributeName="x"/></rect>')],
    ['a rule', svg('<style>rect { animation: a 1s }</style>')],
    ['a rule in pieces', svg('<style>rect { anim<![CDATA[ation: a 1s }]]></style>')],
    ['a rule in escapes', svg('<style>rect { \\61nimation: a 1s }</style>')],
    ['a style in escapes', svg('<rect style="anim\\000061tion: a 1s"/>')]
  ])('is not shown as it is: %s', (_, source) => {
    expect(svgExcess(source, OUTPUTS)).toBe('intricate');
  });
});
