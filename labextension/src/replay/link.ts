/**
 * How is a moment written into an address? `#t=` with seconds or `h:mm:ss`, or `#seq=` with the number of an event.
 */

/** What a fragment asks for. */
export type Target = { ms: number } | { seq: number };

/** The moment that a fragment names; `null` where it names none. */
export function parseFragment(fragment: string): Target | null {
  const values = new URLSearchParams(fragment.replace(/^#/, ''));
  const seq = values.get('seq');
  if (seq !== null && /^\d{1,15}$/.test(seq)) {
    return { seq: Number(seq) };
  }
  const time = values.get('t');
  const ms = time === null ? null : parseTime(time);
  return ms === null ? null : { ms };
}

/** Milliseconds of `90`, `90.5`, `1:30` or `0:01:30.250`; `null` for anything else. */
export function parseTime(text: string): number | null {
  const parts = /^(?:(?:(\d{1,4}):)?(\d{1,4}):)?(\d{1,7}(?:\.\d{1,6})?)$/.exec(text.trim());
  if (!parts) {
    return null;
  }
  const [hours, minutes, seconds] = parts.slice(1).map(part => Number(part ?? 0));
  return Math.round(((hours * 60 + minutes) * 60 + seconds) * 1000);
}

/** The fragment of a moment: seconds, with as many decimals as it needs. */
export function fragmentOf(ms: number): string {
  return `#t=${Math.max(0, Math.floor(ms)) / 1000}`;
}

/** The address of a moment of the replay at `href`. */
export function linkTo(href: string, ms: number): string {
  return href.replace(/#.*$/s, '') + fragmentOf(ms);
}
