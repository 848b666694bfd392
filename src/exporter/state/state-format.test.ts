import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flavorOf } from '../metering/flavor.ts';
import type { RememberedServer } from '../metering/meter-state.ts';
import { formatState, parseState, type ExporterState } from './state-format.ts';

const noon = Date.UTC(2026, 0, 1, 12);
const amounts = { vcpu: 2, mb: 4096, disk_gb: 40, instance: 1 };

const state: ExporterState = {
  meter: {
    epoch: 'e1',
    startMs: noon,
    untilMs: noon + 1000,
    totals: new Map([['p1', { vcpu: 2n ** 80n, mb: 1n, disk_gb: 0n, instance: 7n }]]),
    servers: new Map([
      ['s1', { projectId: 'p1', launches: [{ atMs: noon, amounts }] }],
      [
        's2',
        {
          projectId: 'p1',
          launches: [
            { atMs: noon, amounts },
            { atMs: noon + 2000, amounts },
          ],
          countedUntilMs: noon,
          announced: { atMs: noon, amounts: { ...amounts, vcpu: 4, unreadFlavor: 'g1' } },
          absentSinceMs: noon + 500,
        },
      ],
    ]),
    unreadFlavors: new Map([['g1', new Map([['p1', 2n ** 70n]])]]),
  },
  allProjects: true,
  names: new Map([['p1', { name: 'say "hello"\n', domainId: 'd1', domainName: 'Default' }]]),
  sampled: new Map(),
  flavorGpus: new Map([['g2', 0.25]]),
};

const anyText = fc.string({ unit: 'binary' }).filter((found) => found !== '__proto__');
const total = fc.bigInt({ min: 0n, max: 10n ** 39n });
const whole = fc.nat();
const share = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(Math.abs);
const instant = fc.integer({ min: 0, max: 4e12 });

function record<T>(required: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record(required, { noNullPrototype: true });
}

function mapOf<V>(value: fc.Arbitrary<V>, minKeys = 0): fc.Arbitrary<Map<string, V>> {
  return fc
    .dictionary(anyText, value, { minKeys, maxKeys: 4 })
    .map((found) => new Map(Object.entries(found)));
}

const whatServersHave = { vcpu: whole, mb: whole, disk_gb: whole, instance: whole };
const launch = record({
  atMs: instant,
  amounts: fc.oneof(
    record(whatServersHave),
    record({ ...whatServersHave, gpu: share }),
    record({ ...whatServersHave, unreadFlavor: anyText }),
  ),
});
const remembered = { projectId: anyText, launches: fc.array(launch, { minLength: 1, maxLength: 3 }) };
const server = fc
  .oneof(
    record(remembered),
    record({ ...remembered, announced: launch }),
    record({ ...remembered, countedUntilMs: instant, absentSinceMs: instant }),
  )
  .map((found) => found as unknown as RememberedServer);
const usage = { vcpu: total, mb: total, disk_gb: total, instance: total };
const anyMeter = {
  epoch: fc.string({ minLength: 1 }),
  startMs: instant,
  untilMs: instant,
  totals: mapOf(fc.oneof(record(usage), record({ ...usage, gpu: total }))),
  servers: mapOf(server),
};
const anyNames = { name: anyText, domainId: anyText, domainName: anyText };
const anyState: fc.Arbitrary<ExporterState> = record({
  meter: fc.oneof(record(anyMeter), record({ ...anyMeter, unreadFlavors: mapOf(mapOf(total), 1) })),
  allProjects: fc.boolean(),
  names: mapOf(fc.oneof(record(anyNames), record({ ...anyNames, goneSinceMs: instant }))),
  sampled: mapOf(record({ untilMs: instant, totals: mapOf(mapOf(total)) })),
  flavorGpus: mapOf(share),
});

const textOf = (written: ExporterState) => [...formatState(written)].join('');

