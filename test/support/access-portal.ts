import { onTestFinished } from 'vitest';
import { Access } from '../../src/portal/access/access.ts';
import { DEFAULT_POLICY } from '../../src/portal/access/access-policy.ts';
import { Attempts } from '../../src/portal/access/attempts.ts';
import { SignIns } from '../../src/portal/access/oidc/sign-ins.ts';
import { ProxyPeople } from '../../src/portal/access/proxy-sign-in.ts';
import type { ClaimRule } from '../../src/portal/access/rights/claim-rules.ts';
import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import { AccountStore } from '../../src/portal/accounts/account-store.ts';
import { membershipsIn } from '../../src/portal/accounts/memberships.ts';
import { createApiServer } from '../../src/portal/api/server.ts';
import { createPortalMetrics } from '../../src/portal/metrics.ts';
import type { AccessConfig } from '../../src/portal/settings/access-settings.ts';
import { closeServer, formatAddress, listen } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { clockAt, storeOn, type LedgerFixture } from '../ledger/fixture.ts';
import { CLIENT, IdentityProvider } from './identity-provider.ts';
import { freePort } from './processes.ts';

export interface AccessPortal {
  url: string;
  access: Access;
  accounts: AccountStore;
  config: AccessConfig;
}

/** The API of one portal on the database, with `[access]`, on loopback. */
export async function accessPortalOn(
  { ledger, connection, time }: LedgerFixture,
  providers: AccessConfig['providers'],
  rules: readonly ClaimRule[],
  port = 0,
): Promise<AccessPortal> {
  const database = storeOn(connection);
  const clock = clockAt(time);
  const accounts = new AccountStore({ database, clock });
  const config: AccessConfig = {
    policy: { ...DEFAULT_POLICY, issuers: [...providers, ...rules].map(({ issuer }) => issuer), rules },
    providers,
    trustedProxies: [],
    proxy: undefined,
    metricsToken: 'a-token-of-metrics',
  };
  const access = new Access({
    database,
    clock,
    logger: silentLogger(),
    policy: () => config.policy,
    memberships: async (person) => membershipsIn((await accounts.present(EVERYTHING)).grants, person),
  });
  let url = '';
  const server = await createApiServer({
    ledger,
    accounts,
    clock,
    metrics: createPortalMetrics(),
    logger: silentLogger(),
    ownNames: [],
    signIn: {
      access,
      signIns: new SignIns({ database, clock, providers: () => config.providers }),
      proxyPeople: new ProxyPeople(access.people, clock),
      attempts: new Attempts(clock),
      wrongTokens: new Attempts(clock),
      config: () => config,
      baseUrl: () => url,
    },
  });
  // Pages take the time from the answers.
  server.server.prependListener('request', (_request, response) =>
    response.setHeader('date', new Date(clock.nowMs()).toUTCString()),
  );
  url = `http://${formatAddress(await listen(server.server, { host: '127.0.0.1', port }))}`;
  onTestFinished(async () => {
    await closeServer(server.server, 0);
    await server.close();
  });
  return { url, access, accounts, config };
}

export const OPERATORS = {
  place: 'access.rule[1]',
  claim: 'groups',
  test: 'includes' as const,
  text: 'staff',
  role: { role: 'operator' as const },
};

/** The API of one portal on the database, with these providers, whose claim `groups` makes operators of `staff`. */
export async function portalOn(
  fixture: LedgerFixture,
  providers: Record<string, IdentityProvider>,
  port = 0,
): Promise<AccessPortal> {
  const configs = Object.entries(providers).map(([name, { issuer }]) => ({
    name,
    title: name,
    issuer,
    ...CLIENT,
    scopes: ['groups'],
  }));
  const rules = configs.map(({ issuer }) => ({ ...OPERATORS, issuer }));
  return await accessPortalOn(fixture, configs, rules, port);
}

/** Providers that answer to a portal on this port. */
async function startedProviders(port: number, ...names: string[]): Promise<IdentityProvider[]> {
  const providers = names.map(
    (name) => new IdentityProvider([`http://127.0.0.1:${port}/sign-in/callback/${name}`]),
  );
  for (const provider of providers) {
    await provider.start();
    onTestFinished(async () => await provider.stop());
  }
  return providers;
}

/** A portal, and providers of these names that sign people in for it. */
export async function portalWithProviders(fixture: LedgerFixture, names: readonly string[]) {
  const port = await freePort();
  const providers = await startedProviders(port, ...names);
  const named = Object.fromEntries(names.map((name, index) => [name, providers[index] as IdentityProvider]));
  return { fixture, port, providers, portal: await portalOn(fixture, named, port) };
}
