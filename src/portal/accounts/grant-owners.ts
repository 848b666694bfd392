import type { Grant } from '../ledger/ledger.ts';
import { isWhole, type VisibleGrant } from './grants/visible.ts';

/** Who answers for usage. Each key stands for one or several of the next. */
export const OWNER_KEYS = ['institution', 'account', 'grant'] as const;
type OwnerKey = (typeof OWNER_KEYS)[number];

/** The owners of a row, as far as the question asks. Null for usage without one. */
export type Owner = { [Key in OwnerKey]?: string | null };

export interface Owners {
  /** In groups of the last key that the question asks for: a row of the ledger is about one group. */
  grants: readonly Grant[];
  ownerOf: (group: string | null | undefined) => Owner;
}

/** Whose usage each row is, for a question with rows by these keys. */
export function ownersBy(by: ReadonlySet<string>, grants: readonly VisibleGrant[]): Owners {
  const asked = OWNER_KEYS.filter((key) => by.has(key));
  const last = asked.at(-1);
  if (last === undefined) return { grants, ownerOf: () => ({}) };
  const ownerWith = (nameOf: (key: OwnerKey) => string): Owner =>
    Object.fromEntries(asked.map((key) => [key, nameOf(key) || null]));
  const nobody = ownerWith(() => '');
  const owners = new Map(
    grants.map((grant) => [nameIn(grant, last), ownerWith((key) => nameIn(grant, key))]),
  );
  return {
    grants: last === 'grant' ? grants : grants.map((grant) => ({ ...grant, group: nameIn(grant, last) })),
    ownerOf: (group) => owners.get(group ?? '') ?? nobody,
  };
}

/** '' for a grant without an account, and for one of which one sees a part only. */
function nameIn(grant: VisibleGrant, key: OwnerKey): string {
  if (key === 'grant') return grant.name;
  return (isWhole(grant) ? grant[key] : undefined) ?? '';
}
