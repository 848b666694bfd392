import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Page, SiteStatus } from '../src/portal/ledger/ledger.ts';
import { getJson, totalUsage } from './api-client.ts';
import { describeWith } from './describe-with.ts';
import { startPortalIn, stackmeter, verifyLedgerIn } from './portal-under-test.ts';
import { eventually, freePort, startProgram, temporaryFolder, type Running } from './processes.ts';
import { startTcpProxy } from './tcp-proxy.ts';

/** Minutes of faults; a longer run, such as 10, by STACKMETER_CHAOS_MINUTES. */
const MINUTES = Number(process.env['STACKMETER_CHAOS_MINUTES'] ?? 0.5);
/** The same seed makes the same plan of faults. */
const SEED = process.env['STACKMETER_CHAOS_SEED'] ?? 'one';
const TOKEN = 'test-token-of-43-characters-0123456789abcdefg';

/** vCPUs of each project, for as long as the test lasts and before: usage is theirs × time. */
const VCPUS = { p1: 4, p2: 7, p3: 1 };

const profile = `[d]\ndomain_id = "d-id"\n${Object.entries(VCPUS)
  .map(
    ([id, cpus]) =>
      `[[d.projects]]\nproject_id = "${id}"\nproject_name = "${id}"\n[[d.projects.machines]]\ncpus = ${cpus}\nram = 1\nexistence = 2026-01-01T00:00:00\n`,
  )
  .join('')}`;

/** What can be killed (-9), and is started again with the same arguments. */
class Victim {
  readonly #start: () => Promise<Running>;
  #running: Promise<Running>;

  constructor(start: () => Promise<Running>) {
    this.#start = start;
    this.#running = start();
  }

  async ready(): Promise<Running> {
    return await this.#running;
  }

  async kill(): Promise<void> {
    const running = await this.#running;
    this.#running = running.stop('SIGKILL').then(async () => await this.#start());
    await this.#running;
  }
}

/** A number in [0, 1) for each name, the same for the same seed. */
const draw = (name: string) =>
  createHash('sha256').update(`${SEED} ${name}`).digest().readUInt32LE() / 2 ** 32;

