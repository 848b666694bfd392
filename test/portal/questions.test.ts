import { setTimeout as delay } from 'node:timers/promises';
import * as fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { createApiServer } from '../../src/portal/api/server.ts';
import { DEFAULT_QUESTION_LIMITS, type QuestionLimits } from '../../src/portal/ledger/question-cost.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { createPortalMetrics } from '../../src/portal/metrics.ts';
import { listen } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { clockAt, HOUR, onEveryPostgresql, sweep, type FreshLedger } from '../ledger/fixture.ts';
import { runSql } from '../support/postgresql-server.ts';
import { eventually } from '../support/processes.ts';
import { openDatabase } from '../../src/portal/database/database.ts';

const [FROM, TO] = [Date.UTC(2025, 9, 1), Date.UTC(2026, 0, 1)];
const PROJECTS = 150;
const RESOURCES = ['vcpu', 'mb', 'instance', 'disk_gb'];
const PERIOD = 'from=2025-10-01&to=2026-01-01';
/** 92 days by hour, of all meters: more than a million rows. */
const LARGEST = `step=hour&by=grant,site,project,resource&limit=1&${PERIOD}`;

/** Three packed months of projects with four resources. */
async function seed(connection: DatabaseConnection): Promise<void> {
  const meters = PROJECTS * RESOURCES.length;
  const resources = RESOURCES.map((name, index) => `(1, ${index + 1}, '${name}')`).join(', ');
  await runSql(
    connection,
    `INSERT INTO ledger.cloud VALUES (1, 1, '', ${FROM}, ${TO - 1}, ${TO});
     INSERT INTO ledger.epoch VALUES (1, 1, 'e', 0);
     INSERT INTO ledger.resource VALUES ${resources};
     INSERT INTO ledger.project SELECT 1, n, 1, 'project-' || n FROM generate_series(1, ${PROJECTS}) n;
     INSERT INTO ledger.project_name SELECT 1, n, 0, NULL, 'project ' || n, 'd', 'D' FROM generate_series(1, ${PROJECTS}) n;
     INSERT INTO ledger.meter SELECT 1, n, (n + 3) / 4, 1 + (n - 1) % 4, 1, 0, 0, 0, ${TO} FROM generate_series(1, ${meters}) n;
     UPDATE ledger.site_state SET next_id = ${meters + 1}, projects = ${PROJECTS}, meters = ${meters} WHERE site_id = 1;
     INSERT INTO ledger.month
     SELECT 1, n, first_hour, first_hour + hours - 1, array_fill((1 + n % 64) * 3600000::bigint, ARRAY[hours]), NULL,
            array_fill(24 * (1 + n % 64) * 3600000::bigint, ARRAY[hours / 24]), NULL
     FROM generate_series(1, ${meters}) n, (
       SELECT (extract(epoch FROM m) / 3600)::int AS first_hour,
              (extract(epoch FROM m + interval '1 month' - m) / 3600)::int AS hours
       FROM generate_series('2025-10-01'::timestamp, '2025-12-01', '1 month') AS m) months;
     ANALYZE;`,
  );
}

