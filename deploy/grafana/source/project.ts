import { aboutTheNumbers } from './about.ts';
import { dashboard, queryVariable, siteVariable, type Row } from './dashboard.ts';
import { figure, lines, table } from './panels.ts';
import { BEGAN_ANEW, HERE, inUse, usage } from './queries.ts';
import { RESOURCES } from './resources.ts';

const THIS = `${HERE},project_id=~"$project"`;
const NAMES = 'location, domain_name, project_id, project_name';
const { vcpu, memory, disk, servers, gpu } = RESOURCES;

const total = ({ title, metric, usageUnit }: (typeof RESOURCES)[keyof typeof RESOURCES], width: number) =>
  figure(
    {
      title: `${title}: usage`,
      description: 'Amount × hours in the shown time, at all chosen sites.',
      unit: usageUnit,
      decimals: 1,
      width,
    },
    { expr: `sum(${usage(metric, 'location', THIS)})` },
  );

const overTime = ({ title, metric, unit }: (typeof RESOURCES)[keyof typeof RESOURCES], width: number) =>
  lines(
    {
      title,
      description:
        'In use, by site: the mean over the window of the step. A server that lives only for a part of the window counts as that part.',
      unit,
      width,
    },
    [{ expr: inUse(metric, 'location, project_name', THIS), legend: '{{project_name}} {{location}}' }],
    'stacked',
  );

const totals: Row = {
  title: 'In the shown time',
  panels: [
    total(vcpu, 5),
    total(memory, 5),
    total(disk, 5),
    total(servers, 5),
    total(gpu, 4),
    table(
      {
        title: 'By site',
        description:
          "Usage in the shown time, and the project's names. A renamed project has a row for each name.",
        unit: 'none',
        width: 24,
        height: 6,
      },
      [vcpu, memory, disk, servers, gpu].map(({ metric }) => ({ expr: usage(metric, NAMES, THIS) })),
      [
        { field: 'project_name', title: 'Project' },
        { field: 'location', title: 'Site' },
        { field: 'domain_name', title: 'Domain' },
        { field: 'project_id', title: 'Id' },
        { field: 'Value #A', title: 'vCPU-hours', unit: 'none', decimals: 1 },
        { field: 'Value #B', title: 'MiB-hours of memory', unit: 'none', decimals: 0 },
        { field: 'Value #C', title: 'GiB-hours of disk', unit: 'none', decimals: 1 },
        { field: 'Value #D', title: 'Server-hours', unit: 'none', decimals: 1 },
        { field: 'Value #E', title: 'GPU-hours', unit: 'none', decimals: 1 },
      ],
      'vCPU-hours',
    ),
  ],
};

const overTheTime: Row = {
  title: 'Over time',
  panels: [
    overTime(vcpu, 12),
    overTime(memory, 12),
    overTime(disk, 8),
    overTime(servers, 8),
    overTime(gpu, 8),
    lines(
      {
        title: '$resource',
        description:
          'The amount in use of the resource chosen above, in its unit (gb is GiB). Volumes by type, floating IPs and object storage are available if the site counts them.',
        unit: 'short',
        width: 12,
      },
      [
        {
          expr: inUse('project_${resource}_usage', 'location, project_name', THIS),
          legend: '{{project_name}} {{location}}',
        },
      ],
      'stacked',
    ),
    lines(
      {
        title: 'Running total of vCPU-hours',
        description:
          "The exporters' totals since their start date. A total falls only if an exporter lost its state and began again.",
        unit: vcpu.usageUnit,
        width: 12,
      },
      [
        {
          expr: `sum by (location, project_name) (${vcpu.metric}{${THIS}})`,
          legend: '{{project_name}} {{location}}',
        },
      ],
    ),
    aboutTheNumbers(6),
  ],
};

export const project = dashboard({
  uid: 'stackmeter-project',
  title: 'stackmeter: project',
  description: 'The usage of a project at one or several sites: every resource over time, and in total.',
  variables: [
    siteVariable(),
    queryVariable({
      name: 'project',
      label: 'Project',
      query: `query_result(group by (project_id, project_name) (last_over_time(project_vcpu_usage{${HERE}}[$__range])))`,
      regex: '/project_name="(?<text>(?:[^"\\\\]|\\\\.)*)|project_id="(?<value>[^"]*)/g',
    }),
    queryVariable({
      name: 'resource',
      label: 'Resource',
      query: 'metrics(project_.*_usage)',
      regex: '/^project_(.*)_usage$/',
      current: 'vcpu',
    }),
  ],
  annotations: [
    { name: 'Totals began again', expr: BEGAN_ANEW, titleFormat: 'Totals began again: {{location}}' },
  ],
  rows: [totals, overTheTime],
});
