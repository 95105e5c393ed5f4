/**
 * Which names can nothing in a notebook have, and what is it called instead?
 *
 * Yjs asks each value for its `constructor`. Data that has such a name itself answers in its place, and Yjs refuses the
 * value in the midst of a change. The server takes none from a member and writes none (jupyter_interview/core/properties.py);
 * what a page gives Yjs, or got from a log of before, goes through here.
 */
const UNFIT: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** The value with names that its objects can have; the same one where there is nothing to change. */
export function withFitNames<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
    return value;
  }
  if (Array.isArray(value)) {
    const items = value.map(withFitNames);
    return items.some((item, index) => item !== value[index]) ? (items as Value) : value;
  }
  const { entries, plain } = entriesOf(value);
  const fit = entries.map(([name, item]) => [fitName(name, entries), withFitNames(item)] as const);
  const same = fit.every(([name, item], index) => name === entries[index][0] && item === entries[index][1]);
  return plain && same ? value : (Object.fromEntries(fit) as Value);
}

/** As many `_` before the name as it takes, where it can not be one. */
function fitName(name: string, entries: readonly (readonly [string, unknown])[]): string {
  if (!UNFIT.has(name)) {
    return name;
  }
  const names = new Set(entries.map(([other]) => other));
  let other = `_${name}`;
  while (names.has(other)) {
    other = `_${other}`;
  }
  return other;
}

/** What an object has, and whether it is an ordinary one: Yjs reads a name `__proto__` as its prototype. */
function entriesOf(value: object): { entries: [string, unknown][]; plain: boolean } {
  const entries = Object.entries(value);
  const prototype = Object.getPrototypeOf(value) as object | null;
  const plain = prototype !== null && Object.getPrototypeOf(prototype) === null;
  return { entries: plain || !prototype ? entries : [...entries, ['__proto__', prototype]], plain };
}
