import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { usageFamilies, type Snapshot } from '../src/exporter/exposition.ts';
import type { Usage } from '../src/exporter/metering/amounts.ts';
import { createOwnMetrics } from '../src/exporter/own-metrics.ts';
import { parseExposition } from '../src/prometheus/text-format-parser.ts';
import { expositionLines } from '../src/prometheus/text-format-writer.ts';
import { describeWith } from './describe-with.ts';

/** Up to 64 characters of the basic plane, control characters and NUL among them: what Keystone takes. */
const character = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0xffff }),
  fc.constantFrom(0, 9, 10, 13, 34, 92, 0x85, 0x200b, 0x202e, 0x2028, 0xfeff),
);
const name = fc
  .array(character, { minLength: 1, maxLength: 64 })
  .map((codes) => String.fromCharCode(...codes));
const total = fc.bigInt({ min: 0n, max: 2n ** 70n });

const project = fc.record({
  project: name,
  domain: name,
  usage: fc.record({ vcpu: total, mb: total, disk_gb: total, instance: total }),
});

interface FoundProject {
  project: string;
  domain: string;
  usage: Usage;
}

function snapshotOf(found: readonly FoundProject[]): Snapshot {
  const untilMs = Date.UTC(2026, 0, 1);
  const totals = new Map(found.map(({ usage }, index) => [`p${index}`, usage]));
  return {
    meter: { epoch: 'e', startMs: 0, untilMs, totals, servers: new Map() },
    sampled: new Map(),
    projects: found.map((one, index) => ({
      id: `p${index}`,
      name: one.project,
      domain: { id: 'd', name: one.domain },
    })),
    completedMs: untilMs,
    durationMs: 1,
  };
}

describeWith(['promtool'], 'the exposition', ({ promtool }) => {
  it("is taken by Prometheus' own parser and read back as it was, whatever the names that Keystone accepts", () => {
    const metrics = createOwnMetrics();
    metrics.observeRequest({ service: 'Nova', durationMs: 250, failed: true });
    fc.assert(
      fc.property(fc.array(project, { minLength: 1, maxLength: 200 }), (found) => {
        const resources = ['vcpu', 'mb', 'disk_gb', 'instance'] as const;
        const text = [
          ...expositionLines([...usageFamilies(snapshotOf(found), resources), ...metrics.families()]),
        ].join('');
        const { status, stderr, stdout } = spawnSync(promtool, ['check', 'metrics'], {
          input: text,
          encoding: 'utf8',
        });
        // 3 is for remarks: the names with abbreviated units are those of the earlier system.
        expect([0, 3]).toContain(status);
        const remarks = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
        expect(remarks.filter((line) => !/^project_(mb|disk_gb)_usage /.test(line))).toEqual([]);
        const names = parseExposition(text)
          .filter((sample) => sample.name === 'project_vcpu_usage')
          .map(({ labels }) => [labels['project_name'], labels['domain_name']]);
        expect(names).toEqual(found.map((one) => [one.project, one.domain]));
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['a label that does not end', 'project_vcpu_usage{project_id="p} 1\n'],
    ['a name that is none', 'project-vcpu{project_id="p"} 1\n'],
  ])('would be refused with %s', (_, text) => {
    expect(spawnSync(promtool, ['check', 'metrics'], { input: text }).status).toBe(1);
  });
});
