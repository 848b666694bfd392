/** Panels of the classic JSON model, as Grafana 10 and later take it; they get their id and place in dashboard.ts. */

export interface Query {
  expr: string;
  legend?: string;
}

export interface Panel {
  width: number;
  height: number;
  json: Record<string, unknown>;
}

interface Look {
  title: string;
  /** What the number means, for whoever points at it. */
  description: string;
  /** Grafana's name of the unit, or `suffix:…`. */
  unit: string;
  width: number;
  height?: number;
  decimals?: number;
  max?: number;
  /** Whether values may be below zero. */
  signed?: boolean;
  thresholds?: readonly Step[];
  overrides?: readonly unknown[];
}

/** From this value on; the first has none. */
type Step = readonly [color: string, value: number | null];

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** No step is shorter: totals move with a refresh, every five minutes as a rule. */
const MIN_STEP = '$interval';

function targets(queries: readonly Query[], kind: 'range' | 'instant' | 'table'): object[] {
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

function panel(
  type: string,
  { title, description, width, height = 8, overrides = [], ...look }: Look,
  more: Record<string, unknown>,
  custom?: Record<string, unknown>,
): Panel {
  const { unit, decimals, max, signed = false, thresholds = [['green', null]] } = look;
  const steps = thresholds.map(([color, value]) => ({ color, value }));
  const defaults = {
    unit,
    ...(signed ? {} : { min: 0 }),
    ...(decimals === undefined ? {} : { decimals }),
    ...(max === undefined ? {} : { max }),
    color: { mode: type === 'timeseries' ? 'palette-classic' : 'thresholds' },
    thresholds: { mode: 'absolute', steps },
    ...(custom === undefined ? {} : { custom }),
  };
  const json = {
    type,
    title,
    description,
    datasource: DATASOURCE,
    fieldConfig: { defaults, overrides },
    ...more,
  };
  return { width, height, json };
}

const LAST = { calcs: ['lastNotNull'], fields: '', values: false };

/** One number, as large as there is room for. */
export function figure(look: Look, query: Query): Panel {
  return panel(
    'stat',
    { height: 4, ...look },
    {
      targets: targets([query], 'instant'),
      options: {
        reduceOptions: LAST,
        colorMode: look.thresholds === undefined ? 'none' : 'value',
        graphMode: 'none',
        textMode: 'auto',
        justifyMode: 'auto',
        orientation: 'auto',
      },
    },
  );
}

export function lines(look: Look, queries: readonly Query[], kind: 'lines' | 'stacked' = 'lines'): Panel {
  const custom = {
    drawStyle: 'line',
    lineWidth: 1,
    fillOpacity: kind === 'stacked' ? 40 : 0,
    showPoints: 'auto',
    spanNulls: false,
    stacking: { mode: kind === 'stacked' ? 'normal' : 'none', group: 'A' },
    ...(look.thresholds === undefined ? {} : { thresholdsStyle: { mode: 'line' } }),
  };
  const options = {
    legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['mean', 'lastNotNull'] },
    tooltip: { mode: 'multi', sort: 'desc' },
  };
  return panel('timeseries', look, { targets: targets(queries, 'range'), options }, custom);
}

/** A bar for each series, the longest first. */
export function bars(look: Look, query: Query): Panel {
  return panel('bargauge', look, {
    targets: targets([{ ...query, expr: `sort_desc(${query.expr})` }], 'instant'),
    options: { reduceOptions: LAST, orientation: 'horizontal', displayMode: 'basic', showUnfilled: true },
  });
}

export interface Column {
  /** Name of the field: a label, or `Value #A` of the first query. */
  field: string;
  title: string;
  unit?: string;
  decimals?: number;
  thresholds?: readonly Step[];
  /** Where a click leads to. */
  link?: { title: string; url: string };
}

/** Rows that agree in their labels are one; columns in this order, and no others. */
export function table(
  look: Look,
  queries: readonly Query[],
  columns: readonly Column[],
  sortBy: string,
): Panel {
  return panel(
    'table',
    { ...look, overrides: columns.flatMap(overrideOf) },
    {
      targets: targets(queries, 'table'),
      transformations: [
        { id: 'merge', options: {} },
        { id: 'filterFieldsByName', options: { include: { names: columns.map(({ field }) => field) } } },
        {
          id: 'organize',
          options: {
            indexByName: Object.fromEntries(columns.map(({ field }, index) => [field, index])),
            renameByName: Object.fromEntries(columns.map(({ field, title }) => [field, title])),
          },
        },
      ],
      options: { showHeader: true, cellHeight: 'sm', sortBy: [{ displayName: sortBy, desc: true }] },
    },
  );
}

function overrideOf({ title, unit, decimals, thresholds, link }: Column): object[] {
  const properties = [
    ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...(link === undefined ? [] : [{ id: 'links', value: [link] }]),
    ...(thresholds === undefined
      ? []
      : [
          {
            id: 'thresholds',
            value: { mode: 'absolute', steps: thresholds.map(([color, value]) => ({ color, value })) },
          },
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
  const json = { type: 'text', title, description, options: { mode: 'markdown', content } };
  return { width, height, json };
}
