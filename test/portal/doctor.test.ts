import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { examine } from '../../src/cli/doctor/examine.ts';
import { conclusionOf } from '../../src/cli/doctor/finding.ts';
import { findPlaces } from '../../src/cli/doctor/places.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { describeWith } from '../support/describe-with.ts';
import { freePort, runStackmeter, temporaryFolder } from '../support/processes.ts';
import { stackmeter } from '../support/portal-under-test.ts';
import { walkAtNight } from './walk-at-night.ts';
import { startPrometheus } from '../support/prometheus-server.ts';

/** A token that is long enough for a gate; it is no secret. */
const TOKEN = 'test-token-of-43-characters-0123456789abcdefg';

async function startCloud(folder: string, port: number) {
  const cloud = stackmeter(['simulate', '--listen', `127.0.0.1:${port}`]);
  await cloud.waitFor(/OS_PASSWORD=.*\n/);
  await cloud.waitFor(/OS_AUTH_URL=.*\n/);
  const lines = cloud.output().split('\n');
  writeFileSync(join(folder, 'openrc'), lines.filter((line) => line.startsWith('OS_')).join('\n'));
  return cloud;
}

/** Starts a role with its configuration in the folder. */
async function startRole(folder: string, role: string, configuration: string) {
  const file = join(folder, `${role}.toml`);
  writeFileSync(file, configuration);
  const running = stackmeter([role, '--config', file]);
  await running.waitFor(/listen|serving/);
  return running;
}

describeWith(['prometheus'], 'stackmeter doctor', ({ prometheus: program }) => {
  it('walks from OpenStack to the portal, and names the first link that is down', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'token'), TOKEN);
    const files = ['exporter', 'gate', 'portal'].map((role) => join(folder, `${role}.toml`));
    const diagnosis = async () => {
      const places = findPlaces(files, { env: {}, exists: () => false });
      const findings = await examine(places, { addresses: {}, portalToken: undefined, clock: systemClock });
      return conclusionOf(findings).replace(/\d{4}-\d\d-\d\d \d\d:\d\d/, 'TIME');
    };
    const [exporterPort, gatePort, portalPort] = [await freePort(), await freePort(), await freePort()];
    const cloudPort = await freePort();
    const cloud = await startCloud(folder, cloudPort);
    const prometheus = await startPrometheus(
      program,
      join(folder, 'prometheus'),
      `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: project_usages, static_configs: [{ targets: ['127.0.0.1:${exporterPort}'] }] }]\n`,
    );
    const [exporter, gate, portal] = await Promise.all([
      startRole(
        folder,
        'exporter',
        `listen = "127.0.0.1:${exporterPort}"\nopenrc = "${folder}/openrc"\nstate = "${folder}/state.json"\ninterval = 1\n`,
      ),
      startRole(
        folder,
        'gate',
        `listen = "127.0.0.1:${gatePort}"\nprometheus = "${prometheus.url}"\ntoken_file = "${folder}/token"\n`,
      ),
      startRole(
        folder,
        'portal',
        `listen = "127.0.0.1:${portalPort}"\ndata = "${folder}/data"\n` +
          `[[site]]\nname = "east"\nurl = "http://127.0.0.1:${gatePort}"\ntoken_file = "${folder}/token"\ninterval_seconds = 1\n`,
      ),
    ]);
    const well = 'All is well: usage of 24 projects up to TIME UTC reached the portal.';
    await expect.poll(diagnosis).toBe(well);

    let laterCloud = cloud;
    const again = async () => (laterCloud = await startCloud(folder, cloudPort));
    const page = `http://127.0.0.1:${exporterPort}/`;
    await walkAtNight({ folder, cloud, startCloud: again, exporter, page });

    const refused = (port: number | string) => `(connect ECONNREFUSED 127.0.0.1:${port})`;
    await portal.stop();
    const withoutPortal = `Not well: portal: no portal runs in ${folder}/data: start it, or name its data folder with --data DIR.`;
    const lastLine = async () => {
      const { code, output } = await runStackmeter(['doctor'], { cwd: folder });
      expect(output).not.toContain(TOKEN);
      return [code, output.trimEnd().split('\n').at(-1)];
    };
    await expect.poll(lastLine).toEqual([1, withoutPortal]);

    await gate.stop();
    await expect
      .poll(diagnosis)
      .toBe(
        `Not well: gate: http://127.0.0.1:${gatePort} does not answer ${refused(gatePort)}: start the gate, or name its address with --gate URL.`,
      );
    await prometheus.stop();
    await expect
      .poll(diagnosis)
      .toBe(
        `Not well: Prometheus: ${prometheus.url} does not answer ${refused(new URL(prometheus.url).port)}: start Prometheus, or name its address with --prometheus URL.`,
      );
    await exporter.stop();
    await expect
      .poll(diagnosis)
      .toBe(
        `Not well: exporter: http://127.0.0.1:${exporterPort} does not answer ${refused(exporterPort)}: start the exporter, or name its address with --exporter URL.`,
      );
    await laterCloud.stop();
    await expect
      .poll(diagnosis)
      .toMatch(/^Not well: OpenStack: .*: stackmeter exporter --check tries it again\.$/);
  });
});
