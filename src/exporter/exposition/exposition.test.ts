import { describe, expect, it } from 'vitest';
import { cleanId } from '../../prometheus/label-text.ts';
import { expositionLines } from '../../prometheus/text-format/text-format-writer.ts';
import { version } from '../../runtime/version.ts';
import { usageFamilies, type Snapshot } from './exposition.ts';
import { flavorOf } from '../metering/flavor.ts';
import type { ServerHours } from '../metering/server-hours.ts';
import { Rendering, type ShownCloud } from './rendering.ts';
import type { RememberedServer } from '../metering/meter-state.ts';
import { OwnMetrics } from './own-metrics.ts';

const amounts = { vcpu: 2, mb: 4096, disk_gb: 40, instance: 1 };
const server: RememberedServer = {
  projectId: 'p1',
  launches: [{ atMs: 0, amounts }],
};

const snapshot: Snapshot = {
  meter: {
    epoch: 'e1',
    startMs: 0,
    untilMs: 90_000_000,
    totals: new Map([
      ['p1', { vcpu: 5_400_000n, mb: 3_600_000n * 512n, disk_gb: 0n, instance: 1n }],
      ['gone', { vcpu: 1n, mb: 1n, disk_gb: 1n, instance: 1n }],
    ]),
    servers: new Map([
      ['s1', server],
      ['s2', { ...server, absentSinceMs: 90_000_000 }],
    ]),
  },
  sampled: new Map(),
  projects: [
    { id: 'p1', name: 'say "hi"\\\n', domain: { id: 'default', name: 'Default' } },
    { id: 'p2', name: 'never used', domain: { id: 'default', name: 'Default' } },
  ],
  completedMs: 90_060_000,
  durationMs: 250,
};

