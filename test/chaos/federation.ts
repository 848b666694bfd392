import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { clusterFolder } from '../../src/portal/database/embedded/cluster.ts';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { EmbeddedDatabase } from '../../src/portal/database/embedded/embedded-database.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { bundled } from '../support/bundled.ts';
import { freePort, startProgram } from '../support/processes.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import type { FastTime } from './fast-time.ts';
import { LivingCloud } from './living-cloud.ts';
import { Packer } from './packer.ts';
import { startRealTimeHistory } from './real-time-history.ts';
import { Victim } from './victim.ts';

export interface ChaosOptions {
  folder: string;
  /** The path of the program. */
  prometheus: string;
  seed: string;
  time: FastTime;
  /** Unix milliseconds, as in `Lifetime`. */
  turnMs: number;
  untilMs: number;
}

/** Simulated seconds between two refreshes, and between two readings. */
const REFRESH_S = 300;
const SWEEP_S = 180;

export type ChaosFederation = Awaited<ReturnType<typeof startFederation>>;

/**
 * Starts two sites and two portals on one database. Site `a` has an exporter and a gate, and server hours. Site `b` also has two
 * Prometheus servers: the gate reads one of them, and both write to the portals the same totals that the collector
 * reads. Everything runs in fast motion except Prometheus and PostgreSQL, which have only real time. Totals carry their
 * own instants through Prometheus, and the gate asks for its history in real time.
 */
export async function startFederation({ folder, prometheus, seed, time, turnMs, untilMs }: ChaosOptions) {
  const fromMs = time.nowMs();
  const program = await bundled('test/chaos/role.ts');
  const startRole = (role: string, name: string, flags: object, env: Record<string, string> = {}) =>
    new Victim(`${role}-${name}`, () =>
      startProgram(process.execPath, [program, role, time.file, JSON.stringify(flags)], { env }),
    );
  const token = (name: string) => join(folder, `${name}.token`);
  for (const name of ['gate', 'one', 'two'])
    writeFileSync(token(name), `token-of-${name}-${'0'.repeat(40)}\n`);

  const database = new EmbeddedDatabase({ dataFolder: join(folder, 'data'), logger: silentLogger() });
  onTestFinished(async () => await database.close());
  const connection = await database.start();

  const startSite = async (name: string, serverHours: boolean, source: (exporter: string) => object) => {
    const cloud = new LivingCloud(`${seed}/${name}`, time, { fromMs, turnMs, untilMs });
    await cloud.simulated.start();
    onTestFinished(async () => await cloud.simulated.close());
    const [exporterPort, gatePort] = [await freePort(), await freePort()];
    const exporter = startRole(
      'exporter',
      name,
      {
        listen: `127.0.0.1:${exporterPort}`,
        state: join(folder, `${name}.json`),
        start: new Date(time.nowMs()).toISOString().slice(0, 10),
        interval: REFRESH_S,
        settlingDelay: 60,
        serverHours,
      },
      cloud.simulated.environment(),
    );
    const gate = startRole('gate', name, {
      listen: `127.0.0.1:${gatePort}`,
      tokenFile: token('gate'),
      serverHours,
      ...source(`127.0.0.1:${exporterPort}`),
    });
    return { cloud, exporter, gate, proxy: await startTcpProxy(gatePort) };
  };

  const portalPorts = [await freePort(), await freePort()] as const;
  const writes = [await startTcpProxy(portalPorts[0]), await startTcpProxy(portalPorts[1])] as const;
  const a = await startSite('a', true, (exporter) => ({ exporter: `http://${exporter}` }));
  const pair: Victim[] = [];
  const ports = [await freePort(), await freePort()] as const;
  const history = await startRealTimeHistory(ports[0], time);
  const b = await startSite('b', false, (exporter) => {
    for (const [index, name] of ['one', 'two'].entries()) {
      const own = join(folder, `prometheus-${name}`);
      mkdirSync(own);
      writeFileSync(
        join(own, 'prometheus.yml'),
        prometheusYaml(exporter, writes[index]?.port ?? 0, token(name)),
      );
      pair.push(
        new Victim(`prometheus-${name}`, () =>
          startProgram(prometheus, [
            `--config.file=${join(own, 'prometheus.yml')}`,
            `--storage.tsdb.path=${join(own, 'tsdb')}`,
            `--web.listen-address=127.0.0.1:${ports[index]}`,
            '--storage.remote.flush-deadline=1s',
          ]),
        ),
      );
    }
    return { prometheus: `http://127.0.0.1:${history.port}` };
  });
  const config = join(folder, 'portal.toml');
  writeFileSync(config, portalToml({ a: a.proxy.port, b: b.proxy.port }, token));
  const portals = portalPorts.map((port, index) =>
    startRole(
      'portal',
      ['one', 'two'][index] ?? '',
      { listen: `127.0.0.1:${port}`, config, data: folder },
      { DATABASE_URL: urlOf(connection) },
    ),
  );

  return {
    time,
    clouds: { a: a.cloud, b: b.cloud },
    exporters: { a: a.exporter, b: b.exporter },
    gates: { a: a.gate, b: b.gate },
    proxies: { a: a.proxy, b: b.proxy, one: writes[0], two: writes[1] },
    history,
    prometheuses: { one: pair[0] as Victim, two: pair[1] as Victim },
    portals: { one: portals[0] as Victim, two: portals[1] as Victim },
    urls: portalPorts.map((port) => `http://127.0.0.1:${port}`),
    connection,
    packer: new Packer(connection, time),
    /** Kills (-9) the server's first process, whose id is in the server's file. The server starts again by itself. */
    killDatabase: () => {
      const file = join(clusterFolder(join(folder, 'data')), 'postmaster.pid');
      process.kill(Number(readFileSync(file, 'utf8').split('\n')[0]), 'SIGKILL');
    },
  };
}

function urlOf(connection: DatabaseConnection): string {
  if ('connectionString' in connection) return connection.connectionString;
  const { host, port, user, database } = connection;
  return `postgresql://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
}

function prometheusYaml(exporter: string, writePort: number, tokenFile: string): string {
  return `global: { scrape_interval: 400ms, scrape_timeout: 400ms }
scrape_configs:
  - job_name: project_usages
    static_configs: [{ targets: ['${exporter}'] }]
remote_write:
  - url: http://127.0.0.1:${writePort}/api/v1/write
    authorization: { credentials_file: ${tokenFile} }
    write_relabel_configs: [{ target_label: location, replacement: b }]
    queue_config: { batch_send_deadline: 200ms, max_samples_per_send: 20, max_backoff: 1s }
`;
}

/** The sender `one` writes for a fixed site; the sender `two` names the site in a label. */
function portalToml(gates: Record<string, number>, token: (name: string) => string): string {
  const sites = Object.entries(gates).map(
    ([name, port]) => `[[site]]
name = "${name}"
url = "http://127.0.0.1:${port}"
token_file = "${token('gate')}"
interval_seconds = ${SWEEP_S}
timeout_seconds = 3
server_hours = ${name === 'a'}
`,
  );
  return `lease_seconds = 2
${sites.join('')}
[[sender]]
name = "one"
token_file = "${token('one')}"
site = "b"
[[sender]]
name = "two"
token_file = "${token('two')}"
site_label = "location"
sites = ["b"]
`;
}
