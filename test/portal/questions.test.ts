import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { at, HOUR, MINUTE, onEveryPostgresql } from '../ledger/fixture.ts';
import { eventually } from '../support/processes.ts';
import {
  FROM,
  heldQuestions,
  holdPackedHours,
  lastSweepOf,
  portalWith,
  PROJECTS,
  RESOURCES,
  running,
  sweepsOf,
  TO,
} from './portal-with-usage.ts';

const PERIOD = 'from=2025-10-01&to=2026-01-01';
/** All meters over 92 days, hour by hour: more than a million rows. */
const LARGEST = `step=hour&by=grant,site,project,resource&limit=1&${PERIOD}`;

onEveryPostgresql('questions to a portal', (freshLedger) => {
  it('as JSON are refused if their answer would be too large, and the refusal names CSV', async () => {
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

  it('as CSV have their own limit', async () => {
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

  it('that take too long are ended, and the answer says what to ask instead', async () => {
    const { usage, connection } = await portalWith(freshLedger, { rows: 1e9, timeoutMs: 100 });
    await holdPackedHours(connection);
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

  it('of ten clients that hang up delay neither readiness, pages nor sweeps, and end in the database', async () => {
    const { usage, url, connection, collector, time } = await portalWith(freshLedger, {
      rows: 1e9,
      timeoutMs: 600_000,
    });
    const { sweep, begin } = await sweepsOf(collector, time);
    // From its second sweep on, a site with usual totals is swept without its past hours.
    for (const waitMs of [0, MINUTE]) {
      time.nowMs += waitMs;
      await sweep();
    }
    await holdPackedHours(connection);
    const hangUp = new AbortController();
    const answers = Array.from(
      { length: 10 },
      async () => await usage(LARGEST, hangUp.signal).catch(() => 'left'),
    );
    await eventually(async () => ((await heldQuestions(connection)) > 0 ? true : undefined));
    for (let minute = 0; minute < 3; minute += 1) {
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      expect((await usage(`step=day&by=resource&${PERIOD}`)).status).toBe(200);
      time.nowMs += MINUTE;
      await sweep();
      expect(await lastSweepOf(url, 'b')).toBe(at(time.nowMs));
    }
    expect(await heldQuestions(connection)).toBeGreaterThan(0);
    time.nowMs += MINUTE;
    const sweepUnderWay = await begin(Promise.allSettled(answers));
    hangUp.abort();
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 10 }, () => 'left'));
    await eventually(async () => ((await heldQuestions(connection)) === 0 ? true : undefined));
    await sweepUnderWay.done;
    expect(await lastSweepOf(url, 'b')).toBe(at(time.nowMs));
    await eventually(async () => ((await running(connection)) === 0 ? true : undefined));
  });

  it('for large CSVs that nobody reads do not delay small CSVs', async () => {
    const { usage, connection, leave } = await portalWith(freshLedger);
    const large = `${LARGEST}&format=csv`;
    const long = large.replace('to=2026-01-01', 'to=2025-12-01');
    // Three have more rows than a JSON answer may have, three have less. Nobody reads beyond the first bytes.
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
    // Two of each kind hold their places because nobody reads them; the third of each kind waits for its first byte.
    expect(await running(connection)).toBe(4);
    expect(finished).toBeLessThan(6);
    leave.abort();
    await Promise.all(stalled);
    await eventually(async () => ((await running(connection)) === 0 ? true : undefined));
  });

  it('with any parameters are answered or refused, never with an internal error', async () => {
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

  it('about coverage stay within their period with any cursor', async () => {
    const { url } = await portalWith(freshLedger);
    const forged = (hour: number) => Buffer.from(JSON.stringify([hour, '', ''])).toString('base64url');
    const ask = async (hour: number) =>
      await fetch(`${url}/api/v1/coverage?from=2025-12-01&to=2025-12-02&cursor=${forged(hour)}`);
    const first = Date.UTC(2025, 11, 1) / HOUR;
    for (const hour of [first - 1, 0, -5_000_000, first + 24]) expect((await ask(hour)).status).toBe(400);
    expect((await ask(first)).status).toBe(200);
  });
});
