import pLimit from 'p-limit';
import { NotFound, ServiceError, ServiceForbidden, ServiceMissing } from './session/service-error.ts';
import type { SampledService } from './sampled-service.ts';
import type { Session } from './session/session.ts';

const REQUESTS_AT_ONCE = 4;
const GIB = 2 ** 30;

/**
 * Bytes in the object store by project: `HEAD` of the project's account in Swift or radosgw. Accounts of other projects than the
 * token's need the reseller's role. Leaves out projects without an account, because they never stored anything. Throws
 * `ServiceForbidden`, or `ServiceMissing` if no project has an account. Throws if any account cannot be read.
 */
export async function readStoredBytes(
  session: Session,
  projectIds: readonly string[],
): Promise<Map<string, number>> {
  const { projectId: own } = await session.signIn();
  const limit = pLimit(REQUESTS_AT_ONCE);
  const accounts = await limit.map(projectIds, async (id) => await readAccount(session, id, own));
  requireRight(accounts, own);
  const known = accounts.flatMap(({ id, bytes }) => (bytes === undefined ? [] : [[id, bytes] as const]));
  if (known.length === 0 && projectIds.length > 0)
    throw new ServiceMissing('no project has an account in the object store: nothing is stored there');
  return new Map(known);
}

interface Account {
  id: string;
  /** Undefined if the account does not exist or is refused. */
  bytes: number | undefined;
  isOfRadosgw?: boolean;
  refusal?: ServiceForbidden;
}

async function readAccount(session: Session, id: string, own: string | undefined): Promise<Account> {
  try {
    const path = (base: string) => accountPath(base, id, own);
    const { headers } = await session.get({ service: 'object-store', method: 'HEAD', path });
    const isOfRadosgw = headers['x-account-bytes-used-actual'] !== undefined;
    return { id, bytes: parseBytes(headers['x-account-bytes-used']), isOfRadosgw };
  } catch (error) {
    if (error instanceof NotFound) return { id, bytes: undefined };
    if (error instanceof ServiceForbidden) return { id, bytes: undefined, refusal: error };
    throw error;
  }
}

/**
 * radosgw answers the same for a missing account and for a missing right. A user who can read an account of others has
 * the right.
 */
function requireRight(accounts: readonly Account[], own: string | undefined): void {
  const refusal = accounts.find((account) => account.refusal !== undefined)?.refusal;
  if (refusal === undefined || accounts.some(({ id, isOfRadosgw }) => isOfRadosgw && id !== own)) return;
  throw new ServiceForbidden(
    `${refusal.message} (radosgw also answers so until one of these projects has stored something)`,
    { cause: refusal },
  );
}

/**
 * The path of a project's account. The catalog has the account of the token's project, `/v1/AUTH_<project>`; the id is
 * replaced.
 */
export function accountPath(base: string, projectId: string, own: string | undefined): string {
  if (base === '') return `/AUTH_${projectId}`;
  const match = own === undefined ? undefined : /^(.*\/)([^/]*)$/.exec(base);
  if (match?.[2] === undefined || own === undefined || !match[2].endsWith(own))
    throw new ServiceMissing(
      `the object store's address ${base} has no account: set rgw_swift_account_in_url in radosgw, or an address with AUTH_%(tenant_id)s in the catalog`,
    );
  return `${match[1]}${match[2].slice(0, -own.length)}${projectId}`;
}

function parseBytes(header: string | undefined): number {
  const bytes = header === undefined || !/^\d+$/.test(header) ? Number.NaN : Number(header);
  if (!Number.isSafeInteger(bytes))
    throw new ServiceError(
      `Swift answers HEAD of an account without a number of bytes (${header ?? 'none'})`,
    );
  return bytes;
}

export const storedObjects = {
  resource: 'object_gb',
  right: 'object storage of all projects',
  read: async (session, { projectIds }) => {
    const found = await readStoredBytes(session, await projectIds());
    return [...found].map(([projectId, bytes]) => ({
      resource: 'object_gb',
      projectId,
      amount: bytes / GIB,
      sinceMs: undefined,
    }));
  },
} as const satisfies SampledService;
