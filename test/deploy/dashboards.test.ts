import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { DASHBOARDS } from '../../deploy/grafana/source/all.ts';

const folder = new URL('../../deploy/grafana/dashboards/', import.meta.url);
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, folder), 'utf8'));

const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });
const described = { id: z.int().positive(), title: z.string().min(1), gridPos: gridPos() };
const target = z.strictObject({
  refId: z.string().regex(/^[A-Z]$/),
  datasource,
  expr: z.string().min(1),
  legendFormat: z.string().min(1),
  interval: z.literal('$interval'),
  range: z.boolean(),
  instant: z.boolean(),
  format: z.enum(['time_series', 'table']),
});
const step = z.strictObject({ color: z.string(), value: z.number().nullable() });
const thresholds = z
  .strictObject({ mode: z.literal('absolute'), steps: z.array(step).min(1) })
  .refine(({ steps }) => isAscending(steps.map(({ value }) => value ?? Number.NEGATIVE_INFINITY)), {
    error: 'are not in order, or do not start with null',
  });
const defaults = z.looseObject({ unit: z.string().min(1), thresholds });
const row = z.strictObject({
  ...described,
  type: z.literal('row'),
  collapsed: z.literal(false),
  panels: z.tuple([]),
});
const textPanel = z.strictObject({
  ...described,
  type: z.literal('text'),
  description: z.string().min(20),
  options: z.strictObject({ mode: z.literal('markdown'), content: z.string().min(1) }),
});
const panel = z.looseObject({
  ...described,
  type: z.enum(['stat', 'timeseries', 'bargauge', 'table']),
  description: z.string().min(20),
  datasource,
  fieldConfig: z.looseObject({ defaults }),
  targets: z.array(target).min(1),
});
/** The part of Grafana's classic JSON model that the dashboards use. */
const model = z.looseObject({
  uid: z.string().regex(/^stackmeter-[a-z]+$/),
  title: z.string().min(1),
  description: z.string().min(1),
  schemaVersion: z.literal(39),
  timezone: z.literal('utc'),
  refresh: z.string().regex(/^\d+[sm]$/),
  templating: z.object({
    list: z.array(z.looseObject({ name: z.string(), type: z.string(), label: z.string() })),
  }),
  annotations: z.object({ list: z.array(z.looseObject({ datasource, expr: z.string() })) }),
  panels: z.array(z.union([row, textPanel, panel])),
});
type Model = z.output<typeof model>;

function gridPos() {
  return z.strictObject({
    x: z.int().min(0),
    y: z.int().min(0),
    w: z.int().min(1).max(24),
    h: z.int().min(1),
  });
}

/** Whether the values rise from minus infinity, without repetition. */
function isAscending(values: readonly number[]): boolean {
  const sorted = [...new Set(values)].toSorted((one, other) => one - other);
  return values[0] === Number.NEGATIVE_INFINITY && values.join(' ') === sorted.join(' ');
}

/** The titles of panels that overlap others or cross the right edge. */
function misplaced({ panels }: Model): string[] {
  const used = new Map<string, string>();
  return panels.flatMap(({ title, gridPos: { x, y, w, h } }) => {
    const cells = Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`);
    const isWrong = x + w > 24 || cells.some((cell) => used.has(cell));
    for (const cell of cells) used.set(cell, title);
    return isWrong ? [title] : [];
  });
}

/**
 * Variables that Grafana itself sets:
 * https://grafana.com/docs/grafana/latest/dashboards/variables/add-template-variables/#global-variables
 */
const OWN = /^__(rate_interval|interval|interval_ms|range|range_s|value|data|url_time_range)$/;

function undeclared(dashboard: Model): string[] {
  const declared = new Set(dashboard.templating.list.map(({ name }) => name));
  const text = JSON.stringify({ ...dashboard, title: '' });
  const named = [...text.matchAll(/\$\{(\w+)[^}]*\}|\$([A-Za-z_]\w*)/g)].map(
    ([, braced, plain]) => braced ?? plain ?? '',
  );
  return named.filter((name) => !declared.has(name) && !OWN.test(name) && name !== '__all');
}

const paths = Object.keys(DASHBOARDS);

describe.each(paths)('the dashboard %s', (path) => {
  it('is up to date with its source (npm run dashboards writes it)', () => {
    expect(read(path)).toEqual(DASHBOARDS[path]);
  });

  it('can be imported without edits: with fields, units, thresholds, descriptions and a variable data source', () => {
    expect(z.safeParse(model, read(path)).error?.issues ?? []).toEqual([]);
    expect(JSON.stringify(read(path))).not.toContain('__inputs');
  });

  it('names only declared variables, and has unique ids and no overlapping panels', () => {
    const dashboard = model.parse(read(path));
    const ids = dashboard.panels.map(({ id }) => id);
    expect([undeclared(dashboard), misplaced(dashboard), ids.length - new Set(ids).size]).toEqual([
      [],
      [],
      0,
    ]);
  });

  it('links only to uids of existing dashboards', () => {
    const uids = new Set(paths.map((other) => model.parse(read(other)).uid));
    const linked = [...JSON.stringify(read(path)).matchAll(/\/d\/([\w-]+)/g)].map(([, uid]) => uid);
    expect(linked.filter((uid) => !uids.has(uid ?? ''))).toEqual([]);
  });
});

it('every dashboard has a source', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.json'),
  );
  expect(files.toSorted()).toEqual(paths.toSorted());
});

interface Stack {
  services: Record<string, { environment: Record<string, string> }>;
}

it.each([
  ['portal', 'portal_grafana'],
  ['site', 'grafana'],
])('the home dashboard of the %s stack is one of those that it shows', (place, service) => {
  const root = new URL('../../', import.meta.url);
  const text = readFileSync(new URL(`docker-compose.${place}.yml`, root), 'utf8');
  const { environment } = (parse(text, { merge: true }) as Stack).services[service] ?? { environment: {} };
  const shown = environment['DASHBOARDS'] ?? 'nowhere';
  const home = environment['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
  expect(home.startsWith(`${shown}/`)).toBe(true);
  expect(existsSync(new URL(home.replace('/etc/stackmeter/', './deploy/'), root))).toBe(true);
});
