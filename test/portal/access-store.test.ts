import type { IncomingMessage } from 'node:http';
import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import { describe, expect, it } from 'vitest';
import { Access } from '../../src/portal/access/access.ts';
import { DEFAULT_POLICY, type AccessPolicy } from '../../src/portal/access/access-policy.ts';
import { ownerAsker } from '../../src/portal/access/asker.ts';
import { ProxyPeople } from '../../src/portal/access/proxy-sign-in.ts';
import type { AskForClaims } from '../../src/portal/access/sessions.ts';
import type { Right, Role } from '../../src/portal/access/rights/roles.ts';
import { AccountStore } from '../../src/portal/accounts/account-store.ts';
import { grantsFile } from '../../src/portal/accounts/grants/documents.ts';
import { membershipsIn } from '../../src/portal/accounts/memberships.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { runSql } from '../support/postgresql-server.ts';
import {
  clockAt,
  HOUR,
  MINUTE,
  onEmbeddedPostgresql,
  storeOn,
  type LedgerFixture,
} from '../ledger/fixture.ts';

const ISS = 'https://id.example.org';
const ADA = { iss: ISS, sub: 'ada' };
const DAY = 24 * HOUR;
const OWNER = ownerAsker('root');
const IN_STAFF = { groups: ['staff', 'private'], email: 'ada@example.org', name: 'Ada L.' };
const rule = (text: string, role: Role) => ({
  place: 'access.rule[1]',
  issuer: ISS,
  claim: 'groups',
  test: 'includes' as const,
  text,
  role,
});
const rolesOf = (asker: { rights: readonly Right[] } | undefined) => asker?.rights.map(({ role }) => role);

/** Access as one portal on the database has it, with rules that the test may change. */
function portalOn({ connection, time }: LedgerFixture) {
  const database = storeOn(connection);
  const clock = clockAt(time);
  const accounts = new AccountStore({ database, clock });
  const policy: AccessPolicy = {
    ...DEFAULT_POLICY,
    issuers: [ISS],
    rules: [rule('staff', { role: 'auditor' })],
  };
  const access = new Access({
    database,
    clock,
    logger: silentLogger(),
    policy: () => policy,
    memberships: async (person) => membershipsIn((await accounts.present(EVERYTHING)).grants, person),
  });
  const { people, tokens, sessions, audit, upkeep } = access;
  return { people, tokens, sessions, audit, upkeep, accounts, policy };
}

async function signedIn(portal: ReturnType<typeof portalOn>, earlier?: string) {
  const person = await portal.people.keep(ADA, IN_STAFF);
  return { person, secret: await portal.sessions.open({ ...ADA, idToken: 'e.y.J' }, earlier) };
}

