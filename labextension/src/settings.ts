/**
 * How do our pages get their settings without compiling anything?
 *
 * JupyterLab's registry has each schema compiled to JavaScript, which needs a policy that lets text run as script. Ours
 * only fills in the defaults: the settings of our pages are the server's own, so there is nothing to check them for.
 */
import type { ISchemaValidator, ISettingRegistry } from '@jupyterlab/settingregistry';
import { JSONExt, type PartialJSONObject, type PartialJSONValue } from '@lumino/coreutils';
import JSON5 from 'json5';

type Schema = PartialJSONObject;

/** Fills in defaults as Ajv's `useDefaults` does. */
export class DefaultsOnly implements ISchemaValidator {
  validateData(plugin: ISettingRegistry.IPlugin, populate = true): ISchemaValidator.IError[] | null {
    let user: PartialJSONObject;
    try {
      user = JSON5.parse(plugin.raw);
    } catch (reason) {
      const message = reason instanceof Error ? reason.message : String(reason);
      return [{ instancePath: '', keyword: 'syntax', schemaPath: '', message }];
    }
    if (populate) {
      const composite = JSONExt.deepCopy(user);
      fill(composite, plugin.schema, plugin.schema);
      plugin.data = { composite, user };
    }
    return null;
  }
}

/**
 * Put the defaults where a value has none.
 *
 * What is under `anyOf`, `oneOf`, `not` and `if` may not be meant, and gives none.
 *
 * @param root - where references point into
 */
function fill(value: PartialJSONValue | undefined, schema: PartialJSONValue | undefined, root: Schema): void {
  if (!isObject(schema) || typeof value !== 'object' || value === null) {
    return;
  }
  fill(value, referred(schema, root), root);
  if (Array.isArray(schema.allOf)) {
    schema.allOf.forEach(part => fill(value, part, root));
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    value.forEach((each, index) => fill(each, Array.isArray(items) ? items[index] : items, root));
  } else {
    fillObject(value, schema, root);
  }
}

function fillObject(value: PartialJSONObject, schema: Schema, root: Schema): void {
  const properties = isObject(schema.properties) ? schema.properties : {};
  for (const [name, property] of Object.entries(properties)) {
    if (value[name] === undefined && isObject(property) && property.default !== undefined) {
      value[name] = JSONExt.deepCopy(property.default);
    }
    fill(value[name], property, root);
  }
  const patterns = Object.entries(isObject(schema.patternProperties) ? schema.patternProperties : {});
  for (const [name, each] of Object.entries(value)) {
    const fitting = patterns.filter(([pattern]) => new RegExp(pattern, 'u').test(name));
    fitting.forEach(([, pattern]) => fill(each, pattern, root));
    if (!(name in properties) && fitting.length === 0) {
      fill(each, schema.additionalProperties, root);
    }
  }
}

/** What a schema refers to inside of its document. */
function referred(schema: Schema, root: Schema): PartialJSONValue | undefined {
  const { $ref } = schema;
  if (typeof $ref !== 'string' || !$ref.startsWith('#/')) {
    return undefined;
  }
  return $ref
    .slice(2)
    .split('/')
    .reduce<PartialJSONValue | undefined>((place, name) => (isObject(place) ? place[name] : undefined), root);
}

function isObject(value: PartialJSONValue | undefined): value is PartialJSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
