/** What a gate answers about a site with many meters: three resources of each project, every total higher than the time before. */
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
    lines.push(
      `project_${resource}_usage{${labels}} ${1000 + index / 7 + (sweep * (1 + (index % 64))) / 60} ${atMs}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

const RESOURCES = ['vcpu', 'mb', 'instance'];
