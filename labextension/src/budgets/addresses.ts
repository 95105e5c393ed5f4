/**
 * What does an address have in itself? Read as browsers read it, and not at all where they may differ.
 */

/** What stands in the address itself. */
export interface Data {
  /** Type and its parameters, in lower case. */
  readonly type: string;
  /** Each a character; null where nobody can say what a browser makes of it. */
  readonly bytes: string | null;
}

const SCHEME = /^[\s\0-\x20]*d[\t\n\r]*a[\t\n\r]*t[\t\n\r]*a[\t\n\r]*:/i;

/** The data of an address; null where it leads elsewhere. */
export function dataOf(address: string): Data | null {
  const [scheme] = SCHEME.exec(address) ?? [];
  if (scheme === undefined) {
    return null;
  }
  // Browsers take these away before they read an address, and what follows a number sign is not part of its data.
  const data = address
    .slice(scheme.length)
    .replace(/[\t\n\r]/g, '')
    .split('#', 1)[0];
  const comma = data.indexOf(',');
  const [head, rest] = comma === -1 ? [data, ''] : [data.slice(0, comma), data.slice(comma + 1)];
  const type = latin(head).toLowerCase();
  const base64 = /; *base64 *$/i.test(head);
  // Where it says so elsewhere, or in other words, browsers differ.
  const unclear = comma === -1 || /base64/.test(type) !== base64;
  return { type, bytes: unclear ? null : bytesOf(rest, base64) };
}

/** The text of a drawing's bytes; null where a browser may read another one. */
export function drawingOf({ type, bytes }: Data): string | null {
  if (bytes === null || !isAscii(/charset *= *["']?([^;"']*)/.exec(type)?.[1])) {
    return null;
  }
  return new TextDecoder().decode(Uint8Array.from(bytes, char => char.charCodeAt(0)));
}

/** Whether a set of characters has markup where UTF-8 has it. */
export function isAscii(name = 'utf-8'): boolean {
  return /^\s*(?:utf-?8|(?:us-)?ascii|latin-?1|iso-8859-\d+|windows-125\d)\s*$/i.test(name);
}

function bytesOf(data: string, base64: boolean): string | null {
  const bytes = latin(data);
  try {
    return base64 ? atob(bytes) : bytes;
  } catch {
    return null;
  }
}

/** Bytes of a text in UTF-8 in which some are escaped. */
function latin(text: string): string {
  const plain = text.replace(/[^\0-\x7f]+/g, part =>
    Array.from(new TextEncoder().encode(part), byte => String.fromCharCode(byte)).join('')
  );
  return plain.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
