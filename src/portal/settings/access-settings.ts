import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { readTextFile } from '../../runtime/files/text-file.ts';
import { parseAddresses } from '../../runtime/http/client-addresses.ts';
import { isLoopback } from '../../runtime/http/listen.ts';
import { nearestName, strictTable } from '../../runtime/settings/strict-table.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';
import { DEFAULT_POLICY, type AccessPolicy } from '../access/access-policy.ts';
import { hasCapture, type ClaimRule } from '../access/rights/claim-rules.ts';
import type { ProviderConfig } from '../access/oidc/provider.ts';
import type { ProxySignIn } from '../access/proxy-sign-in.ts';
import type { Role } from '../access/rights/roles.ts';

/** Who may read what, as portal.toml says. */
export interface AccessConfig {
  policy: AccessPolicy;
  providers: readonly ProviderConfig[];
  /** Addresses and networks of proxies: their \`X-Forwarded-For\` counts. */
  trustedProxies: readonly string[];
  /** A proxy in front signs people in. */
  proxy: ProxySignIn | undefined;
  /** Secret: the bearer token of \`/metrics\`. Without it, /metrics needs somebody who reads everything. */
  metricsToken: string | undefined;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function whole(unit: 'hours' | 'days', most: number, usualMs: number) {
  return z
    .int({ error: `must be a whole number of ${unit}` })
    .min(1, 'must be at least 1')
    .max(most, `must be at most ${most}`)
    .default(usualMs / (unit === 'hours' ? HOUR_MS : DAY_MS));
}

const NAME = /^[a-z0-9][a-z0-9-]{0,30}$/;

const text = (missing: string) =>
  z
    .string({ error: `missing; ${missing}` })
    .min(1, 'is empty')
    .max(1000, 'is longer than 1000 characters');

const issuerUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL such as https://id.example.org/realms/usage' })
  .refine((url) => url.startsWith('https:') || isLoopback(new URL(url).hostname), {
    error: 'must begin with https: anyone between here and there could sign in as anyone',
  });

const providerTable = strictTable({
  name: z
    .string({ error: 'missing; give the provider a short name, such as "keycloak"' })
    .regex(NAME, 'may hold small letters, digits and "-", at most 31')
    .describe('name of the provider, in rules and in the address /sign-in/callback/NAME'),
  title: text('').optional().describe('name of the provider on the sign-in page; without it, its name'),
  issuer: issuerUrl.describe('issuer of the provider, exactly as its tokens say it'),
  client_id: text('write the id that the provider gave to the portal').describe(
    'id that the provider gave to the portal',
  ),
  client_secret_file: text('')
    .optional()
    .describe('file with the secret of the client; without it, a public client'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'is not a scope'), {
      error: 'must be a list of scopes such as ["openid", "groups"]',
    })
    .max(50, 'has more than 50 scopes')
    .default(['openid'])
    .describe('scopes that the portal asks for'),
});

const HEADER = /^[a-z0-9-]{1,100}$/i;

const proxyTable = strictTable({
  user_header: z
    .string({ error: 'missing; name the header in which the proxy says who is signed in, such as "X-User"' })
    .regex(HEADER, 'is not the name of a header')
    .transform((name) => name.toLowerCase())
    .describe('header with the name of the person, which the proxy sets on each request'),
  groups_header: z
    .string()
    .regex(HEADER, 'is not the name of a header')
    .transform((name) => name.toLowerCase())
    .optional()
    .describe(
      'header with the groups of the person, with commas between them; rules see them as the claim groups',
    ),
  issuer: text('name the place at which the proxy signs people in').describe(
    'name for the place at which the proxy signs people in, for the issuer of rules',
  ),
});

const ruleTable = strictTable({
  issuer: text('name a provider, or write an issuer').describe('name of a provider, or the issuer itself'),
  claim: text('name a claim, such as "groups" or "realm_access.roles"').describe(
    'name of a claim, with dots between the keys of nested ones',
  ),
  equals: text('').optional().describe('the text that the claim must be'),
  includes: text('')
    .optional()
    .describe('a text that must be in the list of the claim; {site} or {grant} in it stands for a name'),
  role: z
    .enum(['operator', 'auditor', 'site', 'lead', 'member'], {
      error: 'must be "operator", "auditor", "site", "lead" or "member"',
    })
    .describe('the role of a person with this claim'),
  site: text('').optional().describe('the site of the role site'),
  grant: text('').optional().describe('the grant of the roles lead and member'),
});

