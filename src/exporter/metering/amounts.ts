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
  const servers = {
    vcpu: usage.vcpu + amountTimesMs(amounts.vcpu, durationMs),
    mb: usage.mb + amountTimesMs(amounts.mb, durationMs),
    disk_gb: usage.disk_gb + amountTimesMs(amounts.disk_gb, durationMs),
    instance: usage.instance + amountTimesMs(amounts.instance, durationMs),
  };
  if (usage.gpu === undefined && amounts.gpu === undefined) return servers;
  const gpu = (usage.gpu ?? 0n) + amountTimesMs(amounts.gpu ?? 0, durationMs);
  return gpu === 0n ? servers : { ...servers, gpu };
}

/** Amount × milliseconds. Rounds a fractional amount to the nearest whole number. */
export function amountTimesMs(amount: number, durationMs: number): bigint {
  const product = amount * durationMs;
  if (!Number.isInteger(amount)) return BigInt(Math.round(product));
  // A product of whole numbers is exact below 2^53, and one conversion is cheaper than two and a product.
  return Number.isSafeInteger(product) ? BigInt(product) : BigInt(amount) * BigInt(durationMs);
}

/** Whether the amounts are the same, of the same flavor. */
export function sameAmounts(a: Amounts, b: Amounts): boolean {
  return a === b || (sameSizes(a, b) && a.flavor?.key === b.flavor?.key);
}

/** Whether the amounts are the same. The flavors may differ. */
export function sameSizes(a: Amounts, b: Amounts): boolean {
  const sameGpus = (a.gpu ?? 0) === (b.gpu ?? 0) && a.unreadFlavor === b.unreadFlavor;
  return (
    sameGpus && a.vcpu === b.vcpu && a.mb === b.mb && a.disk_gb === b.disk_gb && a.instance === b.instance
  );
}
