import { jsonText, jsonValue } from '../jsontext';

const lying = (text: string): unknown => ({ $json: text });

describe('a value of JSON that lies as text', () => {
  it('keeps the order of its names and the digits of its numbers', () => {
    const text =
      '{"zeta": 1, "alpha": [2.5e3, -9007199254740993], "10": "9007199254740993", "n": 9007199254740993}';
    const value = jsonValue(lying(text)) as Record<string, unknown>;
    expect(Object.keys(value).filter(name => name !== '10')).toEqual(['zeta', 'alpha', 'n']);
    expect(`${value.n as number}`).toBe('9007199254740993');
    expect(value.n).toBeInstanceOf(Number);
    expect(value['10']).toBe('9007199254740993');
    expect((value.alpha as unknown[]).map(String)).toEqual(['2500', '-9007199254740993']);
  });

  it('tells what is no number from text', () => {
    expect(jsonValue(lying('[NaN, Infinity, -Infinity, "NaN"]'))).toEqual([NaN, Infinity, -Infinity, 'NaN']);
  });

  it.each([
    ['"a \\" NaN 12345678901234567890"', 'a " NaN 12345678901234567890'],
    ['{"$": NaN, "$$": {"$": 1}}', { $: NaN, $$: { $: 1 } }],
    ['null', null],
    ['0', 0]
  ])('is read as it is: %s', (text, value) => {
    expect(jsonValue(lying(text))).toEqual(value);
  });

  it('is read in the time of its length, whatever stands in it', () => {
    const begin = performance.now();
    const text = '$'.repeat(500_000);
    expect(jsonValue(lying(JSON.stringify([text, ...new Array<number>(50_000).fill(1)])))).toHaveLength(
      50_001
    );
    expect(jsonValue(lying(`["${text}",${'NaN,'.repeat(50_000)}1]`))).toHaveLength(50_002);
    expect(performance.now() - begin).toBeLessThan(5_000);
  });

  it('is a text where it is none, and nothing else is one', () => {
    expect(jsonValue(lying('{'))).toBe('{');
    for (const found of [{ $json: 1 }, { $json: '1', more: 1 }, ['$json'], 'text', null, { alpha: 1 }]) {
      expect(jsonText(found)).toBeNull();
      expect(jsonValue(found)).toBe(found);
    }
  });
});
