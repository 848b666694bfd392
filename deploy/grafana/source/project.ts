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
      description: 'Amount × hours in the time that is shown, at all sites that are chosen.',
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
        'In use, by site: what was added to the totals, by the time that it was added for. A server that lives for a part of the window counts as that part.',
      unit,
      width,
    },
    [{ expr: inUse(metric, 'location, project_name', THIS), legend: '{{project_name}} {{location}}' }],
    'stacked',
  );

const totals: Row = {
  title: 'In the time that is shown',
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
          'Usage in the time that is shown, and names of the project. One that was renamed has a row for each name.',
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
  title: 'Over the time',
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
          'In use of the resource that is chosen above, in its unit (gb is GiB): volumes by type, floating IPs and object storage are there, where the site counts them.',
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
          'As the exporters state it, since their start date. It never falls, but where an exporter lost its state and began anew.',
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
  description: 'What a project uses, at one site or at several: every resource over time, and in total.',
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
    { name: 'Totals began anew', expr: BEGAN_ANEW, titleFormat: 'Totals began anew: {{location}}' },
  ],
  rows: [totals, overTheTime],
});