type RuleTable = z.output<typeof ruleTable>;

/** The table `[access]` of portal.toml. */
export const accessTable = strictTable({
  provider: z
    .array(providerTable, {
      error: 'write [[access.provider]], with double brackets, once for each provider',
    })
    .max(50, 'has more than 50 providers')
    .default([])
    .describe('one table for each OpenID Connect provider at which people sign in'),
  rule: z
    .array(ruleTable, { error: 'write [[access.rule]], with double brackets, once for each rule' })
    .max(1000, 'has more than 1000 rules')
    .default([])
    .describe('one table for each rule that gives a role to people with a claim'),
  trusted_proxies: z
    .array(
      z.string().refine((one) => parseAddresses([one]) !== undefined, {
        error: 'is neither an address nor a network such as 10.0.0.0/8',
      }),
      { error: 'must be a list of addresses and networks such as ["10.0.0.0/8"]' },
    )
    .max(1000, 'has more than 1000 addresses')
    .default([])
    .describe('addresses and networks of the proxies in front: only their headers count'),
  proxy: proxyTable.optional().describe('a proxy in front that signs people in'),
  metrics_token_file: text('')
    .optional()
    .describe('file with the token of /metrics; without it, /metrics needs an operator or auditor'),
  session_idle_hours: whole('hours', 168, DEFAULT_POLICY.sessionIdleMs).describe(
    'a session ends when it was not used for this long',
  ),
  session_days: whole('days', 90, DEFAULT_POLICY.sessionMs).describe(
    'a session ends this long after its sign-in',
  ),
  claims_days: whole('days', 3650, DEFAULT_POLICY.claimsMs).describe(
    'tokens of a person rest when the person has not signed in for this long',
  ),
  audit_days: whole('days', 36_500, DEFAULT_POLICY.auditMs).describe('how long the audit keeps its rows'),
  audit_address_days: whole('days', 36_500, DEFAULT_POLICY.auditAddressMs).describe(
    'how long the audit keeps the addresses that requests came from',
  ),
})
  .optional()
  .describe('who may read what; without it, anyone who reaches the portal reads everything');

type AccessTable = NonNullable<z.output<typeof accessTable>>;

/** Reads the files that the table names. Throws `UserError` for them, and for tables that contradict one another. */
export function resolveAccess(
  table: AccessTable | undefined,
  configFile: string | undefined,
): AccessConfig | undefined {
  if (table === undefined) return undefined;
  const folder = configFile === undefined ? '.' : dirname(configFile);
  const secretIn = (file: string | undefined, key: string) =>
    file === undefined ? undefined : readSecret(resolve(folder, file), key);
  return {
    policy: policyOf(table, configFile ?? 'configuration'),
    providers: table.provider.map(({ name, title, issuer, client_id, client_secret_file, scopes }) => ({
      name,
      title: title ?? name,
      issuer,
      clientId: client_id,
      clientSecret: secretIn(client_secret_file, `provider '${name}': client_secret_file`),
      scopes,
    })),
    trustedProxies: table.trusted_proxies,
    proxy:
      table.proxy === undefined
        ? undefined
        : {
            userHeader: table.proxy.user_header,
            groupsHeader: table.proxy.groups_header,
            issuer: table.proxy.issuer,
          },
    metricsToken: secretIn(table.metrics_token_file, 'access.metrics_token_file'),
  };
}

/** Reads only the rules and times of the table, and no secrets. Throws `UserError`. */
export function resolvePolicy(
  table: AccessTable | undefined,
  configFile: string | undefined,
): AccessPolicy | undefined {
  return table === undefined ? undefined : policyOf(table, configFile ?? 'configuration');
}

function readSecret(path: string, key: string): string {
  let secret: string;
  try {
    secret = readTextFile(path).trim();
  } catch (error) {
    throw new UserError(`cannot read ${key}: ${describeError(error)}`, { cause: error });
  }
  if (!/^[\x21-\x7e]{8,4096}$/.test(secret))
    throw new UserError(
      `${key}: ${path} holds no secret: it is one line of 8 ASCII characters or more, without spaces`,
    );
  return secret;
}

