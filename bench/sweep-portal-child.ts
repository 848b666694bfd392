// The portal that bench/sweep.ts measures, in a child process. It exchanges messages with its parent.
import { EVERYTHING } from '../src/portal/access/rights/scope.ts';
import { createPortal } from '../src/portal/portal.ts';
import { useLedger } from '../src/portal/use-ledger.ts';
import type { SiteConfig } from '../src/portal/settings/site-settings.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { collectInShortPauses } from '../src/runtime/heap-growth.ts';
import { silentLogger } from '../src/runtime/logger.ts';

export interface PortalChildOptions {
  dataFolder: string;
  /** The port of the gates on 127.0.0.1. */
  gatePort: number;
  sites: number;
}

/** The answer to `sweep`: a sweep of all sites. */
export interface SweepCost {
  wallMs: number;
  /** CPU time of this process during the sweep, user and system. */
  cpuMs: number;
  /** The peak memory of this process. */
  peakMb: number;
}

/** The answer to `sums`, the last request. The portal is closed by then. */
export interface LedgerSums {
  /** The number of meters that `ledger verify` reports. */
  discrepancies: number;
  /** Usage of all meters in amount × hours. */
  usageHours: number;
}

// As the command does.
collectInShortPauses();
const options = JSON.parse(process.argv[2] ?? '') as PortalChildOptions;
const portal = createPortal(
  {
    listen: { host: '127.0.0.1', port: 0 },
    dataFolder: options.dataFolder,
    databaseUrl: undefined,
    sites: Array.from({ length: options.sites }, (_, index) => siteAt(index)),
    senders: [],
    autoSweep: false,
  },
  { clock: systemClock, logger: silentLogger() },
);

function siteAt(index: number): SiteConfig {
  return {
    name: `site-${index}`,
    url: `http://127.0.0.1:${options.gatePort}/${index}`,
    token: 'bench-token-0123456789',
    ca: undefined,
    intervalMs: 60_000,
    timeoutMs: 60_000,
    labels: {},
    poolProjects: [],
    selectors: ['{job="project_usages"}'],
  };
}

async function sweep(): Promise<SweepCost> {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await portal.sweep();
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before);
  return {
    wallMs,
    cpuMs: (user + system) / 1000,
    peakMb: process.resourceUsage().maxRSS / 1024,
  };
}

async function sums(): Promise<LedgerSums> {
  await portal.close();
  let found: LedgerSums = { discrepancies: -1, usageHours: Number.NaN };
  await useLedger(
    { dataFolder: options.dataFolder, databaseUrl: undefined },
    { clock: systemClock, logger: silentLogger() },
    async (ledger) => {
      const { data } = await ledger.usage({
        scope: EVERYTHING,
        fromMs: 0,
        toMs: Date.now() + 3_600_000,
        step: 'total',
        by: new Set(),
        limit: 10,
      });
      found = {
        discrepancies: (await ledger.verify()).length,
        usageHours: data.reduce((sum, { amount }) => sum + amount, 0),
      };
    },
  );
  return found;
}

process.on('message', ({ ask }: { ask: 'sweep' | 'sums' }) => {
  void (ask === 'sweep' ? sweep() : sums()).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => void portal.close().then(() => process.exit(0)));
await portal.start();
process.send?.('ready');