describe('the exposition', () => {
  it('has texts that every program on the way to a ledger accepts', () => {
    const odd = {
      id: 'pool/a\0b',
      name: 'rtl \u202e evil\0nul \ud800',
      domain: { id: 'd', name: 'Zwei "Dom"\t' },
    };
    const meter = {
      ...snapshot.meter,
      totals: new Map([[odd.id, { ...amounts, vcpu: 3_600_000n, mb: 0n, disk_gb: 0n, instance: 0n }]]),
    };
    const [family] = usageFamilies({ ...snapshot, meter, projects: [odd] }, ['vcpu']);
    expect([...(family?.samples ?? [])]).toEqual([
      {
        name: 'project_vcpu_usage',
        labels: {
          project_id: cleanId(odd.id),
          project_name: 'rtl \u202e evil\ufffdnul \ufffd',
          domain_id: 'd',
          domain_name: 'Zwei "Dom" ',
        },
        value: 1,
        timestampMs: undefined,
      },
    ]);
  });

  it('has amount × hours of the projects that Keystone lists, and the facts about the totals', () => {
    expect([...expositionLines(usageFamilies(snapshot, ['vcpu', 'mb']))].join('')).toBe(
      String.raw`# HELP project_vcpu_usage vCPU-hours since the start date
# TYPE project_vcpu_usage gauge
project_vcpu_usage{project_id="p1",project_name="say \"hi\"\\ ",domain_id="default",domain_name="Default"} 1.5
project_vcpu_usage{project_id="p2",project_name="never used",domain_id="default",domain_name="Default"} 0
# HELP project_mb_usage MiB-hours of memory since the start date
# TYPE project_mb_usage gauge
project_mb_usage{project_id="p1",project_name="say \"hi\"\\ ",domain_id="default",domain_name="Default"} 512
project_mb_usage{project_id="p2",project_name="never used",domain_id="default",domain_name="Default"} 0
# HELP stackmeter_exporter_build_info The exporter and its version
# TYPE stackmeter_exporter_build_info gauge
stackmeter_exporter_build_info{version="${version}"} 1
# HELP stackmeter_exporter_epoch_info The identity of these totals: a new one means that they started again
# TYPE stackmeter_exporter_epoch_info gauge
stackmeter_exporter_epoch_info{epoch="e1"} 1
# HELP stackmeter_exporter_start_timestamp_seconds The start date of the totals
# TYPE stackmeter_exporter_start_timestamp_seconds gauge
stackmeter_exporter_start_timestamp_seconds 0
# HELP stackmeter_exporter_folded_until_timestamp_seconds Usage is in the totals up to this time
# TYPE stackmeter_exporter_folded_until_timestamp_seconds gauge
stackmeter_exporter_folded_until_timestamp_seconds 90000
# HELP stackmeter_exporter_last_refresh_success_timestamp_seconds When the last complete refresh ended
# TYPE stackmeter_exporter_last_refresh_success_timestamp_seconds gauge
stackmeter_exporter_last_refresh_success_timestamp_seconds 90060
# HELP stackmeter_exporter_last_refresh_duration_seconds How long the last complete refresh took
# TYPE stackmeter_exporter_last_refresh_duration_seconds gauge
stackmeter_exporter_last_refresh_duration_seconds 0.25
# HELP stackmeter_exporter_projects Projects in this exposition
# TYPE stackmeter_exporter_projects gauge
stackmeter_exporter_projects 2
# HELP stackmeter_exporter_servers Servers alive at the time of the totals
# TYPE stackmeter_exporter_servers gauge
stackmeter_exporter_servers 1
# HELP stackmeter_exporter_servers_absent Servers that the last answer lacks, although they were not deleted
# TYPE stackmeter_exporter_servers_absent gauge
stackmeter_exporter_servers_absent 1
`,
    );
  });

  const small = flavorOf({
    name: 'say "m1"',
    vcpu: 2,
    mb: 4096,
    disk_gb: 40,
    ephemeral_gb: 0,
    swap_mb: 0,
    devices: {},
  });
  const large = flavorOf({ vcpu: 8, mb: 65_536, disk_gb: 80 });
  const hours: ServerHours = {
    sinceMs: 0,
    totals: new Map([
      [
        'p1',
        [
          { flavor: small, state: 'active', durationMs: 5_400_000n },
          { flavor: small, state: 'shelved_offloaded', durationMs: 1n },
          { flavor: large, state: 'active', durationMs: 3_600_000n },
        ],
      ],
      ['gone', [{ flavor: flavorOf({ vcpu: 1, mb: 1, disk_gb: 1 }), state: 'active', durationMs: 1n }]],
    ]),
  };
  const metered: Snapshot = { ...snapshot, meter: { ...snapshot.meter, hours } };
  const serverLines = (text: string) =>
    text.split('\n').filter((line) => /project_server_usage|flavor_info/.test(line));

  it('has the server hours of shown projects, and the facts of their flavors', () => {
    const text = [...expositionLines(usageFamilies(metered, ['vcpu'], true))].join('');
    const project = String.raw`project_id="p1",project_name="say \"hi\"\\ ",domain_id="default",domain_name="Default"`;
    const [smallLabel, largeLabel] = [String.raw`say \"m1\"/2/4096/40/0/0/0`, '/8/65536/80/?/?/?'];
    expect(serverLines(text)).toEqual([
      '# HELP project_server_usage Hours of servers by flavor and state',
      '# TYPE project_server_usage gauge',
      `project_server_usage{${project},flavor="${smallLabel}",state="active"} 1.5`,
      `project_server_usage{${project},flavor="${smallLabel}",state="shelved_offloaded"} ${1 / 3_600_000}`,
      `project_server_usage{${project},flavor="${largeLabel}",state="active"} 1`,
      '# HELP stackmeter_exporter_flavor_info The facts of each flavor in server hours',
      '# TYPE stackmeter_exporter_flavor_info gauge',
      `stackmeter_exporter_flavor_info{flavor="${largeLabel}",name="",vcpus="8",memory_mb="65536",disk_gb="80",ephemeral_gb="",swap_mb="",gpus="?"} 1`,
      `stackmeter_exporter_flavor_info{flavor="${smallLabel}",name="say \\"m1\\"",vcpus="2",memory_mb="4096",disk_gb="40",ephemeral_gb="0",swap_mb="0",gpus="0"} 1`,
    ]);
  });

  it('has no server hours if they are switched off, although the state has them', () => {
    const withoutHours = [...expositionLines(usageFamilies(snapshot, ['vcpu']))].join('');
    expect([...expositionLines(usageFamilies(metered, ['vcpu']))].join('')).toBe(withoutHours);
    expect([...expositionLines(usageFamilies(snapshot, ['vcpu'], true))].join('')).toBe(withoutHours);
  });

  it('has the server hours of several clouds, one family each', () => {
    const shown = (cloud: string, serverHours: boolean): ShownCloud => {
      return { cloud, snapshot: metered, resources: ['vcpu'], serverHours, metrics: new OwnMetrics() };
    };
    const rendering = new Rendering([shown('east', true), shown('none', false), shown('west', true)]);
    const lines = serverLines(Buffer.concat(rendering.text()).toString());
    const cloudsOf = (name: string) =>
      lines.filter((line) => line.startsWith(name)).map((line) => /cloud="(\w+)"/.exec(line)?.[1]);
    expect(lines.filter((line) => line.startsWith('#'))).toHaveLength(4);
    expect(cloudsOf('project_server_usage')).toEqual(['east', 'east', 'east', 'west', 'west', 'west']);
    expect(cloudsOf('stackmeter_exporter_flavor_info')).toEqual(['east', 'east', 'west', 'west']);
  });

  it('has the figures of the work of the exporter', () => {
    const metrics = new OwnMetrics();
    metrics.observeRequest({ service: 'Nova', durationMs: 250, failed: false });
    metrics.observeRequest({ service: 'Nova', durationMs: 500, failed: true });
    metrics.refreshes.succeeded(0);
    metrics.countDropped(3);
    expect([...expositionLines(metrics.families())].join(''))
      .toBe(`# HELP stackmeter_exporter_refreshes_total Refreshes by result: success or failure
# TYPE stackmeter_exporter_refreshes_total counter
stackmeter_exporter_refreshes_total{result="success"} 1
stackmeter_exporter_refreshes_total{result="failure"} 0
# HELP stackmeter_exporter_request_duration_seconds Duration of requests to OpenStack by service; each attempt counts
# TYPE stackmeter_exporter_request_duration_seconds summary
stackmeter_exporter_request_duration_seconds_sum{service="nova"} 0.75
stackmeter_exporter_request_duration_seconds_count{service="nova"} 2
# HELP stackmeter_exporter_request_errors_total Requests to OpenStack that failed or were refused, by service
# TYPE stackmeter_exporter_request_errors_total counter
stackmeter_exporter_request_errors_total{service="nova"} 1
# HELP stackmeter_exporter_servers_dropped_total Servers that disappeared without a deletion: their usage since Nova last listed them is lost
# TYPE stackmeter_exporter_servers_dropped_total counter
stackmeter_exporter_servers_dropped_total 3
`);
  });
});