onEmbeddedPostgresql('access', (freshLedger) => {
  describe('a session', () => {
    it('asks its provider once for newer claims, of all portals on the database, and not in vain all the time', async () => {
      const fixture = await freshLedger();
      const portals = [portalOn(fixture), portalOn(fixture)];
      const person = await portals[0]?.people.keep(ADA, IN_STAFF);
      const tokens = { idToken: 'e.y.J', refreshToken: 'first' };
      const secret = (await portals[0]?.sessions.open({ ...ADA, ...tokens }, undefined)) ?? '';
      const asked: string[] = [];
      let answer: Awaited<ReturnType<AskForClaims>>;
      const ask: AskForClaims = async (_identity, refreshToken) => {
        asked.push(refreshToken);
        return await Promise.resolve(answer);
      };
      const askers = async () =>
        await Promise.all(portals.map(async ({ sessions }) => await sessions.askerOf(secret, ask)));
      await askers();
      fixture.time.nowMs += 10 * MINUTE;
      expect((await askers()).map((asker) => [asker?.person, rolesOf(asker)])).toEqual(
        portals.map(() => [person, [{ role: 'auditor' }]]),
      );
      expect(asked).toEqual(['first']);
      fixture.time.nowMs += MINUTE;
      answer = { idToken: 'e.y.K', refreshToken: 'second', claims: { groups: [] } };
      await askers();
      expect((await askers()).map(rolesOf)).toEqual([[], []]);
      expect(asked).toEqual(['first', 'first']);
      fixture.time.nowMs += 10 * MINUTE;
      answer = 'ended';
      await askers();
      expect(await askers()).toEqual([undefined, undefined]);
      expect(asked).toEqual(['first', 'first', 'second']);
    });

    it('is good at every portal on the database, and ends everywhere at once', async () => {
      const fixture = await freshLedger();
      const [one, other] = [portalOn(fixture), portalOn(fixture)];
      const { person, secret } = await signedIn(one);
      const asker = await other.sessions.askerOf(secret);
      expect([asker?.who, asker?.by, asker?.person, rolesOf(asker)]).toEqual([
        `person ${person}`,
        'session',
        person,
        [{ role: 'auditor' }],
      ]);
      expect(await other.sessions.end(secret)).toEqual({ iss: ISS, idToken: 'e.y.J' });
      expect(await one.sessions.askerOf(secret)).toBe(undefined);
      expect(await one.sessions.end(secret)).toBe(undefined);
    });

    it('gets a new secret at each sign-in, and the earlier one of the browser ends', async () => {
      const portal = portalOn(await freshLedger());
      const first = await signedIn(portal);
      const second = await signedIn(portal, first.secret);
      expect(second.person).toBe(first.person);
      expect(await portal.sessions.askerOf(first.secret)).toBe(undefined);
      expect(await portal.sessions.askerOf(second.secret)).toBeDefined();
      expect(await portal.sessions.askerOf('chosen-by-somebody-else')).toBe(undefined);
    });

    it('ends when it is not used, and some days after its sign-in even if it is used', async () => {
      const fixture = await freshLedger();
      const portal = portalOn(fixture);
      const { secret } = await signedIn(portal);
      const from = fixture.time.nowMs;
      for (let hours = 11; hours < 7 * 24; hours += 11) {
        fixture.time.nowMs = from + hours * HOUR;
        expect(await portal.sessions.askerOf(secret)).toBeDefined();
      }
      fixture.time.nowMs = from + 7 * DAY;
      expect(await portal.sessions.askerOf(secret)).toBe(undefined);
      const idle = (await signedIn(portal)).secret;
      fixture.time.nowMs += 12 * HOUR;
      expect(await portal.sessions.askerOf(idle)).toBe(undefined);
      await portal.upkeep.run();
      expect(await runSql(fixture.connection, 'SELECT FROM ledger.session')).toEqual([]);
    });

    it('follows the newest rules and the newest claims', async () => {
      const portal = portalOn(await freshLedger());
      const { secret } = await signedIn(portal);
      const now = async () => rolesOf(await portal.sessions.askerOf(secret));
      portal.policy.rules = [rule('private', { role: 'site', site: 'a' })];
      expect(await now()).toEqual([{ role: 'site', site: 'a' }]);
      await portal.people.keep(ADA, { groups: [] });
      expect(await now()).toEqual([]);
    });

    it('of a person ends on all devices at once', async () => {
      const portal = portalOn(await freshLedger());
      const [one, two] = [await signedIn(portal), await signedIn(portal)];
      const owner = { kind: 'person' as const, person: one.person };
      const { id: tokenId } = await portal.tokens.create({ name: 'ci', owner, roles: [] }, OWNER);
      const three = await portal.sessions.open({ tokenId }, undefined);
      await portal.sessions.endAll(one.person);
      expect(await portal.sessions.askerOf(three)).toBe(undefined);
      expect(await portal.sessions.askerOf(one.secret)).toBe(undefined);
      expect(await portal.sessions.askerOf(two.secret)).toBe(undefined);
    });
  });

  describe('a token', () => {
    const token = (owner: string, ...roles: Role[]) => ({
      name: 'ci',
      owner: { kind: 'person' as const, person: owner },
      roles,
    });

    it('is refused by every portal as soon as one revokes it, with the sessions that it opened', async () => {
      const fixture = await freshLedger();
      const [one, other] = [portalOn(fixture), portalOn(fixture)];
      const made = await one.tokens.create(
        { name: 'first', owner: { kind: 'installation' }, roles: [{ role: 'operator' }] },
        OWNER,
      );
      expect(made.secret).toMatch(/^smt_[\w-]{43}$/);
      const session = await other.sessions.open({ tokenId: made.id }, undefined);
      expect(rolesOf(await other.tokens.askerOf(made.secret))).toEqual([{ role: 'operator' }]);
      expect(rolesOf(await one.sessions.askerOf(session))).toEqual([{ role: 'operator' }]);
      expect([await one.tokens.revoke(made.id), await one.tokens.revoke(made.id)]).toEqual([true, false]);
      expect(await other.tokens.askerOf(made.secret)).toBe(undefined);
      expect(await other.sessions.askerOf(session)).toBe(undefined);
    });

    it('allows no more than its owner may at that moment, and rests without fresh claims', async () => {
      const fixture = await freshLedger();
      const portal = portalOn(fixture);
      const person = await portal.people.keep(ADA, IN_STAFF);
      const { secret } = await portal.tokens.create(
        token(person, { role: 'operator' }, { role: 'auditor' }, { role: 'site', site: 'a' }),
        OWNER,
      );
      const now = async () => rolesOf(await portal.tokens.askerOf(secret));
      expect(await now()).toEqual([{ role: 'auditor' }, { role: 'site', site: 'a' }]);
      await portal.people.keep(ADA, { groups: [] });
      expect(await now()).toEqual([]);
      await portal.people.keep(ADA, IN_STAFF);
      fixture.time.nowMs += 90 * DAY;
      expect(await now()).toEqual([]);
      await portal.people.keep(ADA, IN_STAFF);
      expect(await now()).toHaveLength(2);
    });

    it('ends at its expiry; its secret is nowhere, and its last use is noted once a minute', async () => {
      const fixture = await freshLedger();
      const portal = portalOn(fixture);
      const expiresMs = fixture.time.nowMs + HOUR;
      const { secret } = await portal.tokens.create({ ...token('p-1'), expiresMs }, OWNER);
      const used = async () => (await portal.tokens.list())[0]?.usedMs;
      const first = fixture.time.nowMs;
      expect(await used()).toBe(undefined);
      await portal.tokens.askerOf(secret);
      fixture.time.nowMs += MINUTE - 1;
      await portal.tokens.askerOf(secret);
      expect(await used()).toBe(first);
      fixture.time.nowMs += 1;
      await portal.tokens.askerOf(secret);
      expect(await used()).toBe(first + MINUTE);
      const [row] = await runSql<{ text: string }>(
        fixture.connection,
        'SELECT t::text AS text FROM ledger.api_token t',
      );
      expect(row?.text).not.toContain(secret.slice(4));
      fixture.time.nowMs = expiresMs;
      await expect(portal.tokens.create({ ...token('p-1'), expiresMs }, OWNER)).rejects.toThrow(
        `expires: ${new Date(expiresMs).toISOString()} has passed already`,
      );
      expect(await portal.tokens.askerOf(secret)).toBe(undefined);
      await portal.upkeep.run();
      expect(await portal.tokens.list()).toEqual([]);
    });
  });

  describe('a person', () => {
    it('is known by issuer and subject only, and only claims that rules compare are kept', async () => {
      const fixture = await freshLedger();
      const portal = portalOn(fixture);
      const ada = await portal.people.keep(ADA, IN_STAFF);
      expect(ada).toMatch(/^p-[\da-f-]{36}$/);
      expect(await portal.people.keep({ ...ADA, iss: 'https://other.example.org' }, IN_STAFF)).not.toBe(ada);
      const rows = await runSql<{ claims: object }>(
        fixture.connection,
        `SELECT claims FROM ledger.person_identity WHERE iss = '${ISS}'`,
      );
      expect(rows).toEqual([{ claims: { groups: IN_STAFF.groups } }]);
    });

    it('becomes a person of the accounts by an invitation, once, and keeps session and tokens', async () => {
      const fixture = await freshLedger();
      const portal = portalOn(fixture);
      portal.policy.rules = [];
      await portal.accounts.apply(
        grantsFile.parse({
          person: [{ id: 'ada', name: 'Ada L.' }],
          grant: [{ name: 'climate', people: [{ person: 'ada', role: 'lead' }] }],
        }),
        { author: 'root', origin: 'API' },
      );
      const { person, secret } = await signedIn(portal);
      const roles = [{ role: 'lead' as const, grant: 'climate' }];
      const token = await portal.tokens.create(
        { name: 'ci', owner: { kind: 'person', person }, roles },
        OWNER,
      );
      expect(rolesOf(await portal.sessions.askerOf(secret))).toEqual([]);
      const invite = async () => (await portal.people.invite('ada')) ?? { secret: '', expiresMs: 0 };
      const { secret: invitation } = await invite();
      expect(await portal.people.invited(invitation)).toBe('ada');
      const accepted = await Promise.all([
        portal.people.accept(invitation, person),
        portal.people.accept(invitation, person),
      ]);
      expect(accepted.toSorted()).toEqual(['ada', undefined]);
      expect(rolesOf(await portal.sessions.askerOf(secret))).toEqual(roles);
      expect(rolesOf(await portal.tokens.askerOf(token.secret))).toEqual(roles);
      // A provider that is no longer in the configuration states nothing.
      portal.policy.issuers = [];
      expect(rolesOf(await portal.sessions.askerOf(secret))).toEqual([]);
      expect(rolesOf(await portal.tokens.askerOf(token.secret))).toEqual([]);
      const late = await invite();
      fixture.time.nowMs = late.expiresMs;
      expect([
        await portal.people.invited(late.secret),
        await portal.people.accept(late.secret, 'ada'),
      ]).toEqual([undefined, undefined]);
    });

    it('whom a proxy signs in follows an invitation at once', async () => {
      const fixture = await freshLedger();
      const portal = portalOn(fixture);
      const people = grantsFile.parse({ person: [{ id: 'lead-17' }] });
      await new AccountStore({ database: storeOn(fixture.connection), clock: clockAt(fixture.time) }).apply(
        people,
        { author: 'root', origin: 'command' },
      );
      portal.policy.issuers = ['proxy'];
      const proxied = new ProxyPeople(portal.people, clockAt(fixture.time));
      const config = { userHeader: 'x-user', groupsHeader: undefined, issuer: 'proxy' };
      const request = { headers: { 'x-user': 'ada' }, socket: { remoteAddress: '127.0.0.1' } };
      const ask = async () =>
        await proxied.askerOf(request as unknown as IncomingMessage, config, ['127.0.0.1']);
      const { person = '' } = (await ask()) ?? {};
      const { secret = '' } = (await portal.people.invite('lead-17')) ?? {};
      await portal.people.accept(secret, person);
      expect((await ask())?.person).toBe('lead-17');
    });

    it('who is erased has no session, token or identity any more', async () => {
      const fixture = await freshLedger();
      const portal = portalOn(fixture);
      const { person, secret } = await signedIn(portal);
      const token = await portal.tokens.create(
        { name: 'ci', owner: { kind: 'person', person }, roles: [{ role: 'auditor' }] },
        OWNER,
      );
      expect(await portal.accounts.erase(person, { author: 'root', origin: 'API' })).toEqual([
        `person ${person}: sign-in erased`,
      ]);
      expect(await portal.sessions.askerOf(secret)).toBe(undefined);
      expect(await portal.tokens.askerOf(token.secret)).toBe(undefined);
      expect(await runSql(fixture.connection, 'SELECT FROM ledger.person_identity')).toEqual([]);
    });
  });

  it('the audit has pages, forgets addresses first and rows later', async () => {
    const fixture = await freshLedger();
    const portal = portalOn(fixture);
    const note = async (object: string) =>
      await portal.audit.note({
        who: 'person p-1',
        what: 'PUT',
        object,
        outcome: '200',
        address: '192.0.2.1',
      });
    for (const object of ['a', 'b', 'c']) await note(object);
    const [newest, second] = await portal.audit.list(2);
    expect([newest?.object, second?.object, second?.address]).toEqual(['c', 'b', '192.0.2.1']);
    expect((await portal.audit.list(2, second?.id)).map(({ object }) => object)).toEqual(['a']);
    fixture.time.nowMs += 30 * DAY;
    await note('d');
    await portal.upkeep.run();
    expect((await portal.audit.list(9)).map(({ object, address }) => [object, address])).toEqual([
      ['d', '192.0.2.1'],
      ['c', undefined],
      ['b', undefined],
      ['a', undefined],
    ]);
    fixture.time.nowMs += 700 * DAY;
    await portal.upkeep.run();
    expect((await portal.audit.list(9)).map(({ object }) => object)).toEqual(['d']);
  });
});
