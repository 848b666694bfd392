import { aboutTheNumbers } from './about.ts';
import { dashboard, siteVariable, type Row } from './dashboard.ts';
import { bars, figure, lines, table } from './panels.ts';
import { age, BEGAN_ANEW, inUse, usage } from './queries.ts';
import { RESOURCES } from './resources.ts';

const SITES = 'site=~"$location"';
const SUCCESS = 'stackmeter_portal_last_success_timestamp_seconds';
const READING = 'stackmeter_portal_last_reading_timestamp_seconds';
/** By site: the last reading of its cloud that was read longest ago. */
const OLDEST_READING = `min by (site) (max by (site, cloud) (${READING}{${SITES}}))`;
const AGE_OF_USAGE = `max by (site) (${age(READING, 'site, cloud', SITES)})`;
const PAUSE = `max by (site) (stackmeter_portal_ordinary_pause_seconds{${SITES}})`;
const BAD = [
  ['green', null],
  ['red', 1],
] as const;
const GOOD_SHARE = [
  ['red', null],
  ['orange', 0.9],
  ['green', 0.99],
] as const;
const AGE = [
  ['green', null],
  ['orange', 900],
  ['red', 3600],
] as const;

const share = (coverage: string) =>
  `max by (site) (stackmeter_portal_coverage_ratio{${SITES},coverage="${coverage}"})`;
/** Series of usage have the site in another label. */
const bySite = (expr: string) => `label_replace(${expr}, "site", "$1", "location", "(.+)")`;
const counted = (name: string) =>
  `sum by (site) (increase(stackmeter_portal_${name}_total{${SITES}}[$__rate_interval]))`;

const overview: Row = {
  title: 'The federation now',
  panels: [
    figure(
      {
        title: 'Active sites',
        description:
          'Sites with usage that the ledger counted within an ordinary pause: three intervals of the site, at least 15 minutes and at most an hour.',
        unit: 'none',
        width: 4,
      },
      { expr: `count(time() - max by (site) (${SUCCESS}{${SITES}}) <= ${PAUSE}) or vector(0)` },
    ),
    figure(
      {
        title: 'Silent sites',
        description: 'Sites without counted usage for longer than an ordinary pause, or without any.',
        unit: 'none',
        width: 4,
        thresholds: BAD,
      },
      { expr: `count(time() - max by (site) (${SUCCESS}{${SITES}}) > ${PAUSE}) or vector(0)` },
    ),
    figure(
      {
        title: 'Sites with stale usage',
        description:
          'Sites whose last known usage is older than four ordinary pauses (usually an hour): their exporters count nothing.',
        unit: 'none',
        width: 4,
        thresholds: BAD,
      },
      { expr: `count(time() - ${OLDEST_READING} > 4 * ${PAUSE}) or vector(0)` },
    ),
    figure(
      {
        title: 'Lowest coverage',
        description:
          'The measured part of the last 24 settled hours, at the site with the lowest value. The rest was spread over gaps, or is missing.',
        unit: 'percentunit',
        decimals: 1,
        width: 4,
        thresholds: GOOD_SHARE,
      },
      { expr: `min(${share('measured')})` },
    ),
    figure(
      {
        title: 'vCPUs in use',
        description: 'vCPUs of the servers of all projects, at all chosen sites.',
        unit: RESOURCES.vcpu.unit,
        decimals: 0,
        width: 4,
      },
      { expr: `sum(${inUse(RESOURCES.vcpu.metric, 'location')})` },
    ),
    figure(
      {
        title: 'vCPU-hours',
        description: 'vCPU-hours of all projects in the shown time.',
        unit: RESOURCES.vcpu.usageUnit,
        decimals: 0,
        width: 4,
      },
      { expr: `sum(${usage(RESOURCES.vcpu.metric, 'location')})` },
    ),
    table(
      {
        title: 'Sites',
        description:
          'For each site: the time since its last delivery, the age of its usage, the coverage of its last 24 settled hours, and the amounts in use. A cell is empty if there is no value yet.',
        unit: 'none',
        width: 24,
        height: 7,
      },
      [
        { expr: age(SUCCESS, 'site', SITES) },
        { expr: AGE_OF_USAGE },
        { expr: share('measured') },
        { expr: share('spread') },
        { expr: share('missing') },
        { expr: `sum by (site) (${bySite(inUse(RESOURCES.vcpu.metric, 'location'))})` },
        { expr: `sum by (site) (${bySite(inUse(RESOURCES.memory.metric, 'location'))})` },
      ],
      [
        {
          field: 'site',
          title: 'Site',
          link: {
            title: 'This site',
            url: '/d/stackmeter-site?var-location=${__value.text}&${datasource:queryparam}&${__url_time_range}',
          },
        },
        { field: 'Value #A', title: 'Since last delivery', unit: 's', decimals: 0, thresholds: AGE },
        { field: 'Value #B', title: 'Age of usage', unit: 's', decimals: 0, thresholds: AGE },
        { field: 'Value #C', title: 'Measured', unit: 'percentunit', decimals: 1, thresholds: GOOD_SHARE },
        { field: 'Value #D', title: 'Spread', unit: 'percentunit', decimals: 1 },
        { field: 'Value #E', title: 'Missing', unit: 'percentunit', decimals: 1 },
        { field: 'Value #F', title: 'vCPUs in use', unit: 'none', decimals: 0 },
        { field: 'Value #G', title: 'Memory in use', unit: RESOURCES.memory.unit, decimals: 1 },
      ],
      'Age of usage',
    ),
  ],
};