describe('the state file', () => {
  it('is JSON that a person can read', () => {
    expect(JSON.parse(textOf(state))).toEqual({
      format: 'stackmeter exporter state',
      version: 2,
      epoch: 'e1',
      start: '2026-01-01T12:00:00.000Z',
      until: '2026-01-01T12:00:01.000Z',
      all_projects: true,
      totals: { p1: { vcpu: '1208925819614629174706176', mb: '1', disk_gb: '0', instance: '7' } },
      names: { p1: { name: 'say "hello"\n', domain_id: 'd1', domain_name: 'Default' } },
      flavor_gpus: { g2: 0.25 },
      unread_flavors: { g1: { p1: '1180591620717411303424' } },
      servers: {
        s1: { project: 'p1', launches: [{ at_ms: noon, amounts }] },
        s2: {
          project: 'p1',
          launches: [
            { at_ms: noon, amounts },
            { at_ms: noon + 2000, amounts },
          ],
          counted_until_ms: noon,
          announced: { at_ms: noon, amounts: { ...amounts, vcpu: 4, unread_flavor: 'g1' } },
          absent_since_ms: noon + 500,
        },
      },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(anyState, (written) => {
        expect(parseState(textOf(written))).toEqual(written);
      }),
    );
  });

  it('is refused if a single character has changed', () => {
    const text = textOf(state);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        fc.pre(text[at] !== character && text[at] !== '\n');
        expect(() => parseState(`${text.slice(0, at)}${character}${text.slice(at + 1)}`)).toThrow(
          /JSON|checksum|its version is|: /,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('may be of version 1, without a checksum', () => {
    const earlier = textOf(state)
      .replace(/,"sha256":"[0-9a-f]+"/, '')
      .replace('"version":2', '"version":1');
    expect(parseState(earlier)).toEqual(state);
  });

  it('has GPUs and sampled totals if there are any', () => {
    const { meter } = state;
    const withMore: ExporterState = {
      ...state,
      meter: {
        ...meter,
        totals: new Map([['p1', { vcpu: 1n, mb: 1n, disk_gb: 1n, instance: 1n, gpu: 5n }]]),
        servers: new Map([
          [
            's1',
            {
              projectId: 'p1',
              launches: [{ atMs: noon, amounts: { ...amounts, gpu: 0.25 } }],
            },
          ],
        ]),
      },
      sampled: new Map([
        ['volume_gb', { untilMs: noon, totals: new Map([['volume_gb', new Map([['p1', 2n ** 70n]])]]) }],
      ]),
    };
    expect(parseState(textOf(withMore))).toEqual(withMore);
    expect(JSON.parse(textOf(withMore))).toMatchObject({
      sampled: {
        volume_gb: { until: '2026-01-01T12:00:00.000Z', totals: { volume_gb: { p1: `${2n ** 70n}` } } },
      },
    });
  });

  it('keeps server hours, and names each flavor once', () => {
    const own = { ephemeral_gb: 10, swap_mb: 0, devices: { a100: 2 } };
    const flavor = flavorOf({ name: 'g1', vcpu: 2, mb: 4096, disk_gb: 40, ...own });
    const sizes = flavorOf({ vcpu: 1, mb: 1, disk_gb: 1 });
    const launches = [{ atMs: noon, amounts: { ...amounts, flavor } }] as const;
    const shelved = { projectId: 'p1', launches, state: 'shelved_offloaded' };
    const totals = [
      { flavor: sizes, state: 'unknown', durationMs: 7n },
      { flavor, state: 'active', durationMs: 2n ** 70n },
    ];
    const hours = { sinceMs: noon, totals: new Map([['p1', totals]]) };
    const withHours = { ...state, meter: { ...state.meter, servers: new Map([['s1', shelved]]), hours } };
    expect(parseState(textOf(withHours))).toEqual(withHours);
    const { version, flavors, server_hours } = JSON.parse(textOf(withHours)) as Record<string, unknown>;
    expect({ version, flavors, server_hours }).toEqual({
      version: 3,
      flavors: [
        { vcpu: 1, mb: 1, disk_gb: 1 },
        { name: 'g1', vcpu: 2, mb: 4096, disk_gb: 40, ...own },
      ],
      server_hours: {
        since: '2026-01-01T12:00:00.000Z',
        totals: {
          p1: [
            [0, 'unknown', '7'],
            [1, 'active', `${2n ** 70n}`],
          ],
        },
      },
    });
  });

  it.each([
    ['', /JSON/],
    ['{}', /format/],
    [textOf(state).replace('"version":2', '"version":4'), /^its version is 4, this program knows 3$/],
    [textOf(state).replace('"instance":"7"', '"instance":"-7"'), /totals\.p1\.instance/],
    [textOf(state).replace('"instance":"7"', '"instance":"8"'), /damaged or was edited: its checksum/],
    [textOf(state).replace('"version":2', '"version":1'), /damaged or was edited: its checksum/],
    [textOf(state).replace(/,"sha256":"[0-9a-f]+"/, ''), /damaged or was edited: its checksum/],
    [textOf(state).replace('"until"', '"till"'), /until/],
    [textOf(state).slice(0, -20), /JSON/],
  ])('with any other content is refused with the reason', (text, message) => {
    expect(() => parseState(text)).toThrow(message);
  });
});
