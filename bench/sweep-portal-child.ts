// The portal that bench/sweep.ts measures, in a process of its own. Speaks with its parent by messages.
import { createPortal } from '../src/portal/portal.ts';
import type { SiteConfig } from '../src/portal/site-settings.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { formatAddress } from '../src/runtime/listen.ts';
import { silentLogger } from '../src/runtime/logger.ts';

export interface PortalChildOptions {
  dataFolder: string;
  /** Where the gates are. */
  gatePort: number;
  sites: number;
}

/** Answers each message, whatever it says, by a sweep of all sites. */
export interface SweepCost {
  wallMs: number;
  /** Of this process, user and system. */
  cpuMs: number;
  /** The most memory that this process ever had. */
  peakMb: number;
  /** Readings that were folded since the process began. */
  folded: number;
}

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
    folded: await foldedReadings(),
  };
}

async function foldedReadings(): Promise<number> {
  const response = await fetch(`http://${formatAddress(portal.address)}/metrics`);
  const lines = (await response.text()).matchAll(/^stackmeter_portal_folded_readings_total\{.*\} (\d+)$/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}

process.on('message', () => void sweep().then((cost) => process.send?.(cost)));
process.on('disconnect', () => void portal.close().then(() => process.exit(0)));
await portal.start();
process.send?.('ready');
