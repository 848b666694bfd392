/** What all servers are metered by, named as in `project_<resource>_usage`. */
export const SERVER_RESOURCES = ['vcpu', 'mb', 'disk_gb', 'instance'] as const;

type ServerResource = (typeof SERVER_RESOURCES)[number];

/**
 * What a server has of each resource: vCPUs, MiB of memory, GiB of disk, and itself, whole numbers; and GPUs, of which
 * a part can be had. Left out where it has none.
 */
export type Amounts = Readonly<Record<ServerResource, number>> & {
  readonly gpu?: number;
  /** The name of its flavor, where it could not be read yet how many GPUs that has. */
  readonly unreadFlavor?: string;
};

/** Amount × milliseconds of each resource: whole numbers, so that sums are exact. */
export type Usage = Readonly<Record<ServerResource, bigint>> & { readonly gpu?: bigint };

export const NO_USAGE: Usage = { vcpu: 0n, mb: 0n, disk_gb: 0n, instance: 0n };

/** `usage` and what `amounts` add to it in `durationMs`. */
export function addUsage(usage: Usage, amounts: Amounts, durationMs: number): Usage {
  const duration = BigInt(durationMs);
  const gpu = (usage.gpu ?? 0n) + amountTimesMs(amounts.gpu ?? 0, durationMs);
  return {
    vcpu: usage.vcpu + BigInt(amounts.vcpu) * duration,
    mb: usage.mb + BigInt(amounts.mb) * duration,
    disk_gb: usage.disk_gb + BigInt(amounts.disk_gb) * duration,
    instance: usage.instance + BigInt(amounts.instance) * duration,
    ...(gpu === 0n ? {} : { gpu }),
  };
}

/** Of an amount that need not be whole, to the nearest unit-millisecond. */
export function amountTimesMs(amount: number, durationMs: number): bigint {
  return Number.isInteger(amount)
    ? BigInt(amount) * BigInt(durationMs)
    : BigInt(Math.round(amount * durationMs));
}

export function sameAmounts(a: Amounts, b: Amounts): boolean {
  const sameGpus = (a.gpu ?? 0) === (b.gpu ?? 0) && a.unreadFlavor === b.unreadFlavor;
  return sameGpus && SERVER_RESOURCES.every((resource) => a[resource] === b[resource]);
}
