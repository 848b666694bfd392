import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { cpuMs, eventually, freePort, startProgram } from './processes.ts';

export interface PrometheusServer {
  url: string;
  /** Runs an instant query; returns the labels and value of each series. */
  query(promql: string): Promise<{ metric: Record<string, string>; value: number }[]>;
  /** The largest resident memory of the process so far. */
  peakMb(): number;
  /** The CPU that the process has taken so far. */
  cpuMs(): number;
  stop(): Promise<unknown>;
}

/** Starts a real Prometheus on a free port with this configuration; ends it with the test. */
export async function startPrometheus(
  program: string,
  folder: string,
  configuration: string,
  more: readonly string[] = [],
): Promise<PrometheusServer> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, configuration);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const running = startProgram(program, [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    // By default Prometheus waits a minute at its end for a receiver that is gone.
    '--storage.remote.flush-deadline=1s',
    ...more,
  ]);
  onTestFinished(async () => void (await running.stop()));
  await running.waitFor(/Server is ready to receive web requests/);
  return {
    url,
    query: async (promql) => await query(url, promql),
    peakMb: () =>
      Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${running.pid}/status`, 'utf8'))?.[1]) / 1024,
    cpuMs: () => cpuMs(running.pid),
    stop: async () => await running.stop(),
  };
}

async function query(url: string, promql: string) {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(promql)}`);
  const body = (await response.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (!response.ok) throw new Error(`Prometheus refuses ${promql}: ${response.status}`);
  return body.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

/** Repeats a query until its answer has series; returns them. */
export async function queryEventually(server: PrometheusServer, promql: string) {
  return await eventually(async () => {
    const result = await server.query(promql);
    return result.length > 0 ? result : undefined;
  });
}
