import { DEFAULT_POLICY } from '../../portal/access/access-policy.ts';
import type { ClaimRule } from '../../portal/access/rights/claim-rules.ts';
import type { Role } from '../../portal/access/rights/roles.ts';
import type { AccessConfig } from '../../portal/settings/access-settings.ts';
import { DEMO_CLIENT } from '../identity/demo-provider.ts';

/** The identity provider of the demo, at its usual address. */
export const PROVIDER = { name: 'demo', address: { host: '127.0.0.1', port: 8082 } };

/** What `[access]` in a portal.toml would say for this provider: roles come from the groups of a person. */
export function demoAccess(issuer: string): AccessConfig {
  const rule = (text: string, role: Role): ClaimRule => ({
    place: 'the demo',
    issuer,
    claim: 'groups',
    test: 'includes',
    text,
    role,
  });
  return {
    policy: {
      ...DEFAULT_POLICY,
      issuers: [issuer],
      rules: [
        rule('operators', { role: 'operator' }),
        rule('auditors', { role: 'auditor' }),
        rule('sites/{site}', { role: 'site', site: '' }),
        rule('grants/{grant}', { role: 'lead', grant: '' }),
      ],
    },
    providers: [
      {
        name: PROVIDER.name,
        title: 'the identity provider of the demo',
        issuer,
        ...DEMO_CLIENT,
        scopes: ['openid', 'groups'],
      },
    ],
    trustedProxies: [],
    proxy: undefined,
    metricsToken: undefined,
  };
}
