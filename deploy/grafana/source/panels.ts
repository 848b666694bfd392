/** The panels; they get their id and place in dashboard.ts. */
import type * as grafana from './grafana.ts';

export interface Query {
  expr: string;
  legend?: string;
}

export interface Panel {
  width: number;
  height: number;
  json: grafana.Panel;
}

interface Look {
  title: string;
  /** The meaning of the number, as a tooltip. */
  description: string;
  /** Grafana's name of the unit, or `suffix:…`. */
  unit: string;
  width: number;
  height?: number;
  decimals?: number;
  max?: number;
  /** True if values may be below zero. */
  signed?: boolean;
  thresholds?: readonly Step[];
  overrides?: readonly grafana.Override[];
}

/** A color, from this value on. The first step has no value. */
type Step = readonly [color: string, value: number | null];

const HEIGHT = 8;

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** The shortest step. Totals move only with a refresh, usually every five minutes. */
const MIN_STEP = '$interval';

function targets(queries: readonly Query[], kind: 'range' | 'instant' | 'table'): grafana.Target[] {
  return queries.map(({ expr, legend }, index) => ({
    refId: String.fromCharCode(65 + index),
    datasource: DATASOURCE,
    expr,
    legendFormat: legend ?? '__auto',
    interval: MIN_STEP,
    range: kind === 'range',
    instant: kind !== 'range',
    format: kind === 'table' ? 'table' : 'time_series',
  }));
}

/** The fields that all panels with numbers share. */
function framed({ title, description, overrides = [], ...look }: Look, custom?: grafana.GraphStyle) {
  const fieldConfig = { defaults: fieldDefaults(look, custom), overrides };
  return { title, description, datasource: DATASOURCE, fieldConfig };
}

function fieldDefaults(
  { unit, decimals, max, signed = false, thresholds }: Omit<Look, 'title' | 'description'>,
  custom?: grafana.GraphStyle,
): grafana.FieldConfig {
  return {
    unit,
    ...(signed ? {} : { min: 0 }),
    ...(decimals === undefined ? {} : { decimals }),
    ...(max === undefined ? {} : { max }),
    color: { mode: custom === undefined ? 'thresholds' : 'palette-classic' },
    thresholds: absolute(thresholds ?? [['green', null]]),
    ...(custom === undefined ? {} : { custom: { ...custom } }),
  };
}

function absolute(thresholds: readonly Step[]) {
  return { mode: 'absolute' as const, steps: thresholds.map(([color, value]) => ({ color, value })) };
}

const LAST = { calcs: ['lastNotNull'], fields: '', values: false };

/** A panel with one large number. */
export function figure(look: Look, query: Query): Panel {
  const json: grafana.Panel = {
    type: 'stat',
    ...framed(look),
    targets: targets([query], 'instant'),
    options: {
      reduceOptions: LAST,
      colorMode: look.thresholds === undefined ? 'none' : 'value',
      graphMode: 'none',
      textMode: 'auto',
      justifyMode: 'auto',
      orientation: 'auto',
    },
  };
  return { width: look.width, height: look.height ?? 4, json };
}

export function lines(look: Look, queries: readonly Query[], kind: 'lines' | 'stacked' = 'lines'): Panel {
  const style: grafana.GraphStyle = {
    drawStyle: 'line',
    lineWidth: 1,
    fillOpacity: kind === 'stacked' ? 40 : 0,
    showPoints: 'auto',
    spanNulls: false,
    stacking: { mode: kind === 'stacked' ? 'normal' : 'none', group: 'A' },
    ...(look.thresholds === undefined ? {} : { thresholdsStyle: { mode: 'line' } }),
  };
  const json: grafana.Panel = {
    type: 'timeseries',
    ...framed(look, style),
    targets: targets(queries, 'range'),
    options: {
      legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['mean', 'lastNotNull'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
  return { width: look.width, height: look.height ?? HEIGHT, json };
}

/** A bar for each series, the longest first. */
export function bars(look: Look, query: Query): Panel {
  const json: grafana.Panel = {
    type: 'bargauge',
    ...framed(look),
    targets: targets([{ ...query, expr: `sort_desc(${query.expr})` }], 'instant'),
    options: { reduceOptions: LAST, orientation: 'horizontal', displayMode: 'basic', showUnfilled: true },
  };
  return { width: look.width, height: look.height ?? HEIGHT, json };
}

export interface Column {
  /** Name of the field: a label, or `Value #A` of the first query. */
  field: string;
  title: string;
  unit?: string;
  decimals?: number;
  thresholds?: readonly Step[];
  /** The page that a click opens. */
  link?: { title: string; url: string };
}

/** A table with exactly these columns, in this order. Rows with the same labels become one row. */
export function table(
  look: Look,
  queries: readonly Query[],
  columns: readonly Column[],
  sortBy: string,
): Panel {
  const json: grafana.Panel = {
    type: 'table',
    ...framed({ ...look, overrides: columns.flatMap(overrideOf) }),
    targets: targets(queries, 'table'),
    transformations: arrange(columns),
    options: { showHeader: true, cellHeight: 'sm', sortBy: [{ displayName: sortBy, desc: true }] },
  };
  return { width: look.width, height: look.height ?? HEIGHT, json };
}

function arrange(columns: readonly Column[]): grafana.Transformation[] {
  const indexByName = Object.fromEntries(columns.map(({ field }, index) => [field, index]));
  const renameByName = Object.fromEntries(columns.map(({ field, title }) => [field, title]));
  return [
    { id: 'merge', options: {} },
    { id: 'filterFieldsByName', options: { include: { names: Object.keys(indexByName) } } },
    { id: 'organize', options: { indexByName, renameByName } },
  ];
}

function overrideOf({ title, unit, decimals, thresholds, link }: Column): grafana.Override[] {
  const properties = [
    ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...(link === undefined ? [] : [{ id: 'links', value: [link] }]),
    ...(thresholds === undefined
      ? []
      : [
          { id: 'thresholds', value: absolute(thresholds) },
          { id: 'custom.cellOptions', value: { type: 'color-text' } },
        ]),
  ];
  return properties.length === 0 ? [] : [{ matcher: { id: 'byName', options: title }, properties }];
}

export function text(
  title: string,
  description: string,
  content: string,
  width: number,
  height: number,
): Panel {
  return {
    width,
    height,
    json: { type: 'text', title, description, options: { mode: 'markdown', content } },
  };
}
