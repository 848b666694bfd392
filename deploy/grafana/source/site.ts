import { aboutTheNumbers } from './about.ts';
import { dashboard, queryVariable, siteVariable, type Row } from './dashboard.ts';
import { bars, figure, lines, table } from './panels.ts';
import { age, BEGAN_ANEW, HERE, inUse, usage } from './queries.ts';
import { RESOURCES } from './resources.ts';

const EXPORTER = 'stackmeter_exporter_';
const GATE = 'stackmeter_gate_';
const RESOURCE = 'project_${resource}_usage';
const AGE = [
  ['green', null],
  ['orange', 900],
  ['red', 1800],
] as const;
const BAD = [
  ['green', null],
  ['red', 1],
] as const;

const fact = (name: string) => `${EXPORTER}${name}{${HERE}}`;
const rateOf = (name: string, by: string) => `sum by (${by}) (rate(${fact(name)}[$__rate_interval]))`;
const AT_THE_SITE = 'Of the gate itself, which only the Prometheus of the site scrapes: empty at a portal.';

const exporter: Row = {
  title: 'Exporter',
  panels: [
    figure(
      {
        title: 'Since the last refresh',
        description:
          'How long ago the last complete refresh of an exporter ended, of the one that is longest ago. The alert is at half an hour.',
        unit: 's',
        decimals: 0,
        width: 4,
        thresholds: AGE,
      },
      {
        expr: `max(${age(`${EXPORTER}last_refresh_success_timestamp_seconds`, 'location, instance', HERE)})`,
      },
    ),
    figure(
      {
        title: 'Usage is old',
        description:
          'How long ago the instant is up to which usage is in the totals: the refresh, and the settling delay behind it.',
        unit: 's',
        decimals: 0,
        width: 4,
        thresholds: AGE,
      },
      { expr: `max(${age(`${EXPORTER}folded_until_timestamp_seconds`, 'location, instance', HERE)})` },
    ),
    figure(
      {
        title: 'Refreshes that failed',
        description:
          'In the time that is shown. A failed refresh loses nothing: the next one asks for the longer time.',
        unit: 'none',
        decimals: 0,
        width: 4,
        thresholds: BAD,
      },
      { expr: `sum(increase(${EXPORTER}refreshes_total{${HERE},result="failure"}[$__range]))` },
    ),
    figure(
      { title: 'Projects', description: 'Projects that are exported.', unit: 'none', width: 4 },
      { expr: `sum(${fact('projects')})` },
    ),
    figure(
      {
        title: 'Servers',
        description: 'Servers that were alive at the time of the totals.',
        unit: 'none',
        width: 4,
      },
      { expr: `sum(${fact('servers')})` },
    ),
    figure(
      {
        title: 'Resources that can not be read',
        description: 'At the last refresh. Each fails alone; the others are counted on.',
        unit: 'none',
        width: 4,
        thresholds: BAD,
      },
      { expr: `count(${fact('resource_up')} == 0) or vector(0)` },
    ),
    lines(
      {
        title: 'Age of the totals',
        description:
          'A saw-tooth: it falls with each refresh, and rises until the next. One that only rises is an exporter that does not refresh.',
        unit: 's',
        width: 8,
        thresholds: [
          ['green', null],
          ['red', 1800],
        ],
      },
      [
        {
          expr: age(`${EXPORTER}last_refresh_success_timestamp_seconds`, 'location, instance', HERE),
          legend: '{{location}} {{instance}}',
        },
      ],
    ),
    lines(
      {
        title: 'Duration of a refresh',
        description:
          'How long the last complete refresh took. It grows with the servers that lived since the one before, not with history.',
        unit: 's',
        width: 8,
      },
      [{ expr: fact('last_refresh_duration_seconds'), legend: '{{location}} {{instance}}' }],
    ),
    lines(
      {
        title: 'How far the clock of Nova is ahead',
        description:
          'Of the clock of the exporter, as far as the dates of Nova tell; behind it, it is negative.',
        unit: 's',
        signed: true,
        width: 8,
      },
      [{ expr: fact('nova_clock_ahead_seconds'), legend: '{{location}} {{instance}}' }],
    ),
    lines(
      {
        title: 'Requests to OpenStack',
        description: 'Requests a second by service, each attempt by itself.',
        unit: 'reqps',
        width: 8,
      },
      [{ expr: rateOf('request_duration_seconds_count', 'service'), legend: '{{service}}' }],
    ),
    lines(
      {
        title: 'Requests that fail',
        description:
          'Which part of the requests to a service failed or was refused. The alert is at a fifth.',
        unit: 'percentunit',
        max: 1,
        width: 8,
        thresholds: [
          ['green', null],
          ['red', 0.2],
        ],
      },
      [
        {
          expr: `${rateOf('request_errors_total', 'service')} / (${rateOf('request_duration_seconds_count', 'service')} > 0)`,
          legend: '{{service}}',
        },
      ],
    ),
    lines({ title: 'Duration of a request', description: 'The mean, by service.', unit: 's', width: 8 }, [
      {
        expr: `${rateOf('request_duration_seconds_sum', 'service')} / (${rateOf('request_duration_seconds_count', 'service')} > 0)`,
        legend: '{{service}}',
      },
    ]),
  ],
};

