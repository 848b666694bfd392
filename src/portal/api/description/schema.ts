/** The part of a JSON schema that the page of the API shows. */
export interface Schema {
  type?: string | readonly string[];
  format?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: readonly unknown[];
  examples?: readonly unknown[];
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  minimum?: number;
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: Schema | boolean;
}

/** The values that a schema allows, in words: `text (date-time) or null`. */
export function wordsOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(', ');
  const members = membersOf(schema);
  if (members !== undefined) return [...new Set(members.map(wordsOf))].join(' or ');
  const types = [schema.type ?? 'anything'].flat().map((type) => typeWords(type, schema));
  return `${types.join(' or ')}${schema.format === undefined ? '' : ` (${schema.format})`}`;
}

function typeWords(type: string, { items }: Schema): string {
  if (type === 'string') return 'text';
  return type === 'array' ? `list of ${wordsOf(items ?? {})}` : type;
}

/** The properties of an object, or of the objects in a list or choice. */
export function fieldsOf(schema: Schema): [name: string, schema: Schema, required: boolean][] {
  const { properties = {}, required = [], items } = schema;
  const inner = [...(membersOf(schema) ?? []), ...(items === undefined ? [] : [items])];
  const own = Object.entries(properties).map(([name, property]): [string, Schema, boolean] => [
    name,
    property,
    required.includes(name),
  ]);
  return [...own, ...inner.flatMap(fieldsOf)];
}

/** A value that fits, from the examples of the parts. */
export function exampleOf(schema: Schema): unknown {
  const { examples, minimum, properties, items } = schema;
  const given = [...(examples ?? []), schema.const, schema.default, schema.enum?.[0]].find(
    (one) => one !== undefined,
  );
  if (given !== undefined) return given;
  const [member] = membersOf(schema) ?? [];
  if (member !== undefined) return exampleOf(member);
  if (properties !== undefined)
    return Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, exampleOf(one)]));
  if (items !== undefined) return [exampleOf(items)];
  if (minimum !== undefined) return Math.max(0, minimum);
  return EMPTY[[schema.type ?? 'null'].flat()[0] ?? 'null'] ?? null;
}

const EMPTY: Readonly<Record<string, unknown>> = {
  string: '…',
  number: 0,
  integer: 0,
  boolean: true,
  object: {},
};

function membersOf({ anyOf, oneOf }: Schema): readonly Schema[] | undefined {
  return anyOf ?? oneOf;
}