/** The API of a ledger with these limits, over HTTP. */
async function portalWith(freshLedger: FreshLedger, limits: Partial<QuestionLimits> = {}) {
  const { connection } = await freshLedger(['a', 'b']);
  await seed(connection);
  const [clock, logger] = [clockAt({ nowMs: TO }), silentLogger()];
  const all = { ...DEFAULT_QUESTION_LIMITS, ...limits };
  const ledger = await openLedger({
    database: await openDatabase(connection, logger),
    clock,
    logger,
    limits: all,
  });
  onTestFinished(async () => await ledger.close());
  const leave = new AbortController();
  const server = await createApiServer({ ledger, metrics: createPortalMetrics(), clock, logger });
  onTestFinished(async () => {
    leave.abort();
    await server.close();
  });
  const { port } = await listen(server.server, { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${port}`;
  const usage = async (question: string, signal?: AbortSignal) =>
    await fetch(`${url}/api/v1/usage?${question}`, signal === undefined ? {} : { signal });
  return { connection, ledger, url, usage, leave };
}

async function running(connection: DatabaseConnection): Promise<number> {
  const [row] = await runSql<{ count: string }>(
    connection,
    `SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND application_name = 'stackmeter'`,
  );
  return Number(row?.count);
}

onEveryPostgresql('questions to a portal', (freshLedger) => {
  it('as JSON are refused where their answer would be too large, and name CSV', async () => {
    const { usage } = await portalWith(freshLedger);
    const refused = await usage(LARGEST);
    const rows = PROJECTS * RESOURCES.length * ((TO - FROM) / HOUR);
    const line = expect.stringMatching(
      new RegExp(
        `^the answer could have ${rows} rows, and pages of JSON may have 1000000: ask with format=csv, or for less:`,
      ),
    ) as string;
    expect([refused.status, refused.headers.get('content-type'), await refused.json()]).toEqual([
      400,
      'application/problem+json; charset=utf-8',
      {
        type: 'about:blank',
        title: 'The answer would be too large',
        status: 400,
        detail: line,
        error: line,
      },
    ]);
    const inTime = await usage(LARGEST.replace('step=hour', 'step=day'));
    expect([inTime.status, ((await inTime.json()) as { data: unknown[] }).data.length]).toEqual([200, 1]);
  });

  it('as CSV have a limit of their own', async () => {
    const { usage } = await portalWith(freshLedger, { csvRows: 100_000 });
    const refused = await usage(`${LARGEST}&format=csv`);
    expect([refused.status, await refused.json()]).toEqual([
      400,
      expect.objectContaining({
        error: expect.stringMatching(/a CSV may have 100000: ask for less/) as string,
      }),
    ]);
    const day = await usage('step=day&by=project,resource&from=2025-10-01&to=2025-10-03&format=csv');
    expect((await day.text()).split('\r\n').length).toBe(PROJECTS * RESOURCES.length * 2 + 2);
  });

  it('that take too long end, and say what to ask instead', async () => {
    const { usage, connection } = await portalWith(freshLedger, { rows: 1e9, timeoutMs: 100 });
    const refused = await usage(LARGEST);
    expect([refused.status, await refused.json()]).toEqual([
      503,
      expect.objectContaining({
        title: 'The answer takes too long',
        error: expect.stringMatching(/^the answer takes longer than 0.1 seconds: ask for/) as string,
      }),
    ]);
    expect(await running(connection)).toBe(0);
  });

  it('of ten who hang up delay neither readiness, pages nor sweeps, and end in the database', async () => {
    const { usage, ledger, url, connection } = await portalWith(freshLedger, {
      rows: 1e9,
      timeoutMs: 600_000,
    });
    const hangUp = new AbortController();
    const asked = Array.from(
      { length: 10 },
      async () => await usage(LARGEST, hangUp.signal).catch(() => 'left'),
    );
    await eventually(async () => ((await running(connection)) > 0 ? true : undefined));
    for (let minute = 0; minute < 3; minute += 1) {
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      expect((await fetch(`${url}/api/v1/sites`)).status).toBe(200);
      expect((await usage(`step=day&by=resource&${PERIOD}`)).status).toBe(200);
      const reading = {
        cloud: '',
        projectId: 'p',
        projectName: 'p',
        domainId: 'd',
        domainName: 'D',
        resource: 'vcpu',
        epoch: 'e',
        total: BigInt(minute * HOUR),
        atMs: TO + minute * 60_000,
      };
      expect(await ledger.fold('b', sweep([reading]))).toMatchObject({ folded: 1 });
    }
    // All of that came before the first of the ten had its answer.
    expect(await Promise.race([...asked, delay(0, 'still asked')])).toBe('still asked');
    expect(await running(connection)).toBeGreaterThan(0);
    hangUp.abort();
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 10 }, () => 'left'));
    await eventually(async () => ((await running(connection)) === 0 ? true : undefined));
  });

  it('as large CSVs that nobody takes delay no small one', async () => {
    const { usage, connection, leave } = await portalWith(freshLedger);
    const large = `${LARGEST}&format=csv`;
    const long = large.replace('to=2026-01-01', 'to=2025-12-01');
    // Three of more rows than a JSON answer may have, three of less; each with its first bytes, and then nobody reads.
    let finished = 0;
    const stalled = [large, large, large, long, long, long].map(async (question) => {
      await usage(question, leave.signal).catch(() => 'left');
      finished += 1;
    });
    await eventually(async () => ((await running(connection)) >= 4 ? true : undefined));
    for (const [step, to, rows] of [
      ['hour', '2026-01-01', 8_832],
      ['day', '2025-12-01', 36_600],
    ] as const) {
      const of = step === 'hour' ? '&project=project-7' : '';
      const small = await usage(`step=${step}&by=project,resource${of}&from=2025-10-01&to=${to}&format=csv`);
      expect((await small.text()).split('\r\n').length - 2).toBe(rows);
    }
    // Two of each kind keep their turns, for nobody takes them; the third of each still waits for its first byte.
    expect(await running(connection)).toBe(4);
    expect(finished).toBeLessThan(6);
    leave.abort();
    await Promise.all(stalled);
    await eventually(async () => ((await running(connection)) === 0 ? true : undefined));
  });

  it('with whatever parameters are answered or refused, and never an error inside', async () => {
    const { url } = await portalWith(freshLedger);
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom(
        '\0',
        '%00',
        '%ED%A0%80',
        '1e999',
        '-1',
        '9'.repeat(400),
        'a'.repeat(5000),
        '2025-10-01',
        '9999-12-31',
      ),
      fc
        .array(
          fc.oneof(
            fc.string({ unit: 'binary', maxLength: 9 }),
            fc.double(),
            fc.integer(),
            fc.constantFrom('\0', 490_000),
          ),
          { maxLength: 7 },
        )
        .map((keys) => Buffer.from(JSON.stringify(keys)).toString('base64url')),
      fc
        .tuple(
          fc.integer(),
          fc.array(fc.constantFrom('', 'a', '\0', '\ud800'), { minLength: 2, maxLength: 5 }),
        )
        .map(([hour, names]) => Buffer.from(JSON.stringify([hour, ...names])).toString('base64url')),
    );
    const names = [
      'from',
      'to',
      'step',
      'by',
      'site',
      'project',
      'grant',
      'resource',
      'limit',
      'cursor',
      'format',
      'search',
      'x',
    ];
    const question = fc.tuple(
      fc.constantFrom('usage', 'coverage', 'projects', 'sites', 'grants', 'nowhere'),
      fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 3 }),
    );
    const ask = async ([route, parameters]: [string, [string, string][]]) => {
      const written = parameters.map(
        ([name, text]) => `${name}=${encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '?'))}`,
      );
      const answer = await fetch(`${url}/api/v1/${route}?${written.join('&')}`);
      await answer.text();
      expect(answer.status).toBeLessThan(500);
    };
    await fc.assert(fc.asyncProperty(question, ask), {
      numRuns: 300,
      examples: [
        [['coverage', [['cursor', Buffer.from('[489000,"a\0",""]').toString('base64url')]]]],
        [['projects', [['cursor', Buffer.from('["\0","",""]').toString('base64url')]]]],
        [['usage', [['cursor', Buffer.from('[489000,"","","\0","",""]').toString('base64url')]]]],
      ],
    });
  });

  it('about coverage stay within their period, whatever the cursor says', async () => {
    const { url } = await portalWith(freshLedger);
    const forged = (hour: number) => Buffer.from(JSON.stringify([hour, '', ''])).toString('base64url');
    const ask = async (hour: number) =>
      await fetch(`${url}/api/v1/coverage?from=2025-12-01&to=2025-12-02&cursor=${forged(hour)}`);
    const first = Date.UTC(2025, 11, 1) / HOUR;
    for (const hour of [first - 1, 0, -5_000_000, first + 24]) expect((await ask(hour)).status).toBe(400);
    expect((await ask(first)).status).toBe(200);
  });
});
