import { z } from 'zod';
import { linksSchema } from './session/links-schema.ts';
import { microversionHeaders, requireMicroversion } from './session/nova-microversion.ts';
import { novaTime } from './session/nova-time.ts';
import { nextMarker, parseBody, readPages } from './session/pages.ts';
import { NotFound, ServiceError } from './session/service-error.ts';
import type { Session } from './session/session.ts';

/** A server has its flavor's extra specs from 2.47 on. From 2.69 on, Nova also lists the servers of a cell that is down. */
const MICROVERSION = '2.69';

export interface NovaServer {
  id: string;
  projectId: string;
  metadata: Readonly<Record<string, string>>;
  /** The last launch; undefined before the first launch, or if Nova does not tell it. */
  launchedMs: number | undefined;
  /** Undefined while it lives. */
  endedMs: number | undefined;
  /** Nova's `vm_state`. */
  state: string;
  /** Whether Nova is at work on it. */
  isBusy: boolean;
  /** When Nova last wrote anything of it. */
  changedMs: number;
  /** The server's own flavor, with which it was built or last resized. Today's flavor of that name may differ. */
  flavor: {
    name: string;
    vcpus: number;
    memoryMb: number;
    /** GiB of the root disk. */
    diskGb: number;
    ephemeralGb: number;
    swapMb: number;
    /** Undefined if the role may not read them. */
    extraSpecs: Readonly<Record<string, string>> | undefined;
  };
}

export interface ServersQuery {
  /** True for all projects, false for the token's own project only, which needs no further right. */
  allProjects: boolean;
  /** Only the servers of this project. */
  projectId?: string;
  /** Only the servers that changed since then, with deleted ones as long as Nova keeps them. */
  changesSinceMs?: number;
  /** Servers per page; undefined for Nova's own limit. */
  pageSize?: number | undefined;
}

const amount = z.int().nonnegative();
const textRecord = z.record(z.string(), z.string());
const serverSchema = z.object({
  id: z.string(),
  tenant_id: z.string(),
  metadata: textRecord,
  updated: z.iso.datetime(),
  'OS-SRV-USG:launched_at': novaTime.nullish(),
  'OS-SRV-USG:terminated_at': novaTime.nullish(),
  'OS-EXT-STS:vm_state': z.string(),
  'OS-EXT-STS:task_state': z.string().nullable(),
  flavor: z.object({
    original_name: z.string(),
    vcpus: amount,
    ram: amount,
    disk: amount,
    ephemeral: amount,
    swap: amount,
    extra_specs: textRecord.optional(),
  }),
});
const downSchema = z.object({ id: z.string(), status: z.literal('UNKNOWN') });
/** A server in a cell that is down may have a flavor, but never metadata. */
const oneSchema = z.union([serverSchema, downSchema]);
const pageSchema = z.object({
  servers: z.array(oneSchema),
  servers_links: linksSchema,
});

/** The living or changed servers: all pages of Nova's `GET /servers/detail`. Throws if a page is incomplete. */
export async function readServers(session: Session, query: ServersQuery): Promise<NovaServer[]> {
  return await readServersAs(session, query, (server) => server);
}

/** The same with only what `pick` takes of each server, so that large lists need little memory. */
export async function readServersAs<T>(
  session: Session,
  query: ServersQuery,
  pick: (server: NovaServer) => T,
): Promise<T[]> {
  return await readPages('Nova', async (marker) => {
    const answer = await session.get({
      service: 'compute',
      path: '/servers/detail',
      query: { ...parameters(query), ...(marker === undefined ? {} : { marker }) },
      headers: microversionHeaders(MICROVERSION),
    });
    requireMicroversion(answer, MICROVERSION, 'list of servers');
    const page = parseBody(pageSchema, answer.body, "Nova's list of servers");
    return {
      items: page.servers.map((server) => pick(describe(server))),
      nextMarker: nextMarker('Nova', page.servers_links),
    };
  });
}

/** One server; undefined if Nova does not show it any more. Throws if its cell is down. */
export async function readServer(session: Session, id: string): Promise<NovaServer | undefined> {
  try {
    const headers = microversionHeaders(MICROVERSION);
    const path = `/servers/${encodeURIComponent(id)}`;
    const answer = await session.get({ service: 'compute', path, headers });
    requireMicroversion(answer, MICROVERSION, 'description of a server');
    return describe(parseBody(z.object({ server: oneSchema }), answer.body, "Nova's server").server);
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

function parameters({
  allProjects,
  projectId,
  changesSinceMs,
  pageSize,
}: ServersQuery): Record<string, string> {
  return {
    ...(allProjects ? { all_tenants: '1' } : {}),
    ...(allProjects && projectId !== undefined ? { project_id: projectId } : {}),
    ...(changesSinceMs === undefined ? {} : { 'changes-since': new Date(changesSinceMs).toISOString() }),
    ...(pageSize === undefined ? {} : { limit: String(pageSize) }),
  };
}

function describe(server: z.output<typeof pageSchema>['servers'][number]): NovaServer {
  if ('status' in server)
    throw new ServiceError(`Nova cannot describe server ${server.id}: its cell is down`);
  const { id, tenant_id: projectId, metadata, flavor } = server;
  return {
    id,
    projectId,
    metadata,
    launchedMs: server['OS-SRV-USG:launched_at'] ?? undefined,
    endedMs: server['OS-SRV-USG:terminated_at'] ?? undefined,
    state: server['OS-EXT-STS:vm_state'],
    isBusy: server['OS-EXT-STS:task_state'] !== null,
    changedMs: Date.parse(server.updated),
    flavor: {
      name: flavor.original_name,
      vcpus: flavor.vcpus,
      memoryMb: flavor.ram,
      diskGb: flavor.disk,
      ephemeralGb: flavor.ephemeral,
      swapMb: flavor.swap,
      extraSpecs: flavor.extra_specs,
    },
  };
}