const use: Row = {
  title: 'Use: $resource',
  panels: [
    lines(
      {
        title: '$resource in use',
        description:
          'The amount, in the unit of the resource (mb is MiB, gb is GiB): what was added to the totals, by the time that it was added for.',
        unit: 'short',
        width: 12,
      },
      [{ expr: inUse(RESOURCE, 'location'), legend: '{{location}} $resource' }],
      'stacked',
    ),
    lines(
      {
        title: '$resource in use by the largest projects',
        description: 'The ten largest at each instant, so that more than ten may show.',
        unit: 'short',
        width: 12,
      },
      [{ expr: `topk(10, ${inUse(RESOURCE, 'project_name')})`, legend: '{{project_name}}' }],
    ),
    bars(
      {
        title: '$resource-hours',
        description: 'Usage of all projects in the time that is shown, amount × hours.',
        unit: 'short',
        decimals: 1,
        width: 8,
        height: 10,
      },
      { expr: usage(RESOURCE, 'location'), legend: '{{location}} $resource' },
    ),
    table(
      {
        title: 'Projects with the most $resource-hours',
        description: 'The twenty first by usage in the time that is shown, amount × hours.',
        unit: 'none',
        width: 16,
        height: 10,
      },
      [{ expr: `topk(20, ${usage(RESOURCE, 'domain_name, project_id, project_name')})` }],
      [
        {
          field: 'project_name',
          title: 'Project',
          link: {
            title: 'This project',
            url: '/d/stackmeter-project?var-project=${__data.fields.project_id}&${datasource:queryparam}&${__url_time_range}',
          },
        },
        { field: 'domain_name', title: 'Domain' },
        { field: 'project_id', title: 'Id' },
        { field: 'Value', title: 'Usage', unit: 'none', decimals: 1 },
      ],
      'Usage',
    ),
    lines(
      {
        title: 'vCPUs in use by domain',
        description: 'What the domains of the cloud use.',
        unit: RESOURCES.vcpu.unit,
        width: 24,
      },
      [{ expr: inUse(RESOURCES.vcpu.metric, 'domain_name'), legend: '{{domain_name}}' }],
      'stacked',
    ),
  ],
};

const gate: Row = {
  title: 'Gate',
  panels: [
    lines(
      {
        title: 'Decisions',
        description: `Requests a second by token, result and reason. ${AT_THE_SITE}`,
        unit: 'reqps',
        width: 12,
      },
      [
        {
          expr: `sum by (token, result, reason) (rate(${GATE}decisions_total[$__rate_interval]))`,
          legend: '{{token}} {{result}} {{reason}}',
        },
      ],
    ),
    lines(
      {
        title: 'Answers',
        description: `Bytes a second as they were on the wire, by token. ${AT_THE_SITE}`,
        unit: 'binBps',
        width: 8,
      },
      [{ expr: `sum by (token) (rate(${GATE}answer_bytes_total[$__rate_interval]))`, legend: '{{token}}' }],
    ),
    figure(
      {
        title: 'The certificate expires in',
        description: `Of the first gate that it expires at. ${AT_THE_SITE}`,
        unit: 's',
        width: 4,
        height: 8,
        thresholds: [
          ['red', null],
          ['orange', 14 * 86_400],
          ['green', 30 * 86_400],
        ],
      },
      { expr: `min(${GATE}certificate_expiry_timestamp_seconds > 0) - time()` },
    ),
    aboutTheNumbers(6),
  ],
};

export const site = dashboard({
  uid: 'stackmeter-site',
  title: 'stackmeter: site',
  description: 'A site from inside or from the portal: its exporter, its gate, and what its projects use.',
  variables: [
    siteVariable(),
    queryVariable({
      name: 'resource',
      label: 'Resource',
      query: 'metrics(project_.*_usage)',
      regex: '/^project_(.*)_usage$/',
      current: 'vcpu',
    }),
  ],
  annotations: [
    { name: 'Totals began anew', expr: BEGAN_ANEW, titleFormat: 'Totals began anew: {{instance}}' },
  ],
  rows: [exporter, use, gate],
});
