import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../../prometheus/sample.ts';
import { EXPORTER_METRICS, MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import type { Reading } from '../../ledger.ts';
import { SweepReader, sweepSteps, totalOf } from './readings.ts';
import { atOnce } from '../../../../prometheus/steps.ts';
import { DEFAULT_SWEEP_LIMITS } from './sweep-limits.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const readSweep = (...asked: Parameters<typeof sweepSteps>) => atOnce(sweepSteps(...asked));
const LABELS = {
  instance: 'exporter:8080',
  job: 'project_usages',
  project_id: 'p1',
  project_name: 'one',
  domain_id: 'd1',
  domain_name: 'Default',
};

function usage(
  value: number,
  labels: Record<string, string> = {},
  timestampMs: number | undefined = NOW - 1_000,
): Sample {
  return { name: 'project_vcpu_usage', labels: { ...LABELS, ...labels }, value, timestampMs };
}

function fact(name: string, value: number, labels: Record<string, string> = {}): Sample {
  return { name, labels: { instance: 'exporter:8080', ...labels }, value, timestampMs: NOW - 1_000 };
}

function expected(more: Partial<Reading> = {}): Reading {
  return {
    cloud: '',
    projectId: 'p1',
    projectName: 'one',
    domainId: 'd1',
    domainName: 'Default',
    resource: 'vcpu',
    total: 5_400_000n,
    atMs: NOW - 1_000,
    epoch: '',
    ...more,
  };
}

describe('the memory of a large answer', () => {
  it('has no series about exporters that readings do not need, with any names and labels', () => {
    const reader = new SweepReader();
    const labels = Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`label_${n}`, 'x'.repeat(30)]));
    const texts = fc.sample(fc.string(), 1000);
    for (const text of texts) reader.add(fact(`stackmeter_exporter_${text}`, 1, { ...labels, a: text }));
    expect(reader.bytes).toBe(0);
  });

  it('has the facts of a bounded number of exporters', () => {
    const samples = Array.from({ length: 1500 }, (_, n) =>
      fact(EXPORTER_METRICS.epochInfo, 1, { instance: `e${n}`, epoch: 'x' }),
    );
    const { readings, refusals } = readSweep([...samples, usage(1.5, { instance: 'e7' })], NOW);
    expect(readings).toEqual([expected({ epoch: 'x' })]);
    expect(refusals).toMatchObject([{ reason: 'too many exporters', count: 500 }]);
  });

  it('takes a bounded number of bytes, for any number of texts', () => {
    const limits = { ...DEFAULT_SWEEP_LIMITS, maxBytes: 1_000_000 };
    const text = fc.string({ maxLength: 512 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ project_id: text, project_name: text, cloud: text, instance: text })),
        (all) => {
          const reader = new SweepReader({ limits });
          for (let round = 0; round < 50; round += 1)
            for (const labels of all)
              reader.add(usage(1, { ...labels, project_id: `p${labels.project_id}`, domain_id: `${round}` }));
          expect(reader.bytes).toBeLessThan(limits.maxBytes + 10_000);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('takes a bounded number of bytes, for any number of flavors, and counts the flavor of each reading', () => {
    const limits = { ...DEFAULT_SWEEP_LIMITS, maxBytes: 1_000_000 };
    const flavor = (n: number) => `${'n'.repeat(1000)}/${n}/1/1/0/0/0`;
    const add = (reader: SweepReader, n: number, project: number) =>
      reader.add({
        ...usage(1, { flavor: flavor(n), state: 'active', project_id: `p${project}` }),
        name: 'project_server_usage',
      });
    const many = new SweepReader({ limits });
    for (let n = 0; n < 5000; n += 1) add(many, n, 0);
    expect(many.bytes).toBeLessThan(limits.maxBytes + 10_000);
    const one = new SweepReader({ limits });
    for (let n = 0; n < 5000; n += 1) add(one, 0, n);
    const { readings } = atOnce(one.finish(NOW));
    expect(readings.length * flavor(0).length).toBeLessThan(limits.maxBytes);
  });

  it('becomes readings in short steps', () => {
    const reader = new SweepReader();
    for (let n = 0; n < 100_000; n += 1) reader.add(usage(n, { project_id: `${n}` }));
    const steps = reader.finish(NOW);
    let count = 0;
    while (steps.next().done !== true) count += 1;
    expect(count).toBeGreaterThan(90);
  });
});

