import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { BEGAN_ANEW, inUse } from '../../deploy/grafana/source/queries.ts';
import { describeWith } from '../support/describe-with.ts';
import { temporaryFolder } from '../support/processes.ts';

/** Two hours, a value a minute, of an exporter that refreshes every five minutes. After an hour a new epoch starts. */
const minutes = Array.from({ length: 120 }, (_, minute) => minute);
const folded = minutes.map((minute) => Math.floor(minute / 5) * 300 + 1_000_000);
/** Four vCPUs; the new totals are a million vCPU-hours higher. */
const usage = folded.map((seconds, minute) => (4 * seconds) / 3600 + (minute < 60 ? 0 : 1_000_000));
const labels = '{location="a",instance="e"}';
const epoch = (name: string) => `stackmeter_exporter_epoch_info{location="a",instance="e",epoch="${name}"}`;

const windowed = (expr: string) => expr.replaceAll('$location', '.*').replaceAll('$__rate_interval', '20m');

describeWith(['promtool'], 'an amount in use', ({ promtool }) => {
  it('is exact between refreshes, and is left out and marked where a new epoch starts', () => {
    const used = `round(${windowed(inUse('project_vcpu_usage', 'location'))}, 0.001)`;
    const at = (eval_time: string, expr: string, value?: number) => ({
      expr,
      eval_time,
      exp_samples: value === undefined ? [] : [{ labels: '{location="a"}', value }],
    });
    const marked = `count by (location) (${windowed(BEGAN_ANEW)})`;
    const input_series = [
      { series: `project_vcpu_usage${labels}`, values: usage.join(' ') },
      { series: `stackmeter_exporter_folded_until_timestamp_seconds${labels}`, values: folded.join(' ') },
      { series: epoch('x'), values: '1x59 stale' },
      { series: epoch('y'), values: '_x60 1x59' },
    ];
    const promql_expr_test = [
      ...['33m', '41m', '59m', '95m', '118m'].flatMap((time) => [at(time, used, 4), at(time, marked)]),
      ...['61m', '70m'].flatMap((time) => [at(time, used), at(time, marked, 1)]),
    ];
    const file = join(temporaryFolder(), 'tests.yml');
    writeFileSync(file, stringify({ tests: [{ interval: '1m', input_series, promql_expr_test }] }));
    const { status, stdout, stderr } = spawnSync(promtool, ['test', 'rules', file], { encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([0, expect.stringContaining('SUCCESS'), '']);
  });
});
