// The exporter that bench/exporter.ts measures, in a child process. It exchanges messages with its parent.
import { createExporter } from '../src/exporter/exporter.ts';
import { readCredentials } from '../src/exporter/openstack/credentials/credentials.ts';
import { exporterConfig } from '../src/exporter/settings/config.ts';
import { readExporterSettings } from '../src/exporter/settings/settings.ts';
import { formatAddress } from '../src/runtime/http/listen.ts';
import { growHeapSparingly, limitNewSpace } from '../src/runtime/heap-growth.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { describeError } from '../src/runtime/user-error.ts';
import { offsetClock } from './offset-clock.ts';

/** A request of the parent. The child answers each one with a `ChildAnswer`. */
export type ChildRequest = { passTimeMs: number } | 'refresh' | 'usage' | 'address';

export interface ChildAnswer {
  address: string;
  /** CPU time of this process since its start, user and system. */
  cpuMs: number;
  /** The peak memory of this process. */
  peakMb: number;
}

growHeapSparingly(); // both like the command `stackmeter exporter`
limitNewSpace(8);
const flags = JSON.parse(process.argv[2] ?? '{}') as Record<string, unknown>;
const clock = offsetClock();
const settings = readExporterSettings({ flags, env: {} });
const config = exporterConfig(
  { ...settings, gpuAliases: { a100: 1 } },
  readCredentials(process.env),
  clock.nowMs(),
);
const exporter = createExporter(config, { clock, logger: silentLogger() });

function usage(): ChildAnswer {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return {
    address: formatAddress(exporter.address),
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    peakMb: maxRSS / 1024,
  };
}

async function answer(asked: ChildRequest): Promise<ChildAnswer> {
  if (typeof asked === 'object') clock.passTime(asked.passTimeMs);
  if (asked === 'refresh') await exporter.refresh();
  return usage();
}

async function serve(asked: ChildRequest): Promise<void> {
  try {
    process.send?.(await answer(asked));
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    process.exit(1);
  }
}

process.on('message', (asked: ChildRequest) => void serve(asked));
process.on('disconnect', () => process.exit(0));
await exporter.start();
process.send?.(usage());
