/** A text of nbformat, which may come in pieces; empty for what is no text. */
export function multiline(text: unknown, between = ''): string {
  return Array.isArray(text) ? text.join(between) : typeof text === 'string' ? text : '';
}
