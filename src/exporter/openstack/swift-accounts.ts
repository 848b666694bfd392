import pLimit from 'p-limit';
import { NotFound, ServiceError, ServiceMissing } from './service-error.ts';
import type { Session } from './session.ts';

const REQUESTS_AT_ONCE = 4;

/**
 * Bytes in the object store of each of these projects: `HEAD` of its account, of Swift or radosgw, which takes the
 * reseller's role for other projects than the token's. Without those that have no account, since they never stored anything.
 * Throws `ServiceForbidden`, or `ServiceMissing` where there is no account at all, and no counts where one can't be read.
 */
export async function readStoredBytes(
  session: Session,
  projectIds: readonly string[],
): Promise<Map<string, number>> {
  const { projectId: own } = await session.signIn();
  const limit = pLimit(REQUESTS_AT_ONCE);
  const bytes = await limit.map(projectIds, async (id) => await readAccount(session, id, own));
  const known = new Map<string, number>();
  for (const [index, id] of projectIds.entries()) {
    const stored = bytes[index];
    if (stored !== undefined) known.set(id, stored);
  }
  if (known.size === 0 && projectIds.length > 0)
    throw new ServiceMissing(
      'the object store has an account of none of the projects: nothing is stored there',
    );
  return known;
}

async function readAccount(
  session: Session,
  projectId: string,
  own: string | undefined,
): Promise<number | undefined> {
  try {
    const path = (base: string) => accountPath(base, projectId, own);
    const { headers } = await session.get({ service: 'object-store', method: 'HEAD', path });
    return parseBytes(headers['x-account-bytes-used']);
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

/** The catalog has the account of the token's project, `/v1/AUTH_<project>`: another's stands in its place. */
export function accountPath(base: string, projectId: string, own: string | undefined): string {
  if (base === '') return `/AUTH_${projectId}`;
  const match = own === undefined ? undefined : /^(.*\/)([^/]*)$/.exec(base);
  if (match?.[2] === undefined || own === undefined || !match[2].endsWith(own))
    throw new ServiceMissing(
      `the object store's address ${base} names no account: set rgw_swift_account_in_url in radosgw, or an address with AUTH_%(tenant_id)s in the catalog`,
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
