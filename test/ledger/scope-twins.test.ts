import { expect, it } from 'vitest';
import { EVERYTHING, type Scope } from '../../src/portal/access/rights/scope.ts';
import { askTable } from '../../src/portal/api/routes/project-usage/ask-table.ts';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import type {
  Grant,
  Ledger,
  ScopedQuestion,
  StepUsage,
  UsageDimension,
  UsageStep,
} from '../../src/portal/ledger/ledger.ts';
import { listOf, type Names } from '../../src/portal/ledger/names.ts';
import { DEFAULT_QUESTION_LIMITS } from '../../src/portal/ledger/question-cost.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { clockAt, HOUR, onEmbeddedPostgresql, storeOn, sweep, type FreshLedger } from './fixture.ts';
import type { PlacedReading } from './scope-by-hour.ts';
import { FIRST_HOUR, LARGE, LAST_HOUR, SCOPED_NOW, tell, toldReadings } from './scoped-ledger.ts';

/** The project p2 of b is in the grant `mine` from within a day to within another; p1 of c from its start on. */
const [START, END] = [FIRST_HOUR + 18, FIRST_HOUR + 72];
const MINE: Grant = {
  name: 'mine',
  projects: [
    { site: 'b', projectId: 'p2', fromMs: START * HOUR, toMs: END * HOUR },
    { site: 'c', projectId: 'p1', fromMs: START * HOUR },
    { site: 'b', projectId: 'none' },
  ],
};
const AT_A = { site: 'a', projectId: 'p1', fromMs: (START + 4) * HOUR };
const SCOPES: Scope[] = [
  { sites: ['a'], grants: ['mine'] },
  { sites: [], grants: ['mine'] },
  { sites: [], grants: [] },
];
const FEW_GRANTS = [MINE, { name: 'other', projects: [AT_A] }];
const MANY_GRANTS = [
  MINE,
  { name: 'other', projects: [AT_A, { site: 'b', projectId: 'p1' }, { site: 'hidden', projectId: 'p1' }] },
  { name: 'secret', projects: [{ site: 'c', projectId: 'p3' }] },
];

/** Whether an instant and its neighbours lie outside the time of `mine`. */
const isFarBefore = (atMs: number) => atMs < (START - 3) * HOUR;
const isFarAfter = (atMs: number) => atMs > (END + 3) * HOUR;
const isMine = ({ site, projectId }: PlacedReading) => projectId === (site === 'b' ? 'p2' : 'p1');

/** The same readings inside the scopes, and others outside: other names, amounts, meters, projects, clouds, hours and sites. */
function otherReadings(readings: readonly PlacedReading[]): PlacedReading[] {
  const east = readings.filter(({ site, cloud }) => site === 'b' && cloud === 'east');
  const stranger = east.filter(({ projectId, resource }) => projectId === 'p1' && resource === 'vcpu');
  return [
    ...readings
      .filter(({ site, cloud }) => site === 'a' || cloud !== 'west')
      .filter((one) => one.site === 'a' || !isSkipped(one))
      .filter(({ projectId }) => projectId !== 'gone')
      .map((one) => (one.site === 'a' ? one : isMine(one) ? renamedOutside(one) : strange(one))),
    ...stranger
      .filter((one) => !isSkipped(one))
      .map(strange)
      .flatMap((one) => [
        { ...one, projectId: 'px', resource: 'volume' },
        strange({ ...one, projectId: 'px', resource: 'server', servers: { flavor: LARGE, state: 'paused' } }),
      ]),
    ...east
      .filter(
        ({ projectId, resource, atMs }) => projectId === 'p2' && resource === 'vcpu' && isFarAfter(atMs),
      )
      .filter((one) => !isSkipped(one))
      .map((one) => ({ ...one, resource: 'share' })),
    ...stranger.flatMap((one) => [
      { ...one, site: 'hidden', cloud: '' },
      { ...one, site: 'b', cloud: 'north', epoch: 'north' },
    ]),
  ];
}

