import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseExposition } from '../../src/prometheus/text-format/text-format-parser.ts';
import { getJson, totalUsage } from '../support/api-client.ts';
import { describeWith } from '../support/describe-with.ts';
import { signIn, type NovaUsage } from './nova.ts';
import { openstackEnvironment } from './environment.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus-server.ts';
import { startPortal, startSite } from '../support/site.ts';

const scrape = (exporterPort: number) => `
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: project_usages
    static_configs: [{ targets: ['127.0.0.1:${exporterPort}'] }]
`;

interface SiteAnswer {
  first_reading_at: string | null;
  last_reading_at: string | null;
  last_error: string | null;
}

/** The instants of the first and last reading of the ledger, once they are `atLeastMs` apart. */
async function readWindow(portalUrl: string, atLeastMs: number): Promise<[number, number]> {
  return await eventually(async () => {
    const { data } = (await getJson(`${portalUrl}/api/v1/sites`)) as { data: SiteAnswer[] };
    const [site] = data;
    if (typeof site?.first_reading_at !== 'string' || site.last_reading_at === null) return undefined;
    const window: [number, number] = [Date.parse(site.first_reading_at), Date.parse(site.last_reading_at)];
    return window[1] - window[0] >= atLeastMs ? window : undefined;
  });
}

describeWith(
  ['openstack', 'prometheus'],
  'usage on its whole way from a real OpenStack to the portal',
  ({ openstack, prometheus }) => {
    it.each(['with a Prometheus between exporter and gate', 'without a Prometheus'])(
      'neither grows nor shrinks, %s',
      async (way) => {
        const environment = openstackEnvironment(openstack);
        const folder = temporaryFolder();
        const site = await startSite({
          folder,
          exporter: '--start 2026-01-01 --longest-window 31622400 --interval 1 --settling-delay 1'.split(' '),
          env: environment,
          ...(way.startsWith('without')
            ? {}
            : {
                prometheusUrl: async (port: number) =>
                  (await startPrometheus(prometheus, join(folder, 'site'), scrape(port))).url,
              }),
        });
        const { url } = await startPortal(folder, { 'site-a': site });
        await readWindow(url, 4000);
        // After the end of the exporter the ledger has no new readings.
        await site.exporter.stop();
        const [fromMs, toMs] = await settled(url);

        const cloud = await signIn(environment);
        const names = await cloud.projectNames();
        const rows = await totalUsage(url, fromMs - (fromMs % 3_600_000), toMs + 3_600_000);
        const fromPortal = new Map(rows.map((row) => [`${row.project_id} ${row.resource}`, row]));
        const fromNova = await cloud.usage(fromMs, toMs);
        expect(fromNova.size).toBeGreaterThan(10);
        for (const [projectId, usage] of fromNova) {
          for (const resource of ['vcpu', 'mb', 'disk_gb', 'instance'] satisfies (keyof NovaUsage)[]) {
            const row = fromPortal.get(`${projectId} ${resource}`);
            expect(Math.abs((row?.amount ?? Number.NaN) - usage[resource])).toBeLessThan(1e-6);
            expect(row?.project_name).toBe(names.get(projectId));
          }
        }
      },
    );
  },
);

/** The window after a sweep that starts after this call. */
async function settled(portalUrl: string): Promise<[number, number]> {
  const before = await sweepsOf(portalUrl);
  await eventually(async () => ((await sweepsOf(portalUrl)) >= before + 2 ? true : undefined)); // the first may have started before the call
  return await readWindow(portalUrl, 0);
}

/** The number of sweeps that have ended, successful or not. */
async function sweepsOf(portalUrl: string): Promise<number> {
  const samples = parseExposition(await (await fetch(`${portalUrl}/metrics`)).text());
  const sweeps = samples.filter(({ name }) => name === 'stackmeter_portal_sweeps_total');
  return sweeps.reduce((sum, { value }) => sum + value, 0);
}