describe('memory of a site whose earlier exporter counts GiB', () => {
  const options = { memoryUnit: 'GiB' } as const;
  const memory = (value: number) => ({ ...usage(value), name: 'project_mb_usage' });

  it('is converted to MiB before it is rounded, and no other resource is', () => {
    expect(readSweep([memory(1.5), usage(1.5)], NOW, options).readings).toEqual([
      expected({ resource: 'mb', total: 1024n * 5_400_000n }),
      expected(),
    ]);
    // A third of a GiB for an hour: in MiB it is too small by less than a millisecond.
    expect(readSweep([memory(1 / 3)], NOW, options).readings[0]?.total).toBe(1_228_800_000n);
  });

  it('is not converted if its exporter states an epoch or a time, as ours does', () => {
    const stated = expected({ resource: 'mb' });
    const epoch = fact(EXPORTER_METRICS.epochInfo, 1, { epoch: 'e1' });
    const until = fact(EXPORTER_METRICS.foldedUntil, (NOW - 30_000) / 1000);
    expect(readSweep([memory(1.5), epoch], NOW, options).readings).toEqual([{ ...stated, epoch: 'e1' }]);
    expect(readSweep([until, memory(1.5)], NOW, options).readings).toEqual([
      { ...stated, atMs: NOW - 30_000 },
    ]);
  });

  it('is refused if it is implausible in MiB', () => {
    const { maxTotalHours } = DEFAULT_SWEEP_LIMITS;
    const sample = memory(maxTotalHours / 1000);
    expect(readSweep([sample], NOW, options).refusals).toEqual([
      {
        reason: 'an implausibly large total',
        count: 1,
        example: expect.stringContaining('project_mb_usage'),
      },
    ]);
    expect(readSweep([sample], NOW).refusals).toEqual([]);
  });
});

describe('a usage series', () => {
  it('is a reading of its meter', () => {
    expect(readSweep([usage(1.5)], NOW)).toEqual({ receivedAtMs: NOW, readings: [expected()], refusals: [] });
  });

  it('belongs to the cloud that its label names (A9)', () => {
    expect(readSweep([usage(1.5, { cloud: 'west' })], NOW).readings).toEqual([expected({ cloud: 'west' })]);
  });

  it('belongs to a part of a pool if the site names its project as a pool (A9)', () => {
    const parts = [usage(1.5, { project_name: 'pool/x' }), usage(1.5, { project_name: 'pool/y' })];
    expect(readSweep(parts, NOW, { pools: new Set(['p1']) })).toEqual({
      receivedAtMs: NOW,
      readings: [
        expected({ projectId: 'p1/pool/x', projectName: 'pool/x' }),
        expected({ projectId: 'p1/pool/y', projectName: 'pool/y' }),
      ],
      refusals: [],
    });
  });
});

describe('the time of a reading (A0)', () => {
  it("is the exporter's own statement, if the sweep has one", () => {
    const samples = [usage(1.5), fact(EXPORTER_METRICS.foldedUntil, (NOW - 30_000) / 1000)];
    expect(readSweep(samples, NOW).readings).toEqual([expected({ atMs: NOW - 30_000 })]);
  });

  it("is the sample's timestamp if the statement comes from another exporter or cloud", () => {
    const samples = [
      usage(1.5),
      fact(EXPORTER_METRICS.foldedUntil, (NOW - 30_000) / 1000, { instance: 'other:8080' }),
      fact(EXPORTER_METRICS.foldedUntil, (NOW - 40_000) / 1000, { cloud: 'west' }),
      fact(EXPORTER_METRICS.epochInfo, 1, { epoch: 'other', cloud: 'west' }),
    ];
    expect(readSweep(samples, NOW).readings).toEqual([expected()]);
  });

  it('is the time of receipt without a statement and a timestamp', () => {
    const sample: Sample = { ...usage(1.5), timestampMs: undefined };
    expect(readSweep([sample], NOW).readings).toEqual([expected({ atMs: NOW })]);
  });

  it('comes with the epoch of the same exporter', () => {
    const samples = [fact(EXPORTER_METRICS.epochInfo, 1, { epoch: 'e1' }), usage(1.5)];
    expect(readSweep(samples, NOW).readings).toEqual([expected({ epoch: 'e1' })]);
  });
});

describe('two series for one meter (A9)', () => {
  it('count the newer one, and report the other', () => {
    const renamed = usage(2, { project_name: 'two' }, NOW - 1_000);
    const old = usage(1.5, {}, NOW - 31_000);
    for (const samples of [
      [renamed, old],
      [old, renamed],
    ])
      expect(readSweep(samples, NOW)).toEqual({
        receivedAtMs: NOW,
        readings: [expected({ projectName: 'two', total: 7_200_000n })],
        refusals: [
          {
            reason: 'a second series for one meter',
            count: 1,
            example: expect.stringContaining('project_name="one"'),
          },
        ],
      });
  });

  it('are one series if a sender writes the same sample again', () => {
    const sample = usage(1.5, {}, NOW - 1_000);
    expect(readSweep([sample, { ...sample }], NOW)).toEqual({
      receivedAtMs: NOW,
      readings: [expected({})],
      refusals: [],
    });
    for (const other of [usage(1.4, {}, NOW - 1_000), usage(1.5, { project_name: 'two' }, NOW - 1_000)])
      expect(readSweep([sample, other], NOW).refusals).toMatchObject([{ count: 1 }]);
  });
});

