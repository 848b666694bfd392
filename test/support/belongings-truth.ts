import type { StoredBytes, VolumeLife } from '../../src/simulation/model/belongings.ts';
import type { CloudModel } from '../../src/simulation/model/cloud-model.ts';
import { spansOf } from '../../src/simulation/model/truth.ts';
import type { Flavor } from '../../src/simulation/model/server-life.ts';

/** Usage of a project in amount × milliseconds: GiB of volumes by type, floating IPs, stored bytes. */
export interface BelongingsTruth {
  volumeGb: Map<string, bigint>;
  floatingIp: bigint;
  storedBytes: bigint;
}

/** The usage of belongings in [fromMs, toMs), by project. Projects without such usage are left out. */
export function belongingsTruth(
  model: Pick<CloudModel, 'belongings'>,
  fromMs: number,
  toMs: number,
): Map<string, BelongingsTruth> {
  const { volumes, floatingIps, storedBytes } = model.belongings(fromMs, toMs);
  const truth = new Map<string, BelongingsTruth>();
  const of = (projectId: string) => {
    const known = truth.get(projectId) ?? { volumeGb: new Map(), floatingIp: 0n, storedBytes: 0n };
    truth.set(projectId, known);
    return known;
  };
  for (const volume of volumes) {
    const used = volumeUsage(volume, fromMs, toMs);
    if (used === 0n) continue;
    const { volumeGb } = of(volume.projectId);
    volumeGb.set(volume.volumeType, (volumeGb.get(volume.volumeType) ?? 0n) + used);
  }
  for (const { projectId, createdMs, deletedMs = Infinity } of floatingIps) {
    const durationMs = overlapMs(createdMs, deletedMs, fromMs, toMs);
    if (durationMs > 0) of(projectId).floatingIp += BigInt(durationMs);
  }
  for (const stored of storedBytes) {
    const used = storedUsage(stored, fromMs, toMs);
    if (used > 0n) of(stored.projectId).storedBytes += used;
  }
  return truth;
}

/**
 * Usage of servers by project in amount × milliseconds. `amountOf` is the amount of a flavor, for example its number of
 * GPUs.
 */
export function flavorTruth(
  model: Pick<CloudModel, 'livesTouching'>,
  fromMs: number,
  toMs: number,
  amountOf: (flavor: Flavor) => number,
): Map<string, bigint> {
  const truth = new Map<string, bigint>();
  for (const life of model.livesTouching(fromMs, toMs)) {
    for (const { flavor, durationMs } of spansOf(life, fromMs, toMs)) {
      const used = BigInt(amountOf(flavor)) * BigInt(durationMs);
      if (used > 0n) truth.set(life.projectId, (truth.get(life.projectId) ?? 0n) + used);
    }
  }
  return truth;
}

function volumeUsage({ sizes, deletedMs = Infinity }: VolumeLife, fromMs: number, toMs: number): bigint {
  return steps(
    sizes.map(({ atMs, sizeGb }) => ({ atMs, amount: sizeGb })),
    deletedMs,
    fromMs,
    toMs,
  );
}

function storedUsage({ amounts }: StoredBytes, fromMs: number, toMs: number): bigint {
  return steps(
    amounts.map(({ atMs, bytes }) => ({ atMs, amount: bytes })),
    Infinity,
    fromMs,
    toMs,
  );
}

function steps(
  amounts: readonly { atMs: number; amount: number }[],
  endMs: number,
  fromMs: number,
  toMs: number,
): bigint {
  return amounts.reduce((sum, { atMs, amount }, index) => {
    const untilMs = Math.min(amounts[index + 1]?.atMs ?? Infinity, endMs);
    return sum + BigInt(amount) * BigInt(Math.max(0, overlapMs(atMs, untilMs, fromMs, toMs)));
  }, 0n);
}

function overlapMs(beginMs: number, endMs: number, fromMs: number, toMs: number): number {
  return Math.min(endMs, toMs) - Math.max(beginMs, fromMs);
}
