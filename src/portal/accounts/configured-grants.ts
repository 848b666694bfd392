import type { Grant } from '../ledger/ledger.ts';
import type { PresentGrant } from './grants/grant.ts';

/** The `[[grant]]` tables of portal.toml as grants without title, period, people and allowances. */
export function configuredGrants(grants: readonly Grant[]): PresentGrant[] {
  return grants.map(({ name, projects }) => ({
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
  }));
}
