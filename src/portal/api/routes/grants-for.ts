import type { Accounts } from '../../accounts/accounts.ts';
import type { PresentGrant } from '../../accounts/grants/grant.ts';

/** The present grants, for a question by grant or about a grant. Others do not ask for them. */
export async function grantsFor(
  { by, grant }: { by?: ReadonlySet<string>; grant: string | undefined },
  accounts: Accounts,
): Promise<readonly PresentGrant[]> {
  return grant !== undefined || by?.has('grant') === true ? (await accounts.present()).grants : [];
}
