/**
 * How large is a picture once a browser has unpacked it? A few kilobytes may become gigabytes of points.
 *
 * A browser goes by what a picture begins with and not by the name of its type; so does this.
 */

/** Bytes that a picture begins with, as characters. */
const PNG = '\x89PNG';
const JPEG = '\xff\xd8';
const GIF = 'GIF8';
const BMP = 'BM';
const WEBP = /^RIFF[^]{4}WEBP/;

/** Of AVIF and its like, and of collections of bitmaps, whose size is somewhere within. */
const BOXED = /^(?:[^]{4}ftyp|BA|IC|PT|CI|CP)/;

/** What icons and pointers begin with. */
const ICONS = ['\0\0\x01\0', '\0\0\x02\0'];

/**
 * Points of a picture; 0 where no browser shows any, infinitely many where nobody knows.
 *
 * @param bytes - each a character.
 */
export function pixelsOf(bytes: string): number {
  if (bytes.startsWith(PNG)) {
    return big(bytes, 16, 4) * big(bytes, 20, 4);
  }
  if (bytes.startsWith(GIF)) {
    return gif(bytes);
  }
  if (bytes.startsWith(BMP)) {
    return little(bytes, 18, 4) * Math.abs(little(bytes, 22, 4) | 0);
  }
  if (bytes.startsWith(JPEG)) {
    return jpeg(bytes);
  }
  if (WEBP.test(bytes)) {
    return webp(bytes);
  }
  return BOXED.test(bytes) || ICONS.some(each => bytes.startsWith(each)) ? Infinity : 0;
}

/** Its first image may be larger than it says itself, and then a browser makes room. */
function gif(bytes: string): number {
  const table = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let [width, height] = [little(bytes, 6, 2), little(bytes, 8, 2)];
  for (let at = 13 + table(bytes.charCodeAt(10)); at < bytes.length;) {
    const kind = bytes[at];
    if (kind === ',') {
      width = Math.max(width, little(bytes, at + 1, 2) + little(bytes, at + 5, 2));
      height = Math.max(height, little(bytes, at + 3, 2) + little(bytes, at + 7, 2));
      at += 11 + table(bytes.charCodeAt(at + 9));
    } else if (kind === '!') {
      at += 2;
    } else {
      break;
    }
    while (at < bytes.length && bytes.charCodeAt(at) > 0) {
      at += 1 + bytes.charCodeAt(at);
    }
    at += 1;
  }
  return width * height;
}

/** The segment that has the size may come after others. */
function jpeg(bytes: string): number {
  for (let at = 2; at < bytes.length;) {
    const marker = bytes.charCodeAt(at + 1);
    if (bytes.charCodeAt(at) !== 0xff || marker === 0xff) {
      at += 1;
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return big(bytes, at + 5, 2) * big(bytes, at + 7, 2);
    } else {
      at += 2 + Math.max(2, big(bytes, at + 2, 2));
    }
  }
  return 0;
}

function webp(bytes: string): number {
  const kind = bytes.slice(12, 16);
  if (kind === 'VP8X') {
    return (little(bytes, 24, 3) + 1) * (little(bytes, 27, 3) + 1);
  }
  if (kind === 'VP8L') {
    const packed = little(bytes, 21, 4);
    return ((packed & 0x3fff) + 1) * (((packed >>> 14) & 0x3fff) + 1);
  }
  return (little(bytes, 26, 2) & 0x3fff) * (little(bytes, 28, 2) & 0x3fff);
}

function big(bytes: string, at: number, count: number): number {
  return [...bytes.slice(at, at + count)].reduce((sum, char) => sum * 256 + char.charCodeAt(0), 0);
}

function little(bytes: string, at: number, count: number): number {
  return [...bytes.slice(at, at + count)].reduceRight((sum, char) => sum * 256 + char.charCodeAt(0), 0);
}
