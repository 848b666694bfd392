import { z } from 'zod';
import type { AnswerTiming, HttpAnswer } from './session/http.ts';
import { linksSchema } from './session/links-schema.ts';
import { microversionHeaders, requireMicroversion } from './session/nova-microversion.ts';
import { formatNovaTime, novaTime } from './session/nova-time.ts';
import { nextMarker, parseBody, readPages } from './session/pages.ts';
import type { Session } from './session/session.ts';

/** Usage has pages from 2.40 on. Nova cuts older answers at its `max_limit` without saying so. */
const MICROVERSION = '2.40';
const PATH = '/os-simple-tenant-usage';

/** A server in the answer: its last launch, its end if it was deleted, and its flavor. */
export interface ServerUsage {
  id: string;
  projectId: string;
  launchedMs: number;
  endedMs: number | undefined;
  /** Name of the server's flavor. */
  flavorName: string;
  /** Nova's `vm_state` at the time of the answer, or `terminated`. */
  state: string;
  vcpus: number;
  memoryMb: number;
  /** GiB of root and ephemeral disk. */
  diskGb: number;
}

export interface UsageQuery {
  startMs: number;
  endMs: number;
  /** Servers per page; undefined for Nova's own limit. */
  pageSize: number | undefined;
}

export interface UsageAnswer {
  servers: ServerUsage[];
  /** The smallest end that Nova used. It is before the requested end if that was in Nova's future. */
  stopMs: number | undefined;
  /** The times of the first page. */
  timing: AnswerTiming;
}

/**
 * All servers that ran within the window: all pages of Nova's `GET /os-simple-tenant-usage`. Throws if a page is incomplete. Takes
 * only the marker from the link to the next page, so that start and end stay the same.
 */
export async function readServerUsage(session: Session, query: UsageQuery): Promise<UsageAnswer> {
  return await readUsage(query, async (parameters) => {
    const answer = await ask(session, PATH, { ...parameters, detailed: '1' });
    return parsePage(answer, parseBody(pageSchema, answer.body, "Nova's usage"));
  });
}

/**
 * All servers of one project that ran within the window: `GET /os-simple-tenant-usage/PROJECT`, which its members may
 * read.
 */
export async function readProjectUsage(
  session: Session,
  projectId: string,
  query: UsageQuery,
): Promise<UsageAnswer> {
  return await readUsage(query, async (parameters) => {
    const answer = await ask(session, `${PATH}/${encodeURIComponent(projectId)}`, parameters);
    const page = parseBody(projectPageSchema, answer.body, "Nova's usage");
    const tenant_usages = page.tenant_usage === undefined ? [] : [page.tenant_usage];
    return parsePage(answer, { tenant_usages, tenant_usages_links: page.tenant_usage_links });
  });
}

/** Joins the answers for several projects. The times are those of the first answer. */
export function joinUsage(answers: readonly [UsageAnswer, ...UsageAnswer[]]): UsageAnswer {
  const [earliest] = [...answers].sort((a, b) => a.timing.sentMs - b.timing.sentMs);
  const { timing } = earliest ?? answers[0];
  return {
    servers: answers.flatMap(({ servers }) => servers),
    stopMs: answers.map(({ stopMs }) => stopMs).reduce(smaller, undefined),
    timing,
  };
}

interface UsagePage {
  items: ServerUsage[];
  stopMs: number | undefined;
  timing: AnswerTiming;
  nextMarker: string | undefined;
}

async function readUsage(
  query: UsageQuery,
  readPage: (parameters: Record<string, string>) => Promise<UsagePage>,
): Promise<UsageAnswer> {
  let first: UsagePage | undefined;
  let stopMs: number | undefined;
  const servers = new Map<string, ServerUsage>();
  const found = await readPages('Nova', async (marker) => {
    const page = await readPage(pageParameters(query, marker));
    first ??= page;
    stopMs = smaller(stopMs, page.stopMs);
    return page;
  });
  for (const server of found) servers.set(server.id, later(server, servers.get(server.id)));
  const { timing } = first as UsagePage; // there is at least one page
  return { servers: [...servers.values()], stopMs, timing };
}

function pageParameters(query: UsageQuery, marker: string | undefined): Record<string, string> {
  return {
    start: formatNovaTime(query.startMs),
    end: formatNovaTime(query.endMs),
    ...(query.pageSize === undefined ? {} : { limit: String(query.pageSize) }),
    ...(marker === undefined ? {} : { marker }),
  };
}

async function ask(session: Session, path: string, query: Record<string, string>): Promise<HttpAnswer> {
  const headers = microversionHeaders(MICROVERSION);
  const answer = await session.get({ service: 'compute', path, query, headers });
  requireMicroversion(answer, MICROVERSION, 'usage');
  return answer;
}

const amount = z.int().nonnegative();

const usageSchema = z.object({
  tenant_id: z.string(),
  stop: novaTime,
  server_usages: z.array(
    z.object({
      instance_id: z.string(),
      flavor: z.string(),
      state: z.string(),
      started_at: novaTime.nullable(),
      ended_at: novaTime.nullable(),
      vcpus: amount,
      memory_mb: amount,
      local_gb: amount,
    }),
  ),
});
const pageSchema = z.object({ tenant_usages: z.array(usageSchema), tenant_usages_links: linksSchema });
/** A project without servers in the window is an empty object. */
const projectPageSchema = z.object({
  tenant_usage: z.union([usageSchema, z.strictObject({}).transform(() => undefined)]),
  tenant_usage_links: linksSchema,
});

function parsePage(
  { timing }: HttpAnswer,
  { tenant_usages: usages, tenant_usages_links: links }: z.output<typeof pageSchema>,
): UsagePage {
  return {
    items: usages.flatMap(serversOf),
    stopMs: usages.map(({ stop }) => stop).reduce<number | undefined>(smaller, undefined),
    timing,
    nextMarker: nextMarker('Nova', links),
  };
}

function serversOf(usage: z.output<typeof usageSchema>): ServerUsage[] {
  const servers: ServerUsage[] = [];
  for (const server of usage.server_usages) {
    if (server.started_at === null) continue; // it was never launched, so it uses nothing
    servers.push({
      id: server.instance_id,
      projectId: usage.tenant_id,
      launchedMs: server.started_at,
      endedMs: server.ended_at ?? undefined,
      flavorName: server.flavor,
      state: server.state,
      vcpus: server.vcpus,
      memoryMb: server.memory_mb,
      diskGb: server.local_gb,
    });
  }
  return servers;
}

/** A server that moves between two cells is in both. It counts once, with its last launch. */
function later(server: ServerUsage, other: ServerUsage | undefined): ServerUsage {
  return other !== undefined && other.launchedMs > server.launchedMs ? other : server;
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
