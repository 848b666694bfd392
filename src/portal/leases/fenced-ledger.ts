import type { Ledger, Lease } from '../ledger/ledger.ts';

/** A ledger that passes the lease of each site, so that folds without the lease are refused. */
export function fencedLedger(ledger: Ledger, leaseOf: (site: string) => Lease): Ledger {
  return {
    ...ledger,
    fold: async (site, sweep) => await ledger.fold(site, sweep, leaseOf(site)),
    foldInAnyOrder: async (site, sweep) => await ledger.foldInAnyOrder(site, sweep, leaseOf(site)),
    recordFailure: async (site, atMs, reason) =>
      await ledger.recordFailure(site, atMs, reason, leaseOf(site)),
    foldLate: async (site, sweeps) => await ledger.foldLate(site, sweeps, leaseOf(site)),
  };
}
