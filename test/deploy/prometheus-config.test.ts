import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { expect, it, onTestFinished } from 'vitest';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';
import { issue } from '../support/certificate-authority.ts';
import { describeWith } from '../support/describe-with.ts';
import { startUpstream } from '../gate/harness.ts';
import { startStackmeter, temporaryFolder } from '../support/processes.ts';
import { queryEventually, startPrometheus } from '../support/prometheus-server.ts';

const SERIES =
  'project_vcpu_usage{project_id="p",project_name="n",domain_id="d",domain_name="D",cloud="c",instance="i:1",job="project_usages",location="other",location_id="9"} 1\n';

const answer: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(SERIES);
};

/** A gate whose certificate signed itself, for another name than its address. Returns its address. */
async function startOwnCertificate(certFile: string): Promise<string> {
  const own = await issue(undefined, 'gate');
  writeFileSync(certFile, own.cert);
  const server = createServer({ cert: own.cert, key: own.key }, answer);
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => await closeServer(server, 0));
  return `https://127.0.0.1:${port}`;
}

/**
 * Writes a portal.toml with one site that has labels, and one with a certificate of its own; the series of both claim other
 * labels.
 */
async function writePortal(folder: string): Promise<string> {
  const site = (name: string, url: string) => {
    writeFileSync(`${folder}/${name}.token`, '0123456789abcdef');
    return `[[site]]\nname = "${name}"\nurl = "${url}"\ntoken_file = "${name}.token"\ninterval_seconds = 1\n`;
  };
  const { url } = await startUpstream(answer);
  const siteA = `${site('site-a', url.origin)}labels = { location_id = "1" }\n`;
  const siteB = `${site('site-b', await startOwnCertificate(`${folder}/site-b.crt`))}ca_file = "site-b.crt"\n`;
  const file = `${folder}/portal.toml`;
  writeFileSync(file, `${siteA}\n${siteB}`);
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
