import type { ServerState } from '../../model/server-life.ts';
import { vmStateOf } from '../../model/server-record.ts';
import { formatMicroseconds } from '../context/exchange.ts';
import type { UsageWindow } from './nova-time.ts';

interface ProjectUsage {
  tenant_id: string;
  server_usages?: unknown[];
  total_local_gb_usage: number;
  total_vcpus_usage: number;
  total_memory_mb_usage: number;
  total_hours: number;
  start: string;
  stop: string;
}

/** Adds up the servers by project, in their order. `start` and `stop` of an answer are the counted window. */
export function describeUsage(
  servers: readonly ServerState[],
  window: UsageWindow,
  nowMs: number,
  detailed: boolean,
): ProjectUsage[] {
  const usages = new Map<string, ProjectUsage>();
  for (const server of servers) {
    const { projectId } = server.life;
    const usage = usages.get(projectId) ?? emptyUsage(projectId, window, detailed);
    usages.set(projectId, usage);
    addServer(usage, server, window, nowMs);
  }
  return [...usages.values()];
}

function emptyUsage(projectId: string, { startMs, endMs }: UsageWindow, detailed: boolean): ProjectUsage {
  return {
    tenant_id: projectId,
    ...(detailed ? { server_usages: [] } : {}),
    total_local_gb_usage: 0,
    total_vcpus_usage: 0,
    total_memory_mb_usage: 0,
    total_hours: 0,
    start: formatMicroseconds(startMs),
    stop: formatMicroseconds(endMs),
  };
}

function addServer(usage: ProjectUsage, server: ServerState, window: UsageWindow, nowMs: number): void {
  const { flavor } = server;
  const hours = hoursOf(server, window);
  const localGb = flavor.diskGb + flavor.ephemeralGb;
  usage.total_local_gb_usage += localGb * hours;
  usage.total_vcpus_usage += flavor.vcpus * hours;
  usage.total_memory_mb_usage += flavor.memoryMb * hours;
  usage.total_hours += hours;
  usage.server_usages?.push(describeServerUsage(server, hours, localGb, nowMs));
}

/** The server's hours in the window. Like in Nova, negative if the window starts after its end. */
function hoursOf({ launchedMs, deletedMs }: ServerState, { startMs, endMs }: UsageWindow): number {
  if (deletedMs !== undefined && deletedMs < startMs) return 0;
  if (launchedMs > endMs) return 0;
  const stopMs = deletedMs === undefined ? endMs : Math.min(endMs, deletedMs);
  return (stopMs - Math.max(launchedMs, startMs)) / 1000 / 3600;
}

function describeServerUsage(server: ServerState, hours: number, localGb: number, nowMs: number) {
  const { life, flavor, launchedMs, deletedMs } = server;
  return {
    hours,
    flavor: flavor.name,
    instance_id: life.id,
    name: life.name,
    tenant_id: life.projectId,
    memory_mb: flavor.memoryMb,
    local_gb: localGb,
    vcpus: flavor.vcpus,
    started_at: formatMicroseconds(launchedMs),
    ended_at: deletedMs === undefined ? null : formatMicroseconds(deletedMs),
    state: deletedMs === undefined ? vmStateOf(server) : 'terminated',
    uptime: Math.trunc(((deletedMs ?? nowMs) - launchedMs) / 1000),
  };
}