const use: Row = {
  title: 'Use',
  panels: [
    lines(
      {
        title: 'vCPUs in use',
        description:
          'By site: the mean over the window of the step. A server that lives only for a part of the window counts as that part.',
        unit: RESOURCES.vcpu.unit,
        width: 12,
      },
      [{ expr: inUse(RESOURCES.vcpu.metric, 'location'), legend: '{{location}}' }],
      'stacked',
    ),
    lines(
      {
        title: 'Memory in use',
        description: 'By site: the memory of the flavors of servers, as for vCPUs.',
        unit: RESOURCES.memory.unit,
        width: 12,
      },
      [{ expr: inUse(RESOURCES.memory.metric, 'location'), legend: '{{location}}' }],
      'stacked',
    ),
    bars(
      {
        title: 'vCPU-hours by site',
        description: 'Usage in the shown time.',
        unit: RESOURCES.vcpu.usageUnit,
        decimals: 0,
        width: 8,
        height: 10,
      },
      { expr: usage(RESOURCES.vcpu.metric, 'location'), legend: '{{location}}' },
    ),
    table(
      {
        title: 'Projects with the most vCPU-hours',
        description:
          'The twenty projects with the most usage in the shown time. A renamed project has a row for each name.',
        unit: 'none',
        width: 16,
        height: 10,
      },
      [{ expr: `topk(20, ${usage(RESOURCES.vcpu.metric, 'location, project_id, project_name')})` }],
      [
        {
          field: 'project_name',
          title: 'Project',
          link: {
            title: 'This project',
            url: '/d/stackmeter-project?var-project=${__data.fields.project_id}&${datasource:queryparam}&${__url_time_range}',
          },
        },
        { field: 'project_id', title: 'Id' },
        { field: 'location', title: 'Site' },
        { field: 'Value', title: 'vCPU-hours', unit: 'none', decimals: 1 },
      ],
      'vCPU-hours',
    ),
  ],
};

const health: Row = {
  title: 'Quality of the data',
  panels: [
    lines(
      {
        title: 'Measured part of the last day',
        description: 'By site: the measured part of the last 24 settled hours. The alert is at 90 %.',
        unit: 'percentunit',
        max: 1,
        width: 8,
        thresholds: [
          ['green', null],
          ['red', 0.9],
        ],
      },
      [{ expr: share('measured'), legend: '{{site}}' }],
    ),
    lines(
      {
        title: 'Age of usage',
        description:
          "By site: the time since the instant up to which the ledger knows the usage of all its clouds. It moves between the exporter's settling delay and its interval.",
        unit: 's',
        width: 8,
      },
      [{ expr: AGE_OF_USAGE, legend: '{{site}}' }],
    ),
    lines(
      {
        title: 'Anomalies and refused series',
        description:
          'By site, within the window of each step. An anomaly is a total that fell or began again. Both numbers should be zero.',
        unit: 'none',
        width: 8,
      },
      [
        { expr: counted('anomalies'), legend: '{{site}}: anomalies' },
        { expr: counted('refused_series'), legend: '{{site}}: refused series' },
      ],
    ),
    aboutTheNumbers(6),
  ],
};

export const federation = dashboard({
  uid: 'stackmeter-federation',
  title: 'stackmeter: federation',
  description:
    'All sites of a portal: which of them deliver, how well their usage is known, and how much is used.',
  variables: [siteVariable()],
  annotations: [
    { name: 'Totals began again', expr: BEGAN_ANEW, titleFormat: 'Totals began again: {{location}}' },
  ],
  rows: [overview, use, health],
});
