import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResourceName } from '../src/exporter/settings/resources.ts';
import { compiled } from './compiled.ts';
import type { ChildAnswer, ChildRequest } from './exporter-child.ts';

export interface Cost {
  cpuMs: number;
  wallMs: number;
  peakMb: number;
}

export interface MeasuredExporter {
  readonly address: string;
  passTime(durationMs: number): Promise<void>;
  refresh(): Promise<Cost>;
  /** Runs `work` in this process and returns the exporter's cost during that time. */
  during(work: () => Promise<void>): Promise<Cost>;
  stateMb(): number;
  close(): Promise<void>;
}

/** Volumes have two series: one for all volumes, and one for the only type. */
const RESOURCES: readonly ResourceName[] = ['vcpu', 'mb', 'disk_gb', 'instance', 'gpu', 'volume_gb'];
export const SERIES_PER_PROJECT = RESOURCES.length + 1;

const FLAGS = { listen: '127.0.0.1:0', interval: 86_400, settlingDelay: 60, resources: RESOURCES };

/** Starts an exporter in a child process that reads the cloud of `environment`. */
export async function startExporter(
  environment: Record<string, string>,
  start: string,
  serverHours: boolean,
): Promise<MeasuredExporter> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-exporter-'));
  const state = join(folder, 'state.json');
  const flags = { ...FLAGS, start, state, serverHours };
  const program = compiled('bench/exporter-child.ts');
  const child = fork(program, [JSON.stringify(flags)], {
    execArgv: [], // those of this process load tsx, which takes memory
    env: { PATH: process.env['PATH'], ...environment },
  });
  const next = async (): Promise<ChildAnswer> => {
    const ended = new AbortController();
    try {
      const [answer] = (await Promise.race([
        once(child, 'message', { signal: ended.signal }),
        once(child, 'exit', { signal: ended.signal }).then(() => {
          throw new Error('the exporter exited');
        }),
      ])) as [ChildAnswer];
      return answer;
    } finally {
      ended.abort();
    }
  };
  const ask = async (asked: ChildRequest): Promise<ChildAnswer> => {
    const answer = next();
    child.send(asked);
    return await answer;
  };
  const during = async (work: () => Promise<void>): Promise<Cost> => {
    const before = await ask('usage');
    const startedMs = performance.now();
    await work();
    const wallMs = performance.now() - startedMs;
    const after = await ask('usage');
    return { cpuMs: after.cpuMs - before.cpuMs, wallMs, peakMb: after.peakMb };
  };
  const { address } = await next();
  return {
    address,
    passTime: async (durationMs) => void (await ask({ passTimeMs: durationMs })),
    refresh: async () => await during(async () => void (await ask('refresh'))),
    during,
    stateMb: () => statSync(state).size / 2 ** 20,
    close: async () => {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
      rmSync(folder, { recursive: true });
    },
  };
}
