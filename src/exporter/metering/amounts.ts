/** What servers are metered by, named as in `project_<resource>_usage`. */
export const SERVER_RESOURCES = ['vcpu', 'mb', 'disk_gb', 'instance'] as const;

export type ServerResource = (typeof SERVER_RESOURCES)[number];

/** What a server has of each resource: vCPUs, MiB of memory, GiB of disk, and itself; whole numbers. */
export type Amounts = Readonly<Record<ServerResource, number>>;

/** Amount × milliseconds of each resource: whole numbers, so that sums are exact. */
export type Usage = Readonly<Record<ServerResource, bigint>>;

export const NO_USAGE: Usage = { vcpu: 0n, mb: 0n, disk_gb: 0n, instance: 0n };

/** `usage` and what `amounts` add to it in `durationMs`. */
export function addUsage(usage: Usage, amounts: Amounts, durationMs: number): Usage {
  const duration = BigInt(durationMs);
  return {
    vcpu: usage.vcpu + BigInt(amounts.vcpu) * duration,
    mb: usage.mb + BigInt(amounts.mb) * duration,
    disk_gb: usage.disk_gb + BigInt(amounts.disk_gb) * duration,
    instance: usage.instance + BigInt(amounts.instance) * duration,
  };
}

export function sameAmounts(a: Amounts, b: Amounts): boolean {
  return SERVER_RESOURCES.every((resource) => a[resource] === b[resource]);
}
