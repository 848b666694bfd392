import type { Me } from '../../src/portal/api/shapes/access-answers.ts';
import { OPERATOR, type CannedLedger } from './canned-portal.ts';

/** People of each kind other than an operator. */
export const PEOPLE: Readonly<Record<string, Me>> = {
  'a lead': of('grant climate names the person as lead', { role: 'lead', grant: 'climate' }),
  'a member': of('grant climate names the person as member', { role: 'member', grant: 'climate' }),
  'a site': of('groups includes "sites/{site}" gives site tübingen', { role: 'site', site: 'tübingen' }),
  'a funder with a token': {
    ...of('the roles of the token', { role: 'auditor' }),
    by: 'token',
    person: null,
  },
  'somebody without a role': { ...OPERATOR, rights: [], allowed: ['reads nothing'] },
  'anyone, if there is no sign-in': { ...OPERATOR, by: 'nothing', person: null, name: null },
};

function of(because: string, role: Me['rights'][number]['role']): Me {
  return { ...OPERATOR, name: null, rights: [{ role, because }], allowed: ['reads a part'] };
}

/** The part of a ledger that somebody sees: the balances of a site's grants, and the health of a grant's sites, are of others. */
export function seenBy({ rights }: Me, ledger: CannedLedger): CannedLedger {
  const [role = ''] = rights.map(({ role: one }) => one.role);
  const { sites, grants = [] } = ledger;
  if (role === 'site')
    return {
      ...ledger,
      sites: sites.filter(({ name }) => name === 'tübingen'),
      grants: grants.map((grant) => ({ ...grant, ...PART })),
    };
  if (!['lead', 'member'].includes(role)) return ledger;
  return {
    ...ledger,
    sites: sites.map((site) => ({ ...site, ...NO_HEALTH })),
    grants: grants.filter(({ name }) => name === 'climate'),
  };
}

const PART = { labels: null, people: null, balances: null, allowances: null, version: null };
const NO_HEALTH = { last_sweep_at: null, last_success_at: null, refused_series: null, anomalies: null };

/** Tokens of each kind of owner, and rows of the audit. */
export function cannedAccess(nowMs: number): Pick<CannedLedger, 'tokens' | 'audit'> {
  const at = (days: number) => new Date(nowMs + days * 86_400_000).toISOString();
  const token = { roles: [{ role: 'auditor' as const }], created: at(-30), created_by: 'person p-1' };
  const row = { at: at(-1), who: 'person p-1', outcome: 'done', address: '192.0.2.7' };
  return {
    tokens: [
      {
        ...token,
        id: 't-1',
        name: 'monthly bill',
        owner: { kind: 'person', person: 'p-1' },
        expires: at(60),
        last_used: at(-2),
      },
      {
        ...token,
        id: 't-2',
        name: 'dashboards',
        owner: { kind: 'installation' },
        expires: null,
        last_used: null,
      },
    ],
    audit: [
      { ...row, id: '2', what: 'token.create', object: 'token t-1' },
      {
        ...row,
        id: '1',
        what: 'sign-in',
        object: 'https://idp.example',
        outcome: 'refused: no session',
        address: null,
      },
    ],
  };
}
