import { expect, it } from 'vitest';
import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import { billFor, type ChargeQuestion } from '../../src/portal/accounts/charged-usage.ts';
import { billingByAccount } from '../../src/portal/accounts/charges/billing.ts';
import { charge } from '../../src/portal/accounts/charges/charge.ts';
import { exactText } from '../../src/portal/accounts/charges/fraction.ts';
import { denominatorsOf } from '../../src/portal/accounts/charges/units.ts';
import { priceBookDocument } from '../../src/portal/accounts/price-books/documents.ts';
import type { UsageStep } from '../../src/portal/ledger/ledger.ts';
import { HOUR, NOON, onEveryPostgresql, query, sweep, at } from './fixture.ts';
import { reading } from './in-memory-book.ts';

const FLAVOR = 'small/2/2048/20/0/0/0';
const BORDER = NOON - 30 * HOUR;

const versionOf = (fromMs: number, price: string) => ({
  from: at(fromMs),
  server: [{ name: 'servers', sum: [{ price, per: { vcpu: 1 } }] }],
  states: { stopped: '0.5' },
  resource: [{ resource: 'volume_gb', per: 7, price: '0.1' }],
  fallback: [{ resource: 'vcpu', price }],
});
const BOOK = priceBookDocument.parse({
  name: 'credits',
  unit: 'credits',
  scale: 2,
  rounding: 'half-up',
  version: [versionOf(NOON - 900 * HOUR, '1'), versionOf(BORDER, '3')],
});

onEveryPostgresql('charges', (freshLedger) => {
  it('are those of all hours without a mark, by any step and over the middle of a day in which prices change', async () => {
    const { ledger } = await freshLedger();
    for (const hours of [100, 77, 30, 29, 5, 0]) {
      const [atMs, done] = [NOON - hours * HOUR, (200 - hours) * HOUR];
      await ledger.fold(
        'a',
        sweep([
          reading(atMs, 5 * done),
          reading(atMs, 11 * done, { resource: 'volume_gb' }),
          reading(atMs, 2 * done, { resource: 'server', servers: { flavor: FLAVOR, state: 'active' } }),
          reading(atMs, 3 * done, { projectId: 'p2' }),
          reading(atMs, done + (hours % 7), {
            projectId: 'p2',
            resource: 'server',
            servers: { flavor: FLAVOR, state: 'stopped' },
          }),
        ]),
      );
    }
    const period = { fromMs: NOON - 90 * HOUR, toMs: NOON };
    const grants = [{ name: 'g', projects: [{ site: 'a', projectId: 'p2', fromMs: NOON - 50 * HOUR }] }];
    const billing = billingByAccount(
      [{ name: 'g', account: 'uni' }],
      [{ account: 'uni', books: [{ fromMs: NOON - 40 * HOUR, book: BOOK }] }],
      [
        {
          name: 'outage',
          reason: 'power cut',
          site: 'a',
          projectId: 'p2',
          fromMs: NOON - 20 * HOUR,
          toMs: NOON - 10 * HOUR,
        },
      ],
    );
    const isFree = (startMs: number) => startMs >= NOON - 20 * HOUR && startMs < NOON - 10 * HOUR;
    const by = new Set(['grant', 'site', 'resource', 'flavor', 'state'] as const);
    const { data } = await ledger.usage(query({ ...period, grants, by }));
    const hours = data
      .filter(({ grant, startMs }) => grant === 'g' && startMs >= NOON - 40 * HOUR && !isFree(startMs))
      .map(({ site = '', resource = '', flavor, state, startMs, amountMs }) => ({
        site,
        resource,
        flavor,
        state,
        startMs,
        amountMs,
      }));
    const truth = charge(hours, BOOK);
    const exactOf = (numerator: bigint) => exactText({ numerator, denominator: denominatorsOf(BOOK).charge });
    expect(truth.total).not.toBe(0n);
    for (const step of ['hour', 'day', 'month', 'total'] satisfies UsageStep[])
      for (const dimensions of [[], ['grant'], ['project', 'price'], ['account', 'site', 'cloud']] as const) {
        const question: ChargeQuestion = {
          scope: EVERYTHING,
          grants,
          ...period,
          step,
          by: new Set(dimensions),
          limit: 10_000,
        };
        const bill = await billFor(ledger, question, billing);
        expect(bill.totals.map((total) => exactOf(total.charge))).toEqual([exactOf(truth.total)]);
        const steps = new Set(bill.rows.map(({ startMs }) => startMs));
        expect(steps.size).toBe({ hour: 30, day: 3, month: 1, total: 1 }[step]);
      }
  });
});
