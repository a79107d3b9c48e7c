// JSON Schema (draft 7) as far as test scripts use it: `to.have.jsonSchema(…)` and tv4.
"use strict";

const isA = (type) => (data) => typeOf(data) === type;

const SCHEMA_TYPES = {
  integer: Number.isInteger,
  ...Object.fromEntries("array boolean null number object string".split(" ").map((type) => [type, isA(type)])),
};

const FORMATS = {
  email: /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)*$/,
  uuid: /^(?:urn:uuid:)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  date: /^\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])$/,
  "date-time": /^\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])[t ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(z|[+-]\d\d:?\d\d)$/i,
  uri: /^[a-z][a-z0-9+.-]*:\S+$/i,
  ipv4: /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.|$)){4}$/,
};

// Each: what the schema says under this word, the data, how to check deeper, the whole schema. True is sound.
const KEYWORDS = {
  type: (types, data) => [types].flat().some((type) => SCHEMA_TYPES[type]?.(data)),
  enum: (values, data) => values.some((value) => same(value, data)),
  const: (value, data) => same(value, data),
  minimum: (limit, data) => typeof data !== "number" || data >= limit,
  maximum: (limit, data) => typeof data !== "number" || data <= limit,
  exclusiveMinimum: (limit, data) => typeof data !== "number" || data > limit,
  exclusiveMaximum: (limit, data) => typeof data !== "number" || data < limit,
  multipleOf: (step, data) => typeof data !== "number" || Number.isInteger(data / step),
  minLength: (limit, data) => typeof data !== "string" || [...data].length >= limit,
  maxLength: (limit, data) => typeof data !== "string" || [...data].length <= limit,
  pattern: (pattern, data) => typeof data !== "string" || new RegExp(pattern, "u").test(data),
  format: (name, data) => typeof data !== "string" || !FORMATS[name] || FORMATS[name].test(data),
  minItems: (limit, data) => !Array.isArray(data) || data.length >= limit,
  maxItems: (limit, data) => !Array.isArray(data) || data.length <= limit,
  uniqueItems: (wanted, data) => !wanted || !Array.isArray(data)
    || data.every((one, place) => !data.slice(place + 1).some((other) => same(one, other))),
  required: (names, data) => typeOf(data) !== "object" || names.every((name) => Object.hasOwn(data, name)),
  minProperties: (limit, data) => typeOf(data) !== "object" || Object.keys(data).length >= limit,
  maxProperties: (limit, data) => typeOf(data) !== "object" || Object.keys(data).length <= limit,
  allOf: (parts, data, sound) => parts.every((part) => sound(part, data)),
  anyOf: (parts, data, sound) => parts.some((part) => sound(part, data)),
  oneOf: (parts, data, sound) => parts.filter((part) => sound(part, data)).length === 1,
  not: (part, data, sound) => !sound(part, data),
  if: (part, data, sound, schema) => sound((sound(part, data) ? schema.then : schema.else) ?? true, data),
  contains: (part, data, sound) => !Array.isArray(data) || data.some((each) => sound(part, each)),
};

/** What data breaks of a schema, one sentence each with the place; empty where it fits. */
function schemaErrors(data, schema, root = schema, place = "body") {
  if (schema === true || schema === undefined) return [];
  if (schema === false) return [`${place}: nothing may stand here`];
  if (schema.$ref !== undefined) {
    if (!schema.$ref.startsWith("#")) throw new Error(`a $ref to another document: ${schema.$ref}`);
    return schemaErrors(data, at(root, schema.$ref.slice(1).replaceAll("/", ".")).value, root, place);
  }
  const sound = (part, each) => schemaErrors(each, part, root).length === 0;
  const wrong = Object.keys(schema)
    .filter((word) => Object.hasOwn(KEYWORDS, word) && !KEYWORDS[word](schema[word], data, sound, schema))
    .map((word) => `${place}: ${shown(data)} is against ${word} ${shown(schema[word])}`);
  return [...wrong, ...partErrors(data, schema, root, place)];
}

function partErrors(data, schema, root, place) {
  if (Array.isArray(data)) {
    const { items, additionalItems } = schema;
    const part = (index) => (Array.isArray(items) ? items[index] ?? additionalItems : items);
    return data.flatMap((each, index) => schemaErrors(each, part(index), root, `${place}[${index}]`));
  }
  if (typeOf(data) !== "object") return [];
  return Object.keys(data).flatMap((key) => {
    const parts = Object.keys(schema.patternProperties ?? {}).filter((pattern) => new RegExp(pattern, "u").test(key))
      .map((pattern) => schema.patternProperties[pattern]);
    if (Object.hasOwn(schema.properties ?? {}, key)) parts.push(schema.properties[key]);
    if (!parts.length) parts.push(schema.additionalProperties);
    return parts.flatMap((part) => schemaErrors(data[key], part, root, `${place}.${key}`));
  });
}

const tv4 = {
  error: null,
  validate(data, schema) {
    const [first] = schemaErrors(data, schema);
    this.error = first === undefined ? null : { message: first };
    return first === undefined;
  },
  validateResult(data, schema) {
    return { valid: this.validate(data, schema), error: this.error, errors: this.error ? [this.error] : [] };
  },
};
