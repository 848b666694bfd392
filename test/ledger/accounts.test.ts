import { EVERYTHING, type Scope } from '../../src/portal/access/rights/scope.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AccountStore } from '../../src/portal/accounts/account-store.ts';
import { ConditionError } from '../../src/portal/accounts/grants/condition.ts';
import { grantDocument, grantsFile } from '../../src/portal/accounts/grants/documents.ts';
import { priceBookDocument } from '../../src/portal/accounts/price-books/documents.ts';
import { isWhole } from '../../src/portal/accounts/grants/visible.ts';
import { stackmeter } from '../support/portal-under-test.ts';
import { runSql, urlOf } from '../support/postgresql-server.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { clockAt, onEveryPostgresql, storeOn, type LedgerFixture } from './fixture.ts';

const ADA = { author: 'ada', origin: 'API' };
const BOB = { author: 'bob', origin: 'API' };

const grantOf = (table: object) => grantDocument.parse({ name: 'climate', ...table });
const P = { site: 'a', id: 'p1' };

/** The accounts as one portal on the database has them. */
function portalOn({ connection, time }: LedgerFixture): AccountStore {
  return new AccountStore({ database: storeOn(connection), clock: clockAt(time) });
}

onEveryPostgresql('accounts', (freshLedger) => {
  describe('a change of a grant', () => {
    it('counts at once at all portals on the database', async () => {
      const fixture = await freshLedger();
      const [one, other] = [portalOn(fixture), portalOn(fixture)];
      expect((await other.present(EVERYTHING)).grants).toEqual([]);
      await one.put(
        'grant',
        grantOf({ title: 'A', to: '2026-03-01', projects: [P] }),
        { ifNoneMatch: '*' },
        ADA,
      );
      expect((await other.present(EVERYTHING)).grants).toMatchObject([
        {
          name: 'climate',
          title: 'A',
          projects: [{ site: 'a', projectId: 'p1', toMs: Date.UTC(2026, 2) }],
          version: 1,
          changedMs: fixture.time.nowMs,
          author: 'ada',
        },
      ]);
      await other.remove('grant', 'climate', { ifMatch: [1] }, BOB);
      expect((await one.present(EVERYTHING)).grants).toEqual([]);
    });

    it('is seen with its history by its people, in part by its sites, and by nobody else', async () => {
      const accounts = portalOn(await freshLedger(['a', 'b']));
      const account = { name: 'university', contacts: [], time_zone: 'UTC' };
      await accounts.put('account', account, { ifNoneMatch: '*' }, ADA);
      const projects = [P, { site: 'b', id: 'p2' }];
      await accounts.put('grant', grantOf({ title: 'A', account: 'university', projects }), {}, ADA);
      const seen = async (sites: string[], grants: string[]) => ({
        ...(await accounts.present({ sites, grants })),
        history: (await accounts.history('grant', 'climate', { sites, grants })).length,
        account: (await accounts.history('account', 'university', { sites, grants })).length,
      });
      expect(await seen([], ['climate'])).toMatchObject({
        grants: [{ name: 'climate', account: 'university', version: 1, projects: [{}, {}] }],
        accounts: [],
        history: 1,
        account: 0,
      });
      expect(await seen(['b'], ['other'])).toEqual({
        grants: [
          {
            name: 'climate',
            title: 'A',
            fromMs: undefined,
            toMs: undefined,
            projects: [{ site: 'b', projectId: 'p2' }],
          },
        ],
        accounts: [],
        books: [],
        billing: [],
        marks: [],
        history: 0,
        account: 0,
      });
      expect(await seen(['c'], [])).toEqual({
        grants: [],
        accounts: [],
        books: [],
        billing: [],
        marks: [],
        history: 0,
        account: 0,
      });
    });

    it('shows those who see a mark nothing of the time when it was for somebody else', async () => {
      const accounts = portalOn(await freshLedger(['a', 'b']));
      await accounts.put('grant', grantOf({ projects: [P] }), {}, ADA);
      const mark = { name: 'm', reason: 'secret', site: 'b', from: '2026-01-01T00:00:00Z' };
      await accounts.put('mark', mark, {}, ADA);
      await accounts.put('mark', { ...mark, reason: 'outage', site: 'a' }, { ifMatch: [1] }, BOB);
      const histories = [{ sites: [], grants: ['climate'] }, { sites: ['b'], grants: [] }, EVERYTHING].map(
        async (scope) => (await accounts.history('mark', 'm', scope)).map(({ words }) => words.join('; ')),
      );
      expect(await Promise.all(histories)).toEqual([
        [
          'mark m: new; mark m: reason none → "outage"; mark m: site none → "a"; mark m: from none → 2026-01-01',
        ],
        [],
        [
          'mark m: reason "secret" → "outage"; mark m: site "b" → "a"',
          'mark m: new; mark m: reason none → "secret"; mark m: site none → "b"; mark m: from none → 2026-01-01',
        ],
      ]);
    });

    it('cannot take back what a price book published, not even by removing the book', async () => {
      const accounts = portalOn(await freshLedger());
      const bookOf = (price: string, unit = 'EUR') => {
        const resource = [{ resource: 'vcpu', price }];
        const version = [{ from: '2026-01-01', reason: 'call 7', resource }];
        return priceBookDocument.parse({ name: 'EUR', unit, scale: 2, rounding: 'half-up', version });
      };
      await accounts.put('price_book', bookOf('1'), {}, ADA);
      await accounts.remove('price_book', 'EUR', { ifMatch: [1] }, BOB);
      await expect(accounts.put('price_book', bookOf('9'), {}, BOB)).rejects.toThrow(
        'published versions stay',
      );
      await expect(accounts.put('price_book', bookOf('1', 'USD'), {}, BOB)).rejects.toThrow('keeps its unit');
      await accounts.put('price_book', bookOf('1'), {}, BOB);
      const { books } = await accounts.present(EVERYTHING);
      expect(books).toMatchObject([{ version: 3, document: { version: [{ author: 'ada' }] } }]);
    });

    it('is made by one of two operators who edit at once; the other hears who was faster', async () => {
      const fixture = await freshLedger();
      const [one, other] = [portalOn(fixture), portalOn(fixture)];
      await one.put('grant', grantOf({ title: 'old' }), {}, ADA);
      const results = await Promise.allSettled([
        one.put('grant', grantOf({ title: 'of ada' }), { ifMatch: [1] }, ADA),
        other.put('grant', grantOf({ title: 'of bob' }), { ifMatch: [1] }, BOB),
      ]);
      const grant = (await one.present(EVERYTHING)).grants.find(isWhole);
      const refusals = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason as Error] : [],
      );
      expect(refusals).toEqual([expect.any(ConditionError)]);
      expect(refusals[0]?.message).toBe(
        `grant 'climate' has changed: version 2 was written by ${grant?.author} at 2026-01-31T12:00Z; read it again, and repeat your change`,
      );
      expect(grant).toMatchObject({ title: `of ${grant?.author}`, version: 2 });
    });

    it('by two files at once is made one after the other, each against the rules as they are then', async () => {
      const fixture = await freshLedger();
      const [one, other] = [portalOn(fixture), portalOn(fixture)];
      const file = (name: string) => grantsFile.parse({ grant: [{ name, projects: [P] }] });
      const results = await Promise.allSettled([one.apply(file('g'), ADA), other.apply(file('h'), BOB)]);
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect((await one.present(EVERYTHING)).grants).toHaveLength(1);
    });

    it('that changes nothing writes no version, and the history has all others in words', async () => {
      const fixture = await freshLedger();
      const accounts = portalOn(fixture);
      const first = grantOf({ title: 'A' });
      expect(await accounts.put('grant', first, {}, ADA)).toEqual({ version: 1, created: true });
      expect(await accounts.put('grant', first, { ifMatch: '*' }, BOB)).toEqual({
        version: 1,
        created: false,
      });
      await accounts.remove('grant', 'climate', { ifMatch: [1] }, BOB);
      expect(await accounts.put('grant', first, { ifNoneMatch: '*' }, ADA)).toEqual({
        version: 3,
        created: true,
      });
      const history = await accounts.history('grant', 'climate', EVERYTHING);
      expect(history.map(({ version, author, words }) => [version, author, words])).toEqual([
        [3, 'ada', ['grant climate: new', 'grant climate: title none → "A"']],
        [2, 'bob', ['grant climate: removed']],
        [1, 'ada', ['grant climate: new', 'grant climate: title none → "A"']],
      ]);
    });
  });

  it('keeps published versions of a price book, which people of the grants that it charges see, and nobody else', async () => {
    const accounts = portalOn(await freshLedger());
    const bookOf = (...prices: string[]) =>
      priceBookDocument.parse({
        name: 'credits',
        unit: 'credits',
        scale: 2,
        rounding: 'half-up',
        version: prices.map((price, index) => ({
          from: `2026-0${index + 1}-01`,
          reason: `call ${index}`,
          resource: [{ resource: 'vcpu', price }],
        })),
      });
    expect(await accounts.put('price_book', bookOf('2'), { ifNoneMatch: '*' }, ADA)).toEqual({
      version: 1,
      created: true,
    });
    await expect(accounts.put('price_book', bookOf('3'), { ifMatch: [1] }, BOB)).rejects.toThrow(
      'published versions stay',
    );
    await accounts.put('price_book', bookOf('2', '3'), { ifMatch: [1] }, BOB);
    const account = { name: 'university', price_books: [{ book: 'credits', from: '2026-01-01' }] };
    await accounts.apply(
      grantsFile.parse({
        account: [account],
        grant: [{ name: 'climate', account: 'university', projects: [P] }, { name: 'other' }],
      }),
      ADA,
    );
    expect(await accounts.apply(await accounts.file(EVERYTHING), BOB, { removeMissing: true })).toEqual([]);
    const seen = async (scope: Scope) => [
      (await accounts.present(scope)).books.map(({ document, version }) => [
        document.name,
        version,
        document.version.map(({ author }) => author),
      ]),
      (await accounts.history('price_book', 'credits', scope)).map(({ author }) => author),
    ];
    const whole = [[['credits', 2, ['ada', 'bob']]], ['bob', 'ada']];
    expect(await seen(EVERYTHING)).toEqual(whole);
    expect(await seen({ sites: [], grants: ['climate'] })).toEqual(whole);
    expect(await seen({ sites: ['a'], grants: ['other'] })).toEqual([[], []]);
    await expect(accounts.remove('price_book', 'credits', { ifMatch: '*' }, BOB)).rejects.toThrow(
      "account 'university': price_books[1]: names price book 'credits', which you remove: change or remove account 'university' first",
    );
  });

  it('erases name and mail of a person, and keeps the person in grants and their history', async () => {
    const fixture = await freshLedger();
    const accounts = portalOn(fixture);
    const people = [{ person: 'p-17', role: 'lead' }];
    const file = {
      person: [{ id: 'p-17', name: 'Ada L.', mail: 'a@b' }],
      grant: [{ name: 'climate', people }],
    };
    await accounts.apply(grantsFile.parse(file), ADA);
    const before = await accounts.history('grant', 'climate', EVERYTHING);
    expect((await accounts.present(EVERYTHING)).grants).toMatchObject([
      { people: [{ ...people[0], name: 'Ada L.', mail: 'a@b' }] },
    ]);
    await accounts.erase('p-17', BOB);
    expect((await accounts.present(EVERYTHING)).grants).toMatchObject([
      { people: [{ ...people[0], name: undefined, mail: undefined }] },
    ]);
    expect(await accounts.history('grant', 'climate', EVERYTHING)).toEqual(before);
    expect(await accounts.apply(await accounts.file(EVERYTHING), ADA, { removeMissing: true })).toEqual([]);
    const rows = await runSql<{ text: string }>(
      fixture.connection,
      `SELECT string_agg(t::text, ' ') AS text FROM (
         SELECT p::text AS t FROM ledger.person p UNION ALL SELECT r::text FROM ledger.account_record r
         UNION ALL SELECT c::text FROM ledger.account_change c) all_rows`,
    );
    expect(rows[0]?.text).not.toContain('Ada L.');
    await expect(accounts.apply(grantsFile.parse(file), ADA)).rejects.toThrow(
      "person 'p-17' was erased on 2026-01-31",
    );
  });

  it(
    'has all of a file or nothing after a kill (-9) in the middle of its apply',
    { timeout: 600_000 },
    async () => {
      const fixture = await freshLedger();
      const folder = temporaryFolder();
      const path = join(folder, 'grants.toml');
      const grants = Array.from(
        { length: 200 },
        (_, index) => `[[grant]]\nname = "g${index}"\nprojects = [{ site = "a", id = "p${index}" }]\n`,
      );
      writeFileSync(path, `[[person]]\nid = "p-17"\n${grants.join('')}`);
      const apply = () =>
        stackmeter(['portal', 'grants', 'apply', path, '--data', join(folder, 'none')], {
          DATABASE_URL: urlOf(fixture.connection),
        });
      // The person is written last. A transaction that inserts the same one stops the apply between its statements.
      const holder = new Client(fixture.connection);
      await holder.connect();
      onTestFinished(async () => await holder.end());
      await holder.query(`BEGIN; INSERT INTO ledger.person (id) VALUES ('p-17')`);
      const killed = apply();
      await eventually(async () => {
        const waiting = await runSql(
          fixture.connection,
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ledger.person%'`,
        );
        return waiting.length > 0 ? true : undefined;
      });
      killed.send('SIGKILL');
      expect(await killed.exited).toBe(null);
      await holder.query('ROLLBACK');
      const accounts = portalOn(fixture);
      expect([await accounts.present(EVERYTHING), await accounts.file(EVERYTHING)]).toEqual([
        { grants: [], accounts: [], books: [], billing: [], marks: [] },
        { person: [], account: [], grant: [], price_book: [], mark: [] },
      ]);
      const again = apply();
      expect(await again.exited).toBe(0);
      const present = (await accounts.present(EVERYTHING)).grants.filter(isWhole);
      expect([present.length, new Set(present.map(({ version }) => version))]).toEqual([200, new Set([1])]);
    },
  );
});
