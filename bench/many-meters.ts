/** A gate's answer for a site with many meters: three resources of each project. Every total grows with each sweep. */
export function exposition(meters: number, sweep: number, atMs: number): string {
  const exporter = 'job="project_usages",instance="exporter:8080"';
  const lines = [
    `stackmeter_exporter_folded_until_timestamp_seconds{${exporter}} ${atMs / 1000} ${atMs}`,
    `stackmeter_exporter_epoch_info{${exporter},epoch="8c2f0c5e-6a0b-4b0e-9f57-0d1f6a8a2d11"} 1 ${atMs}`,
  ];
  for (let index = 0; index < meters; index += 1) {
    const resource = RESOURCES[index % RESOURCES.length] ?? '';
    const id = `${Math.floor(index / RESOURCES.length)}`.padStart(32, '0');
    const labels = `${exporter},project_id="${id}",project_name="project ${id.slice(-6)}",domain_id="default",domain_name="Default"`;
    lines.push(`project_${resource}_usage{${labels}} ${totalHours(index, sweep)} ${atMs}`);
  }
  return `${lines.join('\n')}\n`;
}

function totalHours(index: number, sweep: number): number {
  return 1000 + index / 7 + (sweep * (1 + (index % 64))) / 60;
}

/** The usage of all meters between two sweeps in amount × hours, rounded to whole milliseconds like in the ledger. */
export function usageSince(meters: number, fromSweep: number, toSweep: number): number {
  const totalMs = (index: number, sweep: number) => Math.round(totalHours(index, sweep) * MS_PER_HOUR);
  let usageMs = 0;
  for (let index = 0; index < meters; index += 1)
    usageMs += totalMs(index, toSweep) - totalMs(index, fromSweep);
  return usageMs / MS_PER_HOUR;
}

const MS_PER_HOUR = 3_600_000;
const RESOURCES = ['vcpu', 'mb', 'instance'];
