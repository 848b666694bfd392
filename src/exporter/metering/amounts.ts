import type { Flavor } from './flavor.ts';

/** The resources of every server, named as in `project_<resource>_usage`. */
export const SERVER_RESOURCES = ['vcpu', 'mb', 'disk_gb', 'instance'] as const;

type ServerResource = (typeof SERVER_RESOURCES)[number];

/**
 * A server's amount of each resource. vCPUs, MiB of memory, GiB of disk and the server itself are whole numbers. GPUs may be
 * a fraction, and are left out where the server has none.
 */
export type Amounts = Readonly<Record<ServerResource, number>> & {
  readonly gpu?: number;
  /** The name of the server's flavor, if the flavor's GPUs could not be read yet. */
  readonly unreadFlavor?: string;
  /** The flavor that gives these amounts, if server hours are metered and the flavor is known. */
  readonly flavor?: Flavor;
};

/** Amount × milliseconds of each resource, in whole numbers, so that sums are exact. */
export type Usage = Readonly<Record<ServerResource, bigint>> & { readonly gpu?: bigint };

export const NO_USAGE: Usage = { vcpu: 0n, mb: 0n, disk_gb: 0n, instance: 0n };

/** `usage` plus the usage of `amounts` during `durationMs`. */
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

/** Amount × milliseconds. Rounds a fractional amount to the nearest whole number. */
export function amountTimesMs(amount: number, durationMs: number): bigint {
  return Number.isInteger(amount)
    ? BigInt(amount) * BigInt(durationMs)
    : BigInt(Math.round(amount * durationMs));
}

/** Whether the amounts are the same, of the same flavor. */
export function sameAmounts(a: Amounts, b: Amounts): boolean {
  return sameSizes(a, b) && a.flavor?.key === b.flavor?.key;
}

/** Whether the amounts are the same. The flavors may differ. */
export function sameSizes(a: Amounts, b: Amounts): boolean {
  const sameGpus = (a.gpu ?? 0) === (b.gpu ?? 0) && a.unreadFlavor === b.unreadFlavor;
  return sameGpus && SERVER_RESOURCES.every((resource) => a[resource] === b[resource]);
}