/** Readings that only one of the ledgers has: the clouds of the other have other gaps, and begin and end at other times. */
function isSkipped({ site, atMs }: PlacedReading): boolean {
  const hour = Math.floor(atMs / HOUR) - FIRST_HOUR;
  return hour < 2 || (hour > 5 && hour < 9) || (site === 'b' && hour > 90);
}

const STRANGE_DOMAIN = { domainId: 'strange', domainName: 'strange' };

function strange(one: PlacedReading): PlacedReading {
  return {
    ...one,
    ...STRANGE_DOMAIN,
    projectName: `strange ${one.projectId}`,
    total: one.total * 3n,
  };
}

function renamedOutside(one: PlacedReading): PlacedReading {
  const hour = Math.floor(one.atMs / HOUR) - FIRST_HOUR;
  if (isFarBefore(one.atMs))
    return {
      ...one,
      ...STRANGE_DOMAIN,
      projectName: 'strange before',
      total: one.total - 1000n * BigInt(15 - hour),
    };
  if (one.site === 'b' && isFarAfter(one.atMs))
    return {
      ...one,
      ...STRANGE_DOMAIN,
      projectName: 'strange after',
      total: one.total + 1000n * BigInt(hour - 75),
    };
  return one;
}

/** Totals that stay positive when some are taken away. */
const raised = (readings: readonly PlacedReading[]) =>
  readings.map((one) => ({ ...one, total: one.total + 1_000_000_000n }));

interface Heard {
  ledger: Ledger;
  /** The same with low limits, whose errors say how many rows an answer could have. */
  strict: Ledger;
  statements: string[];
}

async function opened(connection: DatabaseConnection): Promise<Heard> {
  const statements: string[] = [];
  const database = storeOn(connection, (statement) => statements.push(statement));
  const common = { database, clock: clockAt({ nowMs: SCOPED_NOW }), logger: silentLogger() };
  return {
    ledger: await openLedger(common),
    strict: await openLedger({ ...common, limits: { ...DEFAULT_QUESTION_LIMITS, rows: 1, csvRows: 1 } }),
    statements,
  };
}

const KINDS: [UsageStep, UsageDimension[]][] = [
  ['hour', ['site', 'project', 'resource']],
  ['hour', ['grant']],
  ['day', ['domain']],
  ['day', ['grant', 'site', 'cloud', 'project']],
  ['day', ['flavor', 'state', 'cloud']],
  ['month', []],
  ['total', ['project', 'flavor', 'state']],
];

const DAY = { fromMs: (START - 6) * HOUR, toMs: (START + 20) * HOUR };
const ALL = { fromMs: (FIRST_HOUR - 3) * HOUR, toMs: (LAST_HOUR + 3) * HOUR };

/** The part of a question that a request adds. */
interface RequestPart {
  site?: Names;
  projectId?: Names;
  grant?: Names;
  fromMs?: number;
  toMs?: number;
}

async function* questions({ ledger, strict }: Heard, scoped: ScopedQuestion, asked: RequestPart) {
  for (const [step, by] of KINDS) {
    const query = { ...scoped, by: new Set(by), step, ...(step === 'hour' ? DAY : ALL), ...asked, limit: 5 };
    yield async () => {
      const first = await ledger.usage(query);
      const cursor = first.next ?? undefined;
      return [first, cursor === undefined ? undefined : await ledger.usage({ ...query, cursor })];
    };
    yield async () => await whole(ledger.allUsage(query));
    yield async () => await strict.usage(query);
  }
  for (const [step, by] of [
    ['hour', ['site', 'cloud']],
    ['day', ['site']],
    ['day', []],
  ] as const) {
    const query = { ...scoped, ...(step === 'hour' ? DAY : ALL), ...asked, step, by: new Set(by), limit: 40 };
    yield async () => await ledger.coverage(query);
  }
  for (const [search, renamed] of [
    ['', false],
    ['', true],
    ['strange', false],
    ['second', false],
  ] as const)
    yield async () => {
      const site = listOf(asked.site ?? [])[0];
      const query = { ...scoped, site, search, history: true, renamed, limit: 2 };
      const first = await ledger.projects(query);
      const cursor = first.next ?? undefined;
      return [first, cursor === undefined ? undefined : await ledger.projects({ ...query, cursor })];
    };
  yield async () => {
    const query = { ...scoped, ...ALL, ...asked };
    const table = await askTable(ledger, query, new AbortController().signal);
    return [table.sums, await table.part({ search: 'second', sort: 'vcpu', offset: 0, limit: 3 })];
  };
  yield async () => await ledger.sites(scoped);
}

