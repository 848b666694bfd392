import { z } from 'zod';
import type { AnswerTiming, HttpAnswer } from './http.ts';
import { formatNovaTime, parseNovaTime } from './nova-time.ts';
import { ServiceError } from './service-error.ts';
import type { Session } from './session.ts';

/** Usage has pages from 2.40 on; older answers are cut at Nova's `max_limit` without a sign. */
const MICROVERSION = '2.40';
const PATH = '/os-simple-tenant-usage';

/** A server in the answer: its last launch, its end where it was deleted, and its flavor. */
export interface ServerUsage {
  id: string;
  projectId: string;
  launchedMs: number;
  endedMs: number | undefined;
  vcpus: number;
  memoryMb: number;
  /** GiB of root and ephemeral disk. */
  diskGb: number;
}

export interface UsageQuery {
  startMs: number;
  endMs: number;
  /** Servers a page; Nova's own limit where undefined. */
  pageSize: number | undefined;
}

export interface UsageAnswer {
  servers: ServerUsage[];
  /** The smallest end that Nova says it used; below the one asked for when that was in its future. */
  stopMs: number | undefined;
  /** Of the first page. */
  timing: AnswerTiming;
}

/**
 * All servers that ran within the window: Nova's `GET /os-simple-tenant-usage`, every page of it, or an error.
 * Only the marker is taken from a page's link: start and end stay those of the first page.
 */
export async function readServerUsage(session: Session, query: UsageQuery): Promise<UsageAnswer> {
  const servers = new Map<string, ServerUsage>();
  const markers = new Set<string>();
  let stopMs: number | undefined;
  let timing: AnswerTiming | undefined;
  let marker: string | undefined;
  do {
    const answer = await readPage(session, query, marker);
    const page = parsePage(answer);
    timing ??= answer.timing;
    stopMs = smaller(stopMs, page.stopMs);
    for (const server of page.servers) servers.set(server.id, later(server, servers.get(server.id)));
    marker = page.nextMarker;
    if (marker !== undefined && markers.has(marker))
      throw new ServiceError(`Nova's pages of usage go round in circles at marker ${marker}`);
    if (marker !== undefined) markers.add(marker);
  } while (marker !== undefined);
  return { servers: [...servers.values()], stopMs, timing };
}

async function readPage(
  session: Session,
  query: UsageQuery,
  marker: string | undefined,
): Promise<HttpAnswer> {
  return await session.get({
    service: 'compute',
    path: PATH,
    query: {
      start: formatNovaTime(query.startMs),
      end: formatNovaTime(query.endMs),
      detailed: '1',
      ...(query.pageSize === undefined ? {} : { limit: String(query.pageSize) }),
      ...(marker === undefined ? {} : { marker }),
    },
    headers: {
      'openstack-api-version': `compute ${MICROVERSION}`,
      'x-openstack-nova-api-version': MICROVERSION,
    },
  });
}

const novaTime = z.string().transform((text, context) => {
  const instantMs = parseNovaTime(text);
  if (instantMs !== undefined) return instantMs;
  context.addIssue({ code: 'custom', message: `'${text.slice(0, 40)}' is not a time` });
  return z.NEVER;
});

const amount = z.int().nonnegative();

const pageSchema = z.object({
  tenant_usages: z.array(
    z.object({
      tenant_id: z.string(),
      stop: novaTime,
      server_usages: z.array(
        z.object({
          instance_id: z.string(),
          started_at: novaTime.nullable(),
          ended_at: novaTime.nullable(),
          vcpus: amount,
          memory_mb: amount,
          local_gb: amount,
        }),
      ),
    }),
  ),
  tenant_usages_links: z.array(z.object({ rel: z.string(), href: z.string() })).optional(),
});

interface Page {
  servers: ServerUsage[];
  stopMs: number | undefined;
  nextMarker: string | undefined;
}

function parsePage(answer: HttpAnswer): Page {
  requirePaging(answer);
  const parsed = pageSchema.safeParse(answer.body);
  if (!parsed.success) throw new ServiceError(`Nova's usage has another form: ${firstIssue(parsed.error)}`);
  const { tenant_usages: usages, tenant_usages_links: links } = parsed.data;
  const next = links?.find(({ rel }) => rel === 'next');
  return {
    servers: usages.flatMap(serversOf),
    stopMs: usages.map(({ stop }) => stop).reduce<number | undefined>(smaller, undefined),
    nextMarker: next && markerOf(next.href),
  };
}

/** A Nova, or something before it, that passes over the microversion would answer without pages: perhaps cut. */
function requirePaging({ headers }: HttpAnswer): void {
  const spoken = headers['openstack-api-version'] ?? headers['x-openstack-nova-api-version'] ?? 'none';
  if (spoken.split(' ').at(-1) !== MICROVERSION)
    throw new ServiceError(
      `Nova was asked for microversion ${MICROVERSION} and answers with ${spoken}: its usage may be incomplete`,
    );
}

function serversOf(usage: z.output<typeof pageSchema>['tenant_usages'][number]): ServerUsage[] {
  const servers: ServerUsage[] = [];
  for (const server of usage.server_usages) {
    if (server.started_at === null) continue; // never launched, uses nothing
    servers.push({
      id: server.instance_id,
      projectId: usage.tenant_id,
      launchedMs: server.started_at,
      endedMs: server.ended_at ?? undefined,
      vcpus: server.vcpus,
      memoryMb: server.memory_mb,
      diskGb: server.local_gb,
    });
  }
  return servers;
}

function markerOf(href: string): string {
  const marker = URL.canParse(href, 'http://nova')
    ? new URL(href, 'http://nova').searchParams.get('marker')
    : null;
  if (marker === null || marker === '') throw new ServiceError("Nova's link to the next page has no marker");
  return marker;
}

/** A server that is in two cells while it moves between them counts once, as launched last. */
function later(server: ServerUsage, other: ServerUsage | undefined): ServerUsage {
  return other !== undefined && other.launchedMs > server.launchedMs ? other : server;
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? 'unknown' : `${issue.path.join('.')}: ${issue.message}`;
}
