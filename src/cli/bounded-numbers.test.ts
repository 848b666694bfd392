import { expect, it } from 'vitest';
import { z } from 'zod';
import { EXPORTER_SECTIONS, EXPORTER_SETTINGS } from '../exporter/settings/settings.ts';
import { gateSections, gateSettings } from '../gate/settings/settings.ts';
import { portalSections, portalSettings } from '../portal/settings/settings.ts';
import { readSettings, type SettingsTable } from '../runtime/settings/settings.ts';
import { demoSettings } from '../simulation/federation/settings.ts';
import { profileSchema } from '../simulation/profile/profile.ts';
import { simulationSettings } from '../simulation/settings.ts';

const SETTINGS: Record<string, SettingsTable> = {
  exporter: EXPORTER_SETTINGS,
  gate: gateSettings,
  portal: portalSettings,
  simulate: simulationSettings,
  demo: demoSettings,
};
const SCHEMAS: Record<string, z.ZodType> = {
  ...Object.fromEntries(
    Object.entries(SETTINGS).flatMap(([role, table]) =>
      Object.entries(table).map(([key, { schema }]) => [`${role} ${key}`, schema]),
    ),
  ),
  'exporter sections': z.object(EXPORTER_SECTIONS),
  'gate sections': z.object(gateSections),
  'portal sections': z.object(portalSections),
  profile: profileSchema,
};

/** The paths of numbers in a schema that have no lower or no upper bound. */
function unbounded(schema: unknown, path: string): string[] {
  if (isTextOrNumber(schema)) return [];
  if (Array.isArray(schema)) return schema.flatMap((item) => unbounded(item, path));
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, minimum, exclusiveMinimum, maximum, exclusiveMaximum, ...parts } = schema as Record<
    string,
    unknown
  >;
  const isNumber = type === 'number' || type === 'integer';
  const bounds = [minimum ?? exclusiveMinimum, maximum ?? exclusiveMaximum];
  const bounded = bounds.every((bound) => Math.abs(Number(bound)) < Number.MAX_SAFE_INTEGER);
  return [
    ...(isNumber && !bounded ? [path] : []),
    ...Object.entries(parts).flatMap(([key, part]) => unbounded(part, `${path}.${key}`)),
  ];
}

/** True for a value that may be a text or a number. */
function isTextOrNumber(schema: unknown): boolean {
  return (
    Array.isArray(schema) && schema.some((item: unknown) => (item as { type?: unknown }).type === 'string')
  );
}

/**
 * The JSON schema of the input. A pipe has the schemas of its stages beside it, because only the last may name the
 * keys.
 */
function shapeOf(schema: z.core.$ZodType): object {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      if (def.type === 'pipe') Object.assign(jsonSchema, { stages: [def.in, def.out].map(shapeOf) });
    },
  });
}

it('every number of every setting has a lower and an upper bound', () => {
  const found = Object.entries(SCHEMAS).flatMap(([name, schema]) => unbounded(shapeOf(schema), name));
  expect(found).toEqual([]);
});

it.each([
  ['exporter sections', 'gpu_aliases'],
  ['gate sections', 'requests_per_minute'],
  ['portal sections', 'max_projects'],
])('the check above sees the keys of the %s', (name, key) => {
  expect(JSON.stringify(shapeOf(SCHEMAS[name] as z.ZodType))).toContain(`"${key}":{`);
});

it.each(
  Object.entries(SETTINGS).flatMap(([role, table]) =>
    Object.entries(table).flatMap(([key, { type }]) => (type === 'number' ? [`${role} ${key}`] : [])),
  ),
)('the check above sees %s', (name) => {
  const seen = shapeOf(SCHEMAS[name] as z.ZodType);
  expect(seen).toMatchObject({
    type: expect.stringMatching(/^(number|integer)$/),
    maximum: expect.any(Number),
  });
});

it.each([
  ['interval', 'the interval is at most 86400 seconds'],
  ['settlingDelay', 'the settling delay is at most 86400 seconds'],
  ['requestTimeout', 'the timeout is at most 3600 seconds'],
  ['longestWindow', 'the longest window is at most 31622400 seconds'],
])('a number above its bound is refused: %s', (key, message) => {
  const sources = { flags: { [key]: '3600000000' }, env: {} };
  expect(() => readSettings(EXPORTER_SETTINGS, sources)).toThrow(message);
});
