import { DefaultSchemaValidator, type ISettingRegistry } from '@jupyterlab/settingregistry';

import { DefaultsOnly } from '../settings';

const plugin = (schema: object, raw = '{}'): ISettingRegistry.IPlugin =>
  ({
    id: 'x:y',
    schema: { type: 'object', ...schema },
    raw,
    version: '1',
    data: { composite: {}, user: {} }
  }) as never;

const item = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    rank: { type: 'number', default: 50 },
    args: { type: 'object', default: {} }
  }
};

describe('settings', () => {
  it.each([
    [{ properties: { a: { type: 'boolean', default: true }, b: { type: 'string' } } }, '{}'],
    [{ properties: { a: { type: 'number', default: 1 } } }, '{"a": 2, "c": 3}'],
    [{ properties: { a: { type: 'object', properties: { b: { default: 4 } }, default: {} } } }, '{}'],
    [{ properties: { a: { type: 'object', properties: { b: { default: 4 } } } } }, '{}'],
    [{ properties: { a: { type: 'object', additionalProperties: item } } }, '{"a": {"k": {"name": "n"}}}'],
    [
      { properties: { a: { type: 'object', properties: { k: {} }, patternProperties: { '^z': item } } } },
      '{"a": {"k": {}, "zk": {}, "o": {}}}'
    ],
    [
      {
        properties: {
          list: {
            type: 'array',
            items: { $ref: '#/definitions/item' },
            default: [{ name: 'a', rank: 1 }, {}]
          }
        },
        definitions: { item }
      },
      '{}'
    ],
    [{ properties: { one: { $ref: '#/definitions/item', default: {} } }, definitions: { item } }, '{}'],
    [{ allOf: [{ properties: { a: { default: 1 } } }], properties: { b: { default: null } } }, '{}'],
    [{ properties: { a: { oneOf: [item, { type: 'null' }], default: { name: 'x' } } } }, '{}']
  ])('have the defaults that Ajv gives them: %j %s', (schema, raw) => {
    const [ours, theirs] = [plugin(schema, raw), plugin(schema, raw)];
    expect(new DefaultSchemaValidator().validateData(theirs)).toBeNull();
    expect(new DefaultsOnly().validateData(ours)).toBeNull();
    expect(ours.data).toEqual(theirs.data);
  });

  it('may have comments, and are refused when they cannot be read', () => {
    const read = plugin({ properties: { a: { default: 1 } } }, '{ // why\n "b": 2, }');
    expect(new DefaultsOnly().validateData(read)).toBeNull();
    expect(read.data).toEqual({ composite: { a: 1, b: 2 }, user: { b: 2 } });
    expect(new DefaultsOnly().validateData(plugin({}, '{'))).toEqual([
      expect.objectContaining({ keyword: 'syntax' })
    ]);
  });

  it('compile nothing', () => {
    const compile = jest.spyOn(globalThis, 'Function');
    new DefaultsOnly().validateData(plugin({ properties: { a: { default: 1 } } }));
    expect(compile).not.toHaveBeenCalled();
  });
});
