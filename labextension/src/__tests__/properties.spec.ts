import { withFitNames } from '../properties';

const parsed = (json: string): unknown => JSON.parse(json);

describe('withFitNames', () => {
  it.each([
    ['{"constructor": 5}', '{"_constructor": 5}'],
    ['{"x": [{"__proto__": {"a": 1}}], "b": 2}', '{"x": [{"___proto__": {"a": 1}}], "b": 2}'],
    ['{"prototype": {"prototype": null}}', '{"_prototype": {"_prototype": null}}'],
    ['{"constructor": 1, "_constructor": 2}', '{"__constructor": 1, "_constructor": 2}']
  ])('of %s makes %s', (value, fit) => {
    expect(JSON.stringify(withFitNames(parsed(value)))).toBe(JSON.stringify(parsed(fit)));
  });

  it('leaves everything else as it is', () => {
    const value = parsed(
      '{"then": 1, "toJSON": {}, "length": 1e9, "0": [], "": null, "hasOwnProperty": "x"}'
    );
    for (const each of [value, [value], { value }, null, 'constructor', 5, new Uint8Array(2)]) {
      expect(withFitNames(each)).toBe(each);
    }
  });

  it('finds what Yjs read as a prototype', () => {
    const value = { x: 1 };
    Object.setPrototypeOf(value, { constructor: 5 });
    expect(withFitNames({ value })).toEqual({ value: { x: 1, ___proto__: { _constructor: 5 } } });
    expect(Object.getPrototypeOf(withFitNames(Object.create(null)))).not.toBeNull();
  });
});
