import type * as grafana from './grafana.ts';
import type { Panel } from './panels.ts';

export interface Row {
  title: string;
  panels: readonly Panel[];
}

interface Frame {
  uid: string;
  title: string;
  description: string;
  /** The variables of this dashboard. Every dashboard also has data source, step and portal. */
  variables: readonly grafana.Variable[];
  annotations: readonly { name: string; expr: string; titleFormat: string }[];
  rows: readonly Row[];
}

const COLUMNS = 24;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
export function dashboard({
  uid,
  title,
  description,
  variables,
  annotations,
  rows,
}: Frame): grafana.Dashboard {
  return {
    uid,
    title,
    description,
    tags: ['stackmeter'],
    schemaVersion: 39,
    editable: true,
    timezone: 'utc',
    time: { from: 'now-24h', to: 'now' },
    refresh: '1m',
    graphTooltip: 1,
    links: [
      {
        type: 'dashboards',
        title: 'stackmeter',
        tooltip: 'The other dashboards of stackmeter',
        icon: 'external link',
        tags: ['stackmeter'],
        asDropdown: false,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
      },
    ],
    templating: { list: [datasourceVariable(), ...variables, stepVariable(), portalVariable()] },
    annotations: { list: annotations.map(annotation) },
    panels: place(rows),
  };
}

/** Places rows below one another. Panels of a row stand side by side as long as there is room. */
function place(rows: readonly Row[]): (grafana.Panel | grafana.Row)[] {
  const placed: (grafana.Panel | grafana.Row)[] = [];
  let y = 0;
  const nextId = () => placed.length + 1;
  for (const { title, panels } of rows) {
    const gridPos = { x: 0, y, w: COLUMNS, h: 1 };
    placed.push({ id: nextId(), gridPos, type: 'row', title, collapsed: false, panels: [] });
    y += 1;
    let [x, lineHeight] = [0, 0];
    for (const { json, width, height } of panels) {
      if (x + width > COLUMNS) [x, y, lineHeight] = [0, y + lineHeight, 0];
      placed.push({ id: nextId(), gridPos: { x, y, w: width, h: height }, ...json });
      x += width;
      lineHeight = Math.max(lineHeight, height);
    }
    y += lineHeight;
  }
  return placed;
}

function annotation({ name, expr, titleFormat }: Frame['annotations'][number]): grafana.Annotation {
  return {
    name,
    datasource: DATASOURCE,
    enable: true,
    iconColor: 'orange',
    expr,
    titleFormat,
    step: '$interval',
  };
}

/** The Prometheus is chosen in Grafana, so one file works in any Grafana. The first choice is Grafana's default. */
function datasourceVariable(): grafana.Variable {
  return { type: 'datasource', name: 'datasource', label: 'Prometheus', query: 'prometheus', hide: 0 };
}

const QUERY_TYPES = { label_values: 1, metrics: 2, query_result: 3 } as const;

interface QueryVariable {
  name: string;
  label: string;
  /** `label_values(…)`, `metrics(…)` or `query_result(…)`. */
  query: string;
  regex?: string;
  /** The expression for "All". Without it, exactly one value is chosen. */
  all?: string;
  current?: string;
}

export function queryVariable({
  name,
  label,
  query,
  regex = '',
  all,
  current,
}: QueryVariable): grafana.Variable {
  const kind = query.slice(0, query.indexOf('(')) as keyof typeof QUERY_TYPES;
  const chosen = all === undefined ? current : '$__all';
  return {
    type: 'query',
    name,
    label,
    datasource: DATASOURCE,
    definition: query,
    query: { qryType: QUERY_TYPES[kind], query, refId: 'PrometheusVariableQueryEditor-VariableQuery' },
    regex,
    refresh: 2,
    sort: 5,
    multi: all !== undefined,
    includeAll: all !== undefined,
    ...(all === undefined ? {} : { allValue: all }),
    ...(chosen === undefined
      ? {}
      : { current: { text: chosen === '$__all' ? 'All' : chosen, value: chosen } }),
  };
}

export function siteVariable(): grafana.Variable {
  const query = 'label_values(project_vcpu_usage, location)';
  return queryVariable({ name: 'location', label: 'Site', query, all: '.*' });
}

/** The shortest step. Windows are at least four times as long, so that each contains several refreshes. */
function stepVariable(): grafana.Variable {
  const steps = ['1m', '5m', '15m', '1h', '1d'];
  return {
    type: 'custom',
    name: 'interval',
    label: 'Step of at least',
    query: steps.join(','),
    options: steps.map((value) => ({ text: value, value, selected: value === '5m' })),
    current: { text: '5m', value: '5m' },
    multi: false,
    includeAll: false,
  };
}

function portalVariable(): grafana.Variable {
  const address = 'http://127.0.0.1:8000';
  return {
    type: 'textbox',
    name: 'portal',
    label: 'Portal',
    query: address,
    current: { text: address, value: address },
    options: [{ text: address, value: address, selected: true }],
  };
}
