import { z } from 'zod';
import { linksSchema } from './session/links-schema.ts';
import { microversionHeaders, requireMicroversion } from './session/nova-microversion.ts';
import { parseNovaTime } from './session/nova-time.ts';
import { nextMarker, parseBody, readPages } from './session/pages.ts';
import { NotFound, ServiceError } from './session/service-error.ts';
import type { Session } from './session/session.ts';

/** From 2.47 on a server carries its flavor's extra specs, and from 2.69 on one in a cell that is down is not left out. */
const MICROVERSION = '2.69';

export interface NovaServer {
  id: string;
  projectId: string;
  metadata: Readonly<Record<string, string>>;
  /** Its last launch; undefined where Nova does not say, or has not launched it yet. */
  launchedMs: number | undefined;
  /** Its own: that which it was built or last resized with, whatever the flavor of that name is by now. */
  flavor: {
    name: string;
    /** Undefined where the role may not read them. */
    extraSpecs: Readonly<Record<string, string>> | undefined;
  };
}

export interface ServersQuery {
  /** False: those of the token's own project, which needs no right beyond it. */
  allProjects: boolean;
  /** One project only. */
  projectId?: string;
  /** Only those that changed since: then deleted ones too, as long as Nova has them. */
  changesSinceMs?: number;
  /** Servers a page; Nova's own limit where undefined. */
  pageSize?: number | undefined;
}

const textRecord = z.record(z.string(), z.string());
const serverSchema = z.object({
  id: z.string(),
  tenant_id: z.string(),
  metadata: textRecord,
  'OS-SRV-USG:launched_at': z.string().nullish(),
  flavor: z.object({ original_name: z.string(), extra_specs: textRecord.optional() }),
});
const downSchema = z.object({ id: z.string(), status: z.literal('UNKNOWN') });
/** One in a cell that is down may have a flavor, but never metadata. */
const oneSchema = z.union([serverSchema, downSchema]);
const pageSchema = z.object({
  servers: z.array(oneSchema),
  servers_links: linksSchema,
});

/** Servers that live, or changed since: Nova's `GET /servers/detail`, every page of it, or an error. */
export async function readServers(session: Session, query: ServersQuery): Promise<NovaServer[]> {
  return await readPages('Nova', async (marker) => {
    const answer = await session.get({
      service: 'compute',
      path: '/servers/detail',
      query: { ...parameters(query), ...(marker === undefined ? {} : { marker }) },
      headers: microversionHeaders(MICROVERSION),
    });
    requireMicroversion(answer, MICROVERSION, 'list of servers');
    const page = parseBody(pageSchema, answer.body, "Nova's list of servers");
    return { items: page.servers.map(describe), nextMarker: nextMarker('Nova', page.servers_links) };
  });
}

/** One server, or undefined where Nova does not show it any more. Throws where its cell is down. */
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
    throw new ServiceError(`Nova can't describe server ${server.id}: the cell that has it is down`);
  const { id, tenant_id: projectId, metadata, flavor } = server;
  const launchedMs = parseNovaTime(server['OS-SRV-USG:launched_at'] ?? '');
  const own = { name: flavor.original_name, extraSpecs: flavor.extra_specs };
  return { id, projectId, metadata, launchedMs, flavor: own };
}