describeWith(['prometheus'], `a federation in which everything breaks (seed ${SEED})`, ({ prometheus }) => {
  it('counts exactly what was used', { timeout: 240_000 + MINUTES * 60_000 }, async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'token'), `${TOKEN}\n`);
    writeFileSync(join(folder, 'profile.toml'), profile);
    const token = join(folder, 'token');

    const startExporter = (name: string, port: number) =>
      new Victim(async () => {
        const state = join(folder, `${name}.json`);
        const data = ['--dummy-data', join(folder, 'profile.toml'), '--start', '2026-01-01'];
        const pace = ['--interval', '1', '--settling-delay', '1'];
        const listen = ['--listen', `127.0.0.1:${port}`, '--state', state];
        return stackmeter(['exporter', ...listen, ...data, ...pace]);
      });
    const startGate = (port: number, source: string[]) =>
      new Victim(async () => {
        const listen = ['--listen', `127.0.0.1:${port}`, '--token-file', token];
        return stackmeter(['gate', ...listen, ...source]);
      });

    const ports = await Promise.all(Array.from({ length: 6 }, freePort));
    const [exporterA = 0, exporterB = 0, gateA = 0, gateB = 0, siteB = 0, portalPort = 0] = ports;
    const proxyA = await startTcpProxy(gateA);
    const proxyB = await startTcpProxy(gateB);
    const proxyWrite = await startTcpProxy(portalPort);
    writeFileSync(
      join(folder, 'prometheus.yml'),
      `global: { scrape_interval: 1s }
scrape_configs:
  - job_name: project_usages
    static_configs: [{ targets: ['127.0.0.1:${exporterB}'] }]
remote_write:
  - url: http://127.0.0.1:${proxyWrite.port}/api/v1/write
    authorization: { credentials_file: ${token} }
    queue_config: { batch_send_deadline: 500ms, max_samples_per_send: 3, max_backoff: 1s }
`,
    );
    writeFileSync(
      join(folder, 'portal.toml'),
      `${[
        ['a', proxyA.port],
        ['b', proxyB.port],
      ]
        .map(
          ([name, port]) =>
            `[[site]]\nname = "${name}"\nurl = "http://127.0.0.1:${port}"\ntoken_file = "token"\ninterval_seconds = 1\ntimeout_seconds = 3\n`,
        )
        .join('')}[[sender]]\nname = "b-prometheus"\ntoken_file = "token"\nsite = "b"\n`,
    );
    const startPortal = async () => (await startPortalIn(folder, `127.0.0.1:${portalPort}`)).process;
    const url = `http://127.0.0.1:${portalPort}`;
    const victims: Record<string, Victim> = {
      exporterA: startExporter('a', exporterA),
      exporterB: startExporter('b', exporterB),
      gateA: startGate(gateA, ['--exporter', `http://127.0.0.1:${exporterA}`]),
      gateB: startGate(gateB, ['--prometheus', `http://127.0.0.1:${siteB}`]),
      prometheus: new Victim(async () =>
        startProgram(prometheus, [
          `--config.file=${join(folder, 'prometheus.yml')}`,
          `--storage.tsdb.path=${join(folder, 'tsdb')}`,
          `--web.listen-address=127.0.0.1:${siteB}`,
          '--storage.remote.flush-deadline=1s',
        ]),
      ),
      portal: new Victim(startPortal),
    };
    const sites = async () => ((await getJson(`${url}/api/v1/sites`)) as Page<SiteStatus>).data;
    const readSince = async (sinceMs: number) =>
      await eventually(async () => {
        const all = await sites();
        const fresh = all.every(({ last_reading_at: last }) => Date.parse(last ?? '') > sinceMs);
        return fresh && all.length === 2 ? all : undefined;
      }, 120_000);
    await readSince(0);

    const faults: (() => Promise<void> | void)[] = [
      ...Object.values(victims).map((victim) => async () => await victim.kill()),
      () => killDatabase(join(folder, 'data')),
      () => proxyA.cut(3000),
      () => proxyB.delay(2500),
      () => proxyWrite.cut(2000),
      () => proxyWrite.delay(2500),
    ];
    const endMs = Date.now() + MINUTES * 60_000;
    for (let step = 0; Date.now() < endMs || step < faults.length; step += 1) {
      // Each fault comes once before any comes again.
      const round = Math.floor(step / faults.length);
      const order = faults.toSorted(
        (one, other) => draw(`${round} ${faults.indexOf(one)}`) - draw(`${round} ${faults.indexOf(other)}`),
      );
      await order[step % faults.length]?.();
      await new Promise((resolve) => setTimeout(resolve, 500 + 2000 * draw(`pause ${step}`)));
    }

    const calm = await readSince(Date.now());
    await (await victims['exporterA']?.ready())?.stop();
    await (await victims['exporterB']?.ready())?.stop();
    await (await victims['prometheus']?.ready())?.stop();
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const rows = await totalUsage(url, Date.now() - 86_400_000, Date.now() + 3_600_000);
    const found = new Map(rows.map((row) => [`${row.site} ${row.project_id} ${row.resource}`, row.amount]));
    for (const { name, first_reading_at: first, last_reading_at: last, anomalies } of await sites()) {
      const hours = (Date.parse(last ?? '') - Date.parse(first ?? '')) / 3_600_000;
      for (const [project, vcpus] of Object.entries(VCPUS)) {
        const error = (found.get(`${name} ${project} vcpu`) ?? 0) / (vcpus * hours) - 1;
        expect(Math.abs(error), `${name} ${project}`).toBeLessThan(1e-9);
      }
      expect([name, anomalies]).toEqual([name, 0]);
    }
    expect(calm).toHaveLength(2);
    await (await victims['portal']?.ready())?.stop();
    expect(await verifyLedgerIn(folder)).toEqual([
      0,
      expect.stringContaining('every meter agrees with its entries'),
    ]);
  });
});

/** Kills the embedded server's first process (-9), which the file in its folder names. */
function killDatabase(dataFolder: string): void {
  const [pid] = readFileSync(join(dataFolder, 'postgresql', 'postmaster.pid'), 'utf8').split('\n');
  process.kill(Number(pid), 'SIGKILL');
}