describe('two exporters at one cloud that state no epoch (A9)', () => {
  it('are reported in every sweep, and the same one always counts', () => {
    const first = (atMs: number) => usage(1.5, { instance: 'a:8080' }, atMs);
    const second = (atMs: number) => usage(7000, { instance: 'b:8080' }, atMs);
    for (const samples of [
      [first(NOW - 20_000), second(NOW - 5_000)],
      [second(NOW - 20_000), first(NOW - 5_000)],
    ]) {
      const { readings, refusals } = readSweep(samples, NOW);
      expect(readings.map(({ total }) => total)).toEqual([5_400_000n]);
      expect(refusals).toEqual([
        {
          reason: 'a second series for one meter',
          count: 1,
          example: expect.stringContaining('instance="b:8080"'),
        },
      ]);
    }
  });
});

describe('a refused series (A10)', () => {
  const cases: [string, Sample][] = [
    ['a foreign metric name', { ...usage(1), name: 'node_load1' }],
    ['not a number', usage(NaN)],
    ['an infinite total', usage(Infinity)],
    ['a negative total', usage(-1)],
    ['an implausibly large total', usage(1e300)],
    ['no project_id', usage(1, { project_id: '' })],
    ['a time in the future', usage(1, {}, NOW + DEFAULT_SWEEP_LIMITS.futureToleranceMs + 1)],
    ['a time too long ago', usage(1, {}, 0)],
    ['no time', usage(1, {}, NaN)],
  ];
  it.each(cases)('has %s as its reason, without harm to the rest', (reason, sample) => {
    const other = usage(1.5, { project_id: 'p2' });
    const sweep = readSweep([sample, other], NOW);
    expect(sweep.readings).toEqual([expected({ projectId: 'p2' })]);
    expect(sweep.refusals).toEqual([{ reason, count: 1, example: expect.any(String) }]);
  });

  it('is one of too many series', () => {
    const samples = ['p1', 'p2', 'p3', 'p4'].map((project_id) => usage(1.5, { project_id }));
    const sweep = readSweep(samples, NOW, { limits: { ...DEFAULT_SWEEP_LIMITS, maxSeries: 2 } });
    expect(sweep.readings.map(({ projectId }) => projectId)).toEqual(['p1', 'p2']);
    expect(sweep.refusals).toEqual([
      { reason: 'too many series', count: 2, example: expect.stringContaining('p3') },
    ]);
  });

  it('is counted by reason, with one printable example', () => {
    const samples = Array.from({ length: 50 }, () =>
      usage(NaN, { project_name: `\u001b[2J${'y'.repeat(5_000)}` }),
    );
    const { refusals } = readSweep(samples, NOW);
    expect(refusals).toEqual([{ reason: 'not a number', count: 50, example: expect.any(String) }]);
    expect(refusals[0]?.example).toMatch(/^project_vcpu_usage\{[\x20-\x7e…]{0,200}$/);
    expect(refusals[0]?.example.length).toBeLessThanOrEqual(200);
  });

  it('is one of server hours without all facts of a flavor, or without a state', () => {
    const servers = { flavor: 'm1.small/1/2048/20/0/0/0', state: 'active' };
    const hours = (labels: Record<string, string>) => ({
      ...usage(1.5, labels),
      name: 'project_server_usage',
    });
    const wrong = [{ ...servers, flavor: 'm1.small' }, { state: 'active' }, { ...servers, state: '' }, {}];
    const { readings, refusals } = readSweep([servers, ...wrong].map(hours), NOW);
    expect(readings).toEqual([expected({ resource: 'server', servers })]);
    expect(refusals.map(({ reason, count }) => [reason, count])).toEqual([
      ['no flavor with its facts', 3],
      ['no state of servers', 1],
    ]);
  });

  it('is never a series of an exporter about itself', () => {
    const samples = [
      fact('stackmeter_exporter_requests_total', NaN),
      fact(EXPORTER_METRICS.foldedUntil, NaN),
      usage(1.5),
    ];
    expect(readSweep(samples, NOW)).toEqual({ receivedAtMs: NOW, readings: [expected()], refusals: [] });
  });

  it('leaves only valid readings, for any samples', () => {
    const anySample = fc.record({
      name: fc.oneof(fc.constantFrom('project_vcpu_usage', EXPORTER_METRICS.foldedUntil), fc.string()),
      labels: fc.dictionary(
        fc.constantFrom('project_id', 'project_name', 'cloud', 'instance', 'epoch'),
        fc.string(),
      ),
      value: fc.double(),
      timestampMs: fc.option(fc.oneof(fc.double(), fc.integer({ min: NOW - 1_000, max: NOW })), {
        nil: undefined,
      }),
    });
    fc.assert(
      fc.property(fc.array(anySample), (samples) => {
        const { readings, refusals } = readSweep(samples, NOW);
        const counted = samples.filter(({ name }) => !name.startsWith('stackmeter_exporter_')).length;
        expect(readings.length + refusals.reduce((sum, { count }) => sum + count, 0)).toBe(counted);
        for (const { total, atMs, projectId } of readings)
          expect(total >= 0n && Number.isSafeInteger(atMs) && atMs <= NOW + 300_000 && projectId !== '').toBe(
            true,
          );
      }),
    );
  });
});

describe('text (A9)', () => {
  const OVERLONG = 'x'.repeat(5_000);

  it.each([
    ['project_name', 'projectName', 'rtl \u202e evil\0nul', 'rtl \u202e evil\ufffdnul'],
    ['domain_name', 'domainName', 'line\nbreak', 'line break'],
    ['domain_id', 'domainId', 'lone \ud800', 'lone \ufffd'],
  ])('%s is cleaned, and the usage counts', (label, key, sent, kept) => {
    expect(readSweep([usage(1.5, { [label]: sent })], NOW)).toEqual({
      receivedAtMs: NOW,
      readings: [expected({ [key]: kept })],
      refusals: [],
    });
  });

  it.each(['evil\0nul', OVERLONG, 'lone \ud800'])(
    'that a database does not take becomes an id that it takes: %j',
    (text) => {
      const samples = [usage(1.5, { project_id: `p1/${text}`, project_name: text }), usage(1.5)];
      const { readings, refusals } = readSweep(samples, NOW);
      expect([readings.length, refusals]).toEqual([2, []]);
      const part = readSweep([usage(1.5, { project_name: text })], NOW, { pools: new Set(['p1']) });
      expect(part.readings[0]?.projectId).toBe(readings[0]?.projectId);
    },
  );

  it('never stops usage from counting: every series is a reading, and all its text can be stored', () => {
    const text = fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) });
    const labels = fc.record({
      project_id: fc.string({ minLength: 1, unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
      project_name: text,
      domain_id: text,
      domain_name: text,
      cloud: text,
      instance: text,
      epoch: text,
    });
    fc.assert(
      fc.property(labels, fc.boolean(), (one, isPool) => {
        const { instance, epoch, cloud } = one;
        const pools = new Set(isPool ? [one.project_id] : []);
        const info = fact(EXPORTER_METRICS.epochInfo, 1, { instance, epoch, cloud });
        const { readings, refusals } = readSweep([info, usage(1.5, one)], NOW, { pools });
        expect([readings.length, refusals]).toEqual([1, []]);
        const texts = Object.values(readings[0] ?? {}).filter((value) => typeof value === 'string');
        expect(texts.join('')).not.toMatch(/[\0\p{Cs}]/u);
      }),
    );
  });
});

it('the versions of exporters are kept for people: a few, short, and without control characters', () => {
  const infos = ['0.2.0', '0.1.0', '0.1.0', '', `1\n${'x'.repeat(100)}`, '3', '4', '5'].map(
    (version, index) => fact(EXPORTER_METRICS.buildInfo, 1, { version, instance: `${index}` }),
  );
  const notOne = fact(EXPORTER_METRICS.buildInfo, 0, { version: '9' });
  expect(readSweep([notOne, ...infos, usage(1)], NOW).versions).toEqual([
    '0.1.0',
    '0.2.0',
    `1 ${'x'.repeat(38)}`,
    '3',
    '4',
  ]);
});

describe('totalOf', () => {
  it('gives back the milliseconds that were written as hours', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 50n }), (total) => {
        expect(totalOf(Number(total) / MS_PER_HOUR)).toBe(total);
      }),
    );
  });

  it('never falls if hours do not fall, however large they are', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e15, noNaN: true }),
        fc.double({ min: 0, max: 1e15, noNaN: true }),
        (a, b) => {
          expect(totalOf(Math.max(a, b)) >= totalOf(Math.min(a, b))).toBe(true);
        },
      ),
    );
  });
});
