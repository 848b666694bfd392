import { type PrometheusServer, startPrometheus } from './prometheus-server.ts';
import { remoteWrite, type WrittenSeries } from '../portal/write-request.ts';

const HOUR_MS = 3_600_000;
/** Blocks of a month: by default Prometheus makes a block for every two hours, 4,380 for a year. */
const BLOCKS = ['--storage.tsdb.min-block-duration=31d', '--storage.tsdb.max-block-duration=31d'];
const KEPT = ['--storage.tsdb.retention.time=10y', '--web.enable-remote-write-receiver'];
const SAMPLES_A_REQUEST = 24;

/** The value of the series with this index at an instant, in Unix milliseconds. */
export type SampleAt = (series: number, atMs: number) => number;

export interface Past {
  series: number;
  days: number;
  stepMs?: number;
  endMs: number;
  sampleAt: SampleAt;
}

/** Writes `days` of usage up to `endMs` into a real Prometheus; returns that Prometheus after a restart. */
export async function startSeeded(program: string, folder: string, past: Past): Promise<PrometheusServer> {
  const seeding = await startPrometheus(program, folder, '', [...KEPT, ...BLOCKS]);
  const { stepMs = HOUR_MS } = past;
  const startMs = past.endMs - past.days * 24 * HOUR_MS;
  for (let at = startMs; at <= past.endMs; at += SAMPLES_A_REQUEST * stepMs) {
    const times = Array.from({ length: SAMPLES_A_REQUEST }, (_, index) => at + index * stepMs);
    const known = times.filter((timeMs) => timeMs <= past.endMs);
    await writeUsage(seeding, past, known);
  }
  await seeding.stop();
  return await startPrometheus(program, folder, '', KEPT);
}

/** Writes a sample of each series for each of these instants. */
export async function writeUsage(
  server: PrometheusServer,
  { series, sampleAt }: Pick<Past, 'series' | 'sampleAt'>,
  times: readonly number[],
): Promise<void> {
  const written = Array.from({ length: series }, (_, index) => seriesOf(index, times, sampleAt));
  const [status, body] = await remoteWrite(server.url, '', written);
  if (status >= 300) throw new Error(`Prometheus refuses the samples: ${status} ${body}`);
}

function seriesOf(index: number, times: readonly number[], sampleAt: SampleAt): WrittenSeries {
  const labels = {
    __name__: 'project_vcpu_usage',
    job: 'project_usages',
    project_id: `p${index}`,
    project_name: `Größe ${index}`,
  };
  return {
    labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
    samples: times.map((timestamp) => ({ value: sampleAt(index, timestamp), timestamp })),
  };
}
