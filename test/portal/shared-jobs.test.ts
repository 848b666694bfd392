// `check` and the portal warn of a sender that lets one site write as another, here with real Prometheus servers.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plainText, startUpstream } from '../gate/harness.ts';
import { describeWith } from '../support/describe-with.ts';
import { startPortalIn } from '../support/portal-under-test.ts';
import { eventually, freePort, runStackmeter, temporaryFolder } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus-server.ts';

const SITES = ['site-a', 'site-b'];
const SENDERS = ['earlier', 'overwriting', 'rendered'];
const TOKEN = 'of-43-characters-0123456789abcdefghijklmnop';

/** Starts a gate that answers like a gate in front of a site's Prometheus. */
async function startGate(site: string): Promise<URL> {
  const { url } = await startUpstream((_, response) => {
    response
      .writeHead(200, plainText)
      .end(`project_vcpu_usage{job="project_usages",instance="exporter.${site}:8080",project_id="p"} 1\n`);
  });
  return url;
}

function portalToml(gates: readonly URL[], portalUrl: string): string {
  const sites = gates.map(
    ({ origin }, index) =>
      `[[site]]\nname = "${SITES[index]}"\nurl = "${origin}"\ntoken_file = "site.token"\ninterval_seconds = 1\n`,
  );
  const senders = SENDERS.map(
    (name) =>
      `[[sender]]\nname = "${name}"\ntoken_file = "${name}.token"\nsite_label = "location"\nsites = ${JSON.stringify(SITES)}\n`,
  );
  const rendered = `[portal_prometheus]\nledger_url = "${portalUrl}/api/v1/write"\nsender = "rendered"\n`;
  return ['collect = false\n', ...sites, ...senders, rendered].join('\n');
}

/** The earlier portal's Prometheus: one job for all sites. */
function oneJob(sender: string, honorLabels: boolean, gates: readonly URL[], portalUrl: string): string {
  const targets = gates.map(
    ({ host }, index) => `      - { targets: ['${host}'], labels: { location: ${SITES[index]} } }`,
  );
  return `
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: denbi_cloud_project_usage
    honor_labels: ${honorLabels}
    metrics_path: /federate
    params: { 'match[]': ['{job="project_usages",__name__=~"project_.*_usage"}'] }
    static_configs:
${targets.join('\n')}
remote_write:
  - url: ${portalUrl}/api/v1/write
    authorization: { credentials: ${sender}-${TOKEN} }
`;
}

/** The configuration that stackmeter writes, changed so that it also sends the series `up`. */
async function renderedIn(folder: string): Promise<string> {
  const { output } = await runStackmeter(['portal', 'prometheus-config', '--config', 'portal.toml'], {
    cwd: folder,
  });
  const whole = output.replace(/ +write_relabel_configs:\n +- source_labels:\n.*\n.*\n +action: keep\n/, '');
  expect(whole).not.toContain('write_relabel_configs');
  return whole;
}

describeWith(['prometheus'], 'senders of several sites', ({ prometheus }) => {
  it('cause a warning if one job keeps the labels of two sites, and none with the configuration that stackmeter writes', async () => {
    const folder = temporaryFolder();
    const gates = [await startGate('site-a'), await startGate('site-b')];
    const listen = `127.0.0.1:${await freePort()}`;
    for (const name of SENDERS) writeFileSync(join(folder, `${name}.token`), `${name}-${TOKEN}\n`);
    writeFileSync(join(folder, 'site.token'), `site-${TOKEN}\n`);
    writeFileSync(join(folder, 'portal.toml'), portalToml(gates, `http://${listen}`));

    const { code, output } = await runStackmeter(['check', 'portal.toml'], { cwd: folder });
    expect([code, [...output.matchAll(/sender '(\w+)' writes as 2 sites/g)].map(([, name]) => name)]).toEqual(
      [0, ['earlier', 'overwriting']],
    );

    const { url, process } = await startPortalIn(folder, listen);
    const start = async (name: string, configuration: string) =>
      await startPrometheus(prometheus, join(folder, name), configuration);
    const valueOf = async (series: string, sender: string) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const line = `stackmeter_portal_remote_write_${series}{sender="${sender}"} `;
      return Number(
        text
          .split('\n')
          .find((one) => one.startsWith(line))
          ?.slice(line.length),
      );
    };
    const hasWritten = async (sender: string) =>
      (await valueOf('samples_total', sender)) >= 4 && (await valueOf('foreign_samples_total', sender)) >= 4;

    await start('overwriting', oneJob('overwriting', false, gates, url));
    await start('rendered', await renderedIn(folder));
    for (const sender of ['overwriting', 'rendered'])
      await eventually(async () => ((await hasWritten(sender)) ? true : undefined));
    // These two senders have written before the one that causes the warning, so a warning about them would be there.
    await start('earlier', oneJob('earlier', true, gates, url));
    await eventually(async () => ((await valueOf('exposed_sites', 'earlier')) === 2 ? true : undefined));
    expect(await valueOf('exposed_sites', 'overwriting')).toBe(0);
    expect(await valueOf('exposed_sites', 'rendered')).toBe(0);
    const warnings = process
      .output()
      .split('\n')
      .filter((line) => line.includes('share a job'))
      .map((line) => JSON.parse(line) as { level: string; sender: string; sites: string });
    expect(new Set(warnings.map(({ level, sender }) => `${level} ${sender}`))).toEqual(
      new Set(['warn earlier']),
    );
    // The first warning names only one site if the other site is read later.
    expect(warnings.length).toBeLessThanOrEqual(2);
    expect(warnings.at(-1)?.sites).toBe('site-a, site-b');
  });
});