function refuseDoubles({ provider, proxy, trusted_proxies: trusted }: AccessTable, where: string): void {
  const names = provider.map(({ name }) => name);
  const double = names.find((name, index) => names.indexOf(name) < index);
  if (double !== undefined)
    throw new UserError(`${where}: there are two providers '${double}'; give each a name of its own`);
  const issuers = issuersOf({ provider, proxy });
  const same = issuers.find((issuer, index) => issuers.indexOf(issuer) < index);
  if (same !== undefined)
    throw new UserError(`${where}: two providers have the issuer ${same}; remove one of them`);
  if (proxy !== undefined && trusted.length === 0)
    throw new UserError(
      `${where}: access.trusted_proxies: missing; name the addresses of the proxy whose headers say who asks`,
    );
}

function issuersOf({ provider, proxy }: Pick<AccessTable, 'provider' | 'proxy'>): string[] {
  return [...provider, ...(proxy === undefined ? [] : [proxy])].map(({ issuer }) => issuer);
}

function policyOf(table: AccessTable, where: string): AccessPolicy {
  refuseDoubles(table, where);
  return {
    issuers: issuersOf(table),
    rules: table.rule.map((rule, index) => ruleOf(rule, index, table, where)),
    sessionIdleMs: table.session_idle_hours * HOUR_MS,
    sessionMs: table.session_days * DAY_MS,
    claimsMs: table.claims_days * DAY_MS,
    auditMs: table.audit_days * DAY_MS,
    auditAddressMs: table.audit_address_days * DAY_MS,
  };
}

function ruleOf(rule: RuleTable, index: number, { provider, proxy }: AccessTable, where: string): ClaimRule {
  const place = `access.rule[${index + 1}]`;
  const wrong = (message: string) => new UserError(`${where}: ${place}${message}`);
  if ((rule.equals === undefined) === (rule.includes === undefined))
    throw wrong(': write either equals or includes');
  const [test, compared] =
    rule.equals === undefined ? (['includes', rule.includes] as const) : (['equals', rule.equals] as const);
  const named = provider.find(({ name, issuer: url }) => [name, url].includes(rule.issuer))?.issuer;
  const issuer = named ?? (proxy?.issuer === rule.issuer ? proxy.issuer : undefined);
  if (issuer === undefined) throw wrong(`.issuer: ${unknownIssuer(rule.issuer, provider)}`);
  const role = roleOf(rule, compared ?? '');
  if (typeof role === 'string') throw wrong(role);
  return { place, issuer, claim: rule.claim, test, text: compared ?? '', role };
}

function unknownIssuer(issuer: string, providers: readonly { name: string }[]): string {
  const names = providers.map(({ name }) => name);
  const nearest = nearestName(issuer, names);
  const known = names.length === 0 ? 'there is no [[access.provider]]' : `known are ${names.join(', ')}`;
  return `no provider is '${issuer}'; ${nearest === undefined ? known : `did you mean '${nearest}'?`}`;
}

/** The role of a rule, or the fault of the rule. A capture stands where the name of the site or grant would stand. */
function roleOf({ role, site, grant }: RuleTable, compared: string): Role | string {
  const captures = compared.match(/\{\w+\}/g) ?? [];
  const key = role === 'site' ? 'site' : role === 'lead' || role === 'member' ? 'grant' : undefined;
  const foreign = captures.find((capture) => capture !== `{${key}}`);
  if (foreign !== undefined && hasCapture(foreign)) return `: ${foreign} does not fit the role ${role}`;
  if (captures.filter(hasCapture).length > 1) return `: {${key}} may stand in the text once`;
  for (const [name, value] of Object.entries({ site, grant }))
    if (value !== undefined && name !== key) return `.${name}: the role ${role} has no ${name}`;
  if (key === undefined) return { role: role as 'operator' | 'auditor' };
  const name = key === 'site' ? site : grant;
  if ((name === undefined) !== hasCapture(compared))
    return `: the role ${role} needs either ${key} or {${key}} in its text`;
  return key === 'site'
    ? { role: 'site', site: name ?? '' }
    : { role: role as 'lead' | 'member', grant: name ?? '' };
}
