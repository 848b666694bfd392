import { amountOf } from '../charges/server-units.ts';
import type { Usage } from '../charges/charge.ts';
import { SERVER_RESOURCES } from '../charges/price-book.ts';
import { SERVER_HOURS } from '../../../prometheus/usage-metrics.ts';
import type { Amount, Servers } from './arguments.ts';

/** Servers and other amounts, at one site and instant. */
export interface Wish {
  servers: readonly Servers[];
  amounts: readonly Amount[];
  site: string;
  atMs: number;
}

/** The usage that a ledger would have after so long: server hours, and the resources of the servers. */
export function usageOf({ servers, amounts, site, atMs }: Wish, timeMs: bigint): Usage[] {
  const step = { site, startMs: atMs };
  return [
    ...servers.map(({ label, state, count }) => ({
      ...step,
      resource: SERVER_HOURS,
      flavor: label,
      state,
      amountMs: BigInt(count) * timeMs,
    })),
    ...servers.flatMap(({ flavor, count }) =>
      [...SERVER_RESOURCES].map((resource) => ({
        ...step,
        resource,
        amountMs: BigInt(amountOf(flavor, resource) ?? 0) * BigInt(count) * timeMs,
      })),
    ),
    ...amounts.map(({ resource, amount }) => ({ ...step, resource, amountMs: BigInt(amount) * timeMs })),
  ];
}
