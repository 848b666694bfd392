import { NO_USAGE, type Amounts, type Usage } from './amounts.ts';
import type { MeterState, RememberedServer, UnreadFlavors } from './meter-state.ts';

/** Collects the time of servers whose GPUs cannot be counted yet. */
export function owing(before: UnreadFlavors = new Map()) {
  const owed = new Map([...before].map(([flavor, byProject]) => [flavor, new Map(byProject)]));
  return {
    add: (flavor: string, projectId: string, durationMs: number): void => {
      const byProject = owed.get(flavor) ?? new Map<string, bigint>();
      owed.set(flavor, byProject.set(projectId, (byProject.get(projectId) ?? 0n) + BigInt(durationMs)));
    },
    /** The part of a meter state that keeps this time. Empty where there is none. */
    left: (): Pick<MeterState, 'unreadFlavors'> => (owed.size === 0 ? {} : { unreadFlavors: owed }),
  };
}

/** Counts the GPUs of flavors that are known now. Returns the same state if none of the unread flavors is known. */
export function settleFlavors(state: MeterState, gpusOf: ReadonlyMap<string, number>): MeterState {
  const { unreadFlavors = new Map() as UnreadFlavors, ...rest } = state;
  const settled = [...unreadFlavors.keys()].filter((flavor) => gpusOf.has(flavor));
  const servers = settledServers(state.servers, gpusOf);
  if (settled.length === 0 && servers === state.servers) return state;
  const totals = new Map(state.totals);
  for (const flavor of settled) {
    for (const [projectId, durationMs] of unreadFlavors.get(flavor) ?? [])
      totals.set(projectId, withGpus(totals.get(projectId) ?? NO_USAGE, gpusOf.get(flavor) ?? 0, durationMs));
  }
  const left = new Map([...unreadFlavors].filter(([flavor]) => !gpusOf.has(flavor)));
  return { ...rest, totals, servers, ...(left.size === 0 ? {} : { unreadFlavors: left }) };
}

function withGpus(usage: Usage, gpus: number, durationMs: bigint): Usage {
  const used = Number.isInteger(gpus)
    ? BigInt(gpus) * durationMs
    : BigInt(Math.round(gpus * Number(durationMs)));
  return used === 0n ? usage : { ...usage, gpu: (usage.gpu ?? 0n) + used };
}

function settledServers(
  servers: MeterState['servers'],
  gpusOf: ReadonlyMap<string, number>,
): MeterState['servers'] {
  const isSettled = ({ unreadFlavor }: Amounts) => unreadFlavor !== undefined && gpusOf.has(unreadFlavor);
  const settle = (server: RememberedServer): RememberedServer => {
    const [first, ...others] = server.launches.map(({ atMs, amounts }) => ({
      atMs,
      amounts: isSettled(amounts) ? amountsWithGpus(amounts, gpusOf) : amounts,
    }));
    return first === undefined ? server : { ...server, launches: [first, ...others] };
  };
  const changed = new Map<string, RememberedServer>();
  for (const [id, server] of servers)
    if (server.launches.some(({ amounts }) => isSettled(amounts))) changed.set(id, settle(server));
  return changed.size === 0 ? servers : new Map([...servers, ...changed]);
}

function amountsWithGpus({ unreadFlavor, ...sizes }: Amounts, gpusOf: ReadonlyMap<string, number>): Amounts {
  const gpu = gpusOf.get(unreadFlavor ?? '') ?? 0;
  return gpu === 0 ? sizes : { ...sizes, gpu };
}
