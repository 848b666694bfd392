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

type Sum = Record<ServerResource | 'gpu', number>;

/** Collects the usage of one window. Sums are numbers while numbers are exact, because they cost less than bigint. */
export class UsageSum {
  readonly #totals: Map<string, Usage>;
  readonly #sums = new Map<string, Sum>();

  constructor(before: ReadonlyMap<string, Usage>) {
    this.#totals = new Map(before);
  }

  add(projectId: string, amounts: Amounts, durationMs: number): void {
    const sum = this.#sumOf(projectId);
    const vcpu = sum.vcpu + amounts.vcpu * durationMs;
    const mb = sum.mb + amounts.mb * durationMs;
    const disk_gb = sum.disk_gb + amounts.disk_gb * durationMs;
    const instance = sum.instance + amounts.instance * durationMs;
    const gpu = sum.gpu + Math.round((amounts.gpu ?? 0) * durationMs);
    if (Math.max(vcpu, mb, disk_gb, instance, gpu) > Number.MAX_SAFE_INTEGER) {
      this.#addTo(projectId, amounts, durationMs);
      return;
    }
    sum.vcpu = vcpu;
    sum.mb = mb;
    sum.disk_gb = disk_gb;
    sum.instance = instance;
    sum.gpu = gpu;
  }

  /** The totals of before with the window's usage. */
  totals(): ReadonlyMap<string, Usage> {
    for (const [projectId, sum] of this.#sums) this.#addTo(projectId, sum, 1);
    this.#sums.clear();
    return this.#totals;
  }

  #sumOf(projectId: string): Sum {
    const known = this.#sums.get(projectId);
    if (known !== undefined) return known;
    const sum = { vcpu: 0, mb: 0, disk_gb: 0, instance: 0, gpu: 0 };
    this.#sums.set(projectId, sum);
    return sum;
  }

  #addTo(projectId: string, amounts: Amounts, durationMs: number): void {
    this.#totals.set(projectId, addUsage(this.#totals.get(projectId) ?? NO_USAGE, amounts, durationMs));
  }
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