async function whole(batches: AsyncIterable<StepUsage[]>): Promise<StepUsage[]> {
  const rows: StepUsage[] = [];
  for await (const batch of batches) rows.push(...batch);
  return rows;
}

/** The answers or errors to all questions, as text, and the statements that they ran. */
async function answers(heard: Heard, scoped: ScopedQuestion, asked: RequestPart = {}) {
  const all: { answer: string; statements: string[] }[] = [];
  for await (const ask of questions(heard, scoped, asked)) {
    heard.statements.length = 0;
    const answer = await ask().catch(String);
    const text = JSON.stringify(answer, (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value instanceof Map ? [...value] : value,
    );
    all.push({ answer: text, statements: [...heard.statements] });
  }
  return all;
}

onEmbeddedPostgresql('outside of a scope', (freshLedger: FreshLedger) => {
  async function twins(): Promise<[Heard, Heard]> {
    const readings = raised(toldReadings());
    const one = await freshLedger(['a', 'b', 'c']);
    await tell(one.ledger, readings);
    const other = await freshLedger(['hidden', 'c', 'b', 'a']);
    await tell(other.ledger, otherReadings(readings));
    await other.ledger.recordFailure('c', SCOPED_NOW, 'broken');
    await other.ledger.fold('b', sweep([], [{ reason: 'too many', count: 3, example: 'x' }]));
    return [await opened(one.connection), await opened(other.connection)];
  }

  it('nothing changes an answer, an error or a statement', async () => {
    const [one, other] = await twins();
    const everything = { scope: EVERYTHING, limit: 100 };
    expect(await other.ledger.projects(everything)).not.toEqual(await one.ledger.projects(everything));
    for (const scope of SCOPES) {
      const expected = await answers(one, { scope, grants: FEW_GRANTS });
      expect(await answers(other, { scope, grants: MANY_GRANTS })).toEqual(expected);
    }
    const policy = { packAfterDays: 1, hoursKeptDays: 2, gapsKeptDays: 62 };
    for (const { ledger } of [one, other]) await ledger.maintain(policy);
    for (const scope of SCOPES.slice(0, 1)) {
      const expected = await answers(one, { scope, grants: FEW_GRANTS });
      expect(await answers(other, { scope, grants: MANY_GRANTS })).toEqual(expected);
    }
  });

  it('a site, a project and a grant are like those that are not there', async () => {
    const [, heard] = await twins();
    const scoped = { scope: SCOPES[0] as Scope, grants: MANY_GRANTS };
    const before = { fromMs: (START - 12) * HOUR, toMs: START * HOUR };
    for (const [hidden, missing] of [
      [{ site: 'hidden' }, { site: 'zz' }],
      [{ site: ['a', 'hidden'] }, { site: ['a', 'zz'] }],
      [{ projectId: 'px' }, { projectId: 'zz' }],
      [{ projectId: ['p1', 'px'] }, { projectId: ['p1', 'zz'] }],
      [{ grant: 'secret' }, { grant: 'zz' }],
      [
        { projectId: 'p2', ...before },
        { projectId: 'none', ...before },
      ],
    ] as const) {
      const expected = await answers(heard, scoped, missing);
      expect(await answers(heard, scoped, hidden)).toEqual(expected);
    }
  });
});
