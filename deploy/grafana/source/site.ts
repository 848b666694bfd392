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
const AT_THE_SITE = "Only the site's own Prometheus scrapes the gate: at a portal this is empty.";

const exporter: Row = {
  title: 'Exporter',
  panels: [
    figure(
      {
        title: 'Since the last refresh',
        description:
          'Time since the last complete refresh, of the exporter with the oldest one. The alert is at half an hour.',
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
        title: 'Age of usage',
        description: 'Time since the instant up to which the totals count. It includes the settling delay.',
        unit: 's',
        decimals: 0,
        width: 4,
        thresholds: AGE,
      },
      { expr: `max(${age(`${EXPORTER}folded_until_timestamp_seconds`, 'location, instance', HERE)})` },
    ),
    figure(
      {
        title: 'Failed refreshes',
        description:
          'In the shown time. A failed refresh loses nothing: the next one asks for the longer time.',
        unit: 'none',
        decimals: 0,
        width: 4,
        thresholds: BAD,
      },
      { expr: `sum(increase(${EXPORTER}refreshes_total{${HERE},result="failure"}[$__range]))` },
    ),
    figure(
      { title: 'Projects', description: 'The number of exported projects.', unit: 'none', width: 4 },
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
        title: 'Unreadable resources',
        description: 'At the last refresh. A resource that fails does not stop the others.',
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
          'It falls with each refresh and rises until the next one. If it only rises, the exporter does not refresh.',
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
          'The last complete refresh. It grows with the servers since the one before, not with history.',
        unit: 's',
        width: 8,
      },
      [{ expr: fact('last_refresh_duration_seconds'), legend: '{{location}} {{instance}}' }],
    ),
    lines(
      {
        title: "Lead of Nova's clock",
        description:
          "Over the exporter's clock, by the dates in Nova's answers. A negative value means that Nova's clock is behind.",
        unit: 's',
        signed: true,
        width: 8,
      },
      [{ expr: fact('nova_clock_ahead_seconds'), legend: '{{location}} {{instance}}' }],
    ),
    lines(
      {
        title: 'Requests to OpenStack',
        description: 'Requests per second, by service. Each attempt counts.',
        unit: 'reqps',
        width: 8,
      },
      [{ expr: rateOf('request_duration_seconds_count', 'service'), legend: '{{service}}' }],
    ),
    lines(
      {
        title: 'Failed requests',
        description:
          'The part of the requests to a service that failed or was refused. The alert is at a fifth.',
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
          'The amount in the unit of the resource (mb is MiB, gb is GiB), as the mean over the window of the step.',
        unit: 'short',
        width: 12,
      },
      [{ expr: inUse(RESOURCE, 'location'), legend: '{{location}} $resource' }],
      'stacked',
    ),
    lines(
      {
        title: '$resource in use by the largest projects',
        description: 'The ten largest projects at each instant. The graph may show more than ten in all.',
        unit: 'short',
        width: 12,
      },
      [{ expr: `topk(10, ${inUse(RESOURCE, 'project_name')})`, legend: '{{project_name}}' }],
    ),
    bars(
      {
        title: '$resource-hours',
        description: 'Usage of all projects in the shown time, amount × hours.',
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
        description: 'The twenty projects with the most usage in the shown time, amount × hours.',
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
        description: 'The vCPUs in use, by domain of the cloud.',
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
        description: `Requests per second, by token, result and reason. ${AT_THE_SITE}`,
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
        description: `Bytes per second on the wire, by token. ${AT_THE_SITE}`,
        unit: 'binBps',
        width: 8,
      },
      [{ expr: `sum by (token) (rate(${GATE}answer_bytes_total[$__rate_interval]))`, legend: '{{token}}' }],
    ),
    figure(
      {
        title: 'Certificate expires in',
        description: `Time until the first certificate of a gate expires. ${AT_THE_SITE}`,
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
  description:
    'A site, seen from inside or from the portal: its exporter, its gate, and the usage of its projects.',
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
    { name: 'Totals began again', expr: BEGAN_ANEW, titleFormat: 'Totals began again: {{instance}}' },
  ],
  rows: [exporter, use, gate],
});
