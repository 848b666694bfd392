import type { Grant } from '../ledger/ledger.ts';
import type { Accounts } from './accounts.ts';
import type { PresentGrant } from './grants/grant.ts';

/** The accounts of a portal whose grants stand in its configuration file. */
export function configuredAccounts(grants: () => readonly Grant[]): Accounts {
  return { present: async () => ({ grants: grants().map(presentGrant), accounts: [] }) };
}

function presentGrant({ name, projects }: Grant): PresentGrant {
  return {
    name,
    title: undefined,
    account: undefined,
    fromMs: undefined,
    toMs: undefined,
    projects,
    people: [],
    labels: {},
    allowances: [],
    version: 0,
    changedMs: 0,
    author: '',
  };
}
