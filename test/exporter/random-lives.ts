import * as fc from 'fast-check';
import type { Fault } from '../../src/simulation/faults.ts';
import type { CloudEvent } from './changing-cloud.ts';

const DAY_S = 86_400;

export const FAULTS: Record<string, Fault> = {
  'a 500': { status: 500, body: '{"computeFault": {"code": 500, "message": "no"}}' },
  'a 503 of a proxy': { status: 503, body: '<html>Service Unavailable</html>' },
  'a connection that is cut': { cut: true },
  'a body that breaks off': { truncateBytes: 40 },
  'a body that is not JSON': { body: '{"tenant_usages": [' },
  'a page with 200': { body: '<html>Welcome</html>', headers: { 'Content-Type': 'text/html' } },
  'JSON of another kind': { body: '{}' },
  'a marker that is gone': {
    status: 400,
    body: '{"badRequest": {"message": "Marker could not be found."}}',
  },
  'a token that is refused': { status: 401, body: '{"error": {"code": 401, "message": "no"}}' },
  'a 429': { status: 429, headers: { 'Retry-After': '7' }, body: '{}' },
  'a 403': { status: 403, body: '{"forbidden": {"code": 403, "message": "no"}}' },
};

export type Step =
  | { kind: 'event'; what: CloudEvent }
  | { kind: 'time passes'; seconds: number }
  | { kind: 'clock'; whose: 'nova' | 'own'; aheadS: number }
  | { kind: 'cells are down'; cells: readonly string[] }
  | { kind: 'restart' }
  | { kind: 'refresh'; troubles: readonly Trouble[] };

/** A trouble at one request of a refresh. */
export interface Trouble {
  atRequest: number;
  what:
    | { kind: 'fault'; fault: string; lasts: boolean }
    | { kind: 'slow'; seconds: number }
    | { kind: 'kill' }
    | { kind: 'event'; what: CloudEvent };
}

const index = fc.nat({ max: 9 });
const takesS = fc.integer({ min: 0, max: 120 });
const cloudEvent: fc.Arbitrary<CloudEvent> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('boot' as const), project: index, flavor: index }) },
  fc.record({
    kind: fc.constant('short life' as const),
    project: index,
    flavor: index,
    lastsS: fc.integer({ min: 1, max: 200 }),
  }),
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('resize' as const), server: index, flavor: index, takesS }),
  },
  fc.record({ kind: fc.constant('revert' as const), server: index, takesS }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'confirm',
        'stop',
        'stop',
        'start',
        'shelve',
        'rebuild',
        'rescue',
        'unshelve',
        'evacuate',
        'delete',
        'delete',
      ),
      server: index,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('archive and purge' as const) }) },
  fc.record({ kind: fc.constantFrom('rename', 'remove'), project: index }),
);

const trouble: fc.Arbitrary<Trouble> = fc.record({
  atRequest: fc.integer({ min: 1, max: 14 }),
  what: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('fault' as const),
        fault: fc.constantFrom(...Object.keys(FAULTS)),
        lasts: fc.boolean(),
      }),
    },
    fc.record({ kind: fc.constant('slow' as const), seconds: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ kind: fc.constant('kill' as const) }),
    fc.record({ kind: fc.constant('event' as const), what: cloudEvent }),
  ),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('event' as const), what: cloudEvent }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('time passes' as const),
      seconds: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 70 * DAY_S })),
    }),
  },
  fc.record({
    kind: fc.constant('clock' as const),
    whose: fc.constantFrom('nova', 'own'),
    aheadS: fc.constantFrom(0, 0, 45, 3600, 2 * DAY_S, -45, -3600, -2 * DAY_S),
  }),
  fc.record({
    kind: fc.constant('cells are down' as const),
    cells: fc.constantFrom([], [], ['cell1'], ['cell2']),
  }),
  fc.record({ kind: fc.constant('restart' as const) }),
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('refresh' as const),
      troubles: fc.oneof(fc.constant([]), fc.array(trouble, { maxLength: 3 })),
    }),
  },
);

/** Servers from before the first start: the days from their launch to that start, and the days that they existed. */
const past = fc.array(
  fc.record({
    project: index,
    flavor: index,
    ageDays: fc.nat({ max: 900 }),
    lifetimeDays: fc.nat({ max: 900 }),
  }),
  { maxLength: 6 },
);

/** The history of an exporter and its cloud. */
export const life = fc.record({
  /** Days from the start date of counting to the first start of the exporter. */
  firstStartDays: fc.constantFrom(0, 1, 40, 800),
  past,
  steps: fc.array(step, { minLength: 10, maxLength: 60 }),
});

export type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;
