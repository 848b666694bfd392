import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeWith } from '../support/describe-with.ts';
import { startUpstream } from '../gate/harness.ts';
import { startStackmeter, temporaryFolder } from '../support/processes.ts';
import { queryEventually, startPrometheus } from '../support/prometheus-server.ts';

const SERIES =
  'project_vcpu_usage{project_id="p",project_name="n",domain_id="d",domain_name="D",cloud="c",instance="i:1",job="project_usages",location="other",location_id="9"} 1\n';

/** Writes a portal.toml with one site that has labels and one without; the series of both claim other labels. */
async function writePortal(folder: string): Promise<string> {
  const site = async (name: string) => {
    const { url } = await startUpstream((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(SERIES);
    });
    writeFileSync(`${folder}/${name}.token`, '0123456789abcdef');
    return `[[site]]\nname = "${name}"\nurl = "${url.origin}"\ntoken_file = "${name}.token"\ninterval_seconds = 1\n`;
  };
  const file = `${folder}/portal.toml`;
  writeFileSync(file, `${await site('site-a')}labels = { location_id = "1" }\n\n${await site('site-b')}`);
  return file;
}

async function render(file: string): Promise<string> {
  const rendering = startStackmeter(['portal', 'prometheus-config', '--config', file]);
  expect(await rendering.exited).toBe(0);
  return rendering.output();
}

describeWith(['promtool', 'prometheus'], 'the rendered configuration', ({ promtool, prometheus }) => {
  it('passes promtool, bounds each site, and keeps every label that identifies usage', async () => {
    const folder = temporaryFolder();
    const text = await render(await writePortal(folder));
    expect(text.match(/sample_limit: 1000000$/gm)).toHaveLength(2);
    writeFileSync(`${folder}/checked.yml`, text);
    const { status, stderr } = spawnSync(promtool, ['check', 'config', `${folder}/checked.yml`]);
    expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });

    const server = await startPrometheus(prometheus, folder, text);
    const known = { project_id: 'p', project_name: 'n', domain_id: 'd', domain_name: 'D', cloud: 'c' };
    const common = { __name__: 'project_vcpu_usage', ...known, instance: 'i:1', job: 'project_usages' };
    for (const own of [{ location: 'site-a', location_id: '1' }, { location: 'site-b' }]) {
      const found = await queryEventually(server, `project_vcpu_usage{location="${own.location}"}`);
      expect(found).toEqual([{ metric: { ...common, ...own }, value: 1 }]);
    }
  });
});
