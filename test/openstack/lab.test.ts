import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readExporterConfig } from '../../src/exporter/settings/config.ts';
import { createExporter } from '../../src/exporter/exporter.ts';
import { parseState } from '../../src/exporter/state/state-format.ts';
import { parseExposition } from '../../src/prometheus/text-format/text-format-parser.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { formatAddress } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { describeWith } from '../support/describe-with.ts';
import { clockPasses, nowSettles } from './clock.ts';
import { openstackEnvironment } from './environment.ts';
import { startLabHost } from './lab-host.ts';
import { labTools } from './lab-tools.ts';
import { createLabProject, type LabServer } from './lab.ts';
import { startShortTokens } from './short-tokens.ts';
import { temporaryFolder } from '../support/processes.ts';

const SETTLING_MS = 2000;
const TOKEN_MS = 60_000;
const MINUTES_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Usage of servers in an interval, by the id of their project or part of a pool project. */
interface ServerUsage {
  startMs: number;
  untilMs: number;
  usage: Record<string, { vcpu: bigint; mb: bigint }>;
}

/** An exporter of the cloud; `counted` and `shown` are about one project and its parts. */
function createMeter(env: Record<string, string>, projectId: string, flags: Record<string, unknown> = {}) {
  const state = join(temporaryFolder(), 'state.json');
  const defaults = { listen: '127.0.0.1:0', interval: 1, state, settlingDelay: SETTLING_MS / 1000 };
  const config = readExporterConfig({ flags: { ...defaults, ...flags }, env });
  const open = () => createExporter(config, { clock: systemClock, logger: silentLogger() });
  let exporter = open();
  onTestFinished(async () => await exporter.close());
  const restart = async () => {
    await exporter.close();
    exporter = open();
  };
  const counted = (): ServerUsage => {
    const { meter } = parseState(readFileSync(state, 'utf8'));
    const own = [...meter.totals].filter(([id]) => id.startsWith(projectId));
    const usage = Object.fromEntries(own.map(([id, { vcpu, mb }]) => [id, { vcpu, mb }]));
    return { startMs: meter.startMs, untilMs: meter.untilMs, usage };
  };
  /** The project's hours in the exposition, their instant, and the number of failed refreshes. */
  const shown = async () => {
    // The commands of the cloud block this process for longer than a server keeps an idle connection.
    const headers = { connection: 'close' };
    const response = await fetch(`http://${formatAddress(exporter.address)}/metrics`, { headers });
    const samples = parseExposition(await response.text());
    const of = (metric: string) => samples.filter(({ name }) => name === metric);
    const hours = of('project_mb_usage').flatMap(({ labels: { project_id: id = '' }, value }) =>
      id.startsWith(projectId) && value > 0 ? [[id, value] as const] : [],
    );
    const failed = of('stackmeter_exporter_refreshes_total').find(
      ({ labels }) => labels['result'] === 'failure',
    );
    const [until] = of('stackmeter_exporter_folded_until_timestamp_seconds');
    return {
      hours: Object.fromEntries(hours),
      untilMs: (until?.value ?? Number.NaN) * 1000,
      failures: failed?.value ?? 0,
    };
  };
  return {
    start: async () => await exporter.start(),
    refresh: async () => await exporter.refresh(),
    restart,
    counted,
    shown,
  };
}

/** The true usage of servers, from the launches and deletions that Nova reported when they happened. */
function trueUsage(
  servers: Record<string, readonly LabServer[]>,
  { startMs, untilMs }: Pick<ServerUsage, 'startMs' | 'untilMs'>,
): ServerUsage {
  const used = Object.entries(servers).map(([id, ofIt]) => [id, usageOf(ofIt, startMs, untilMs)] as const);
  return { startMs, untilMs, usage: Object.fromEntries(used.filter(([, { vcpu }]) => vcpu > 0n)) };
}

function usageOf(servers: readonly LabServer[], startMs: number, untilMs: number) {
  let [vcpu, mb] = [0n, 0n];
  for (const { launches, endedMs } of servers) {
    for (const [index, { atMs, vcpus, memoryMb }] of launches.entries()) {
      const toMs = Math.min(launches[index + 1]?.atMs ?? Infinity, endedMs ?? Infinity, untilMs);
      const duration = BigInt(Math.max(0, toMs - Math.max(atMs, startMs)));
      vcpu += BigInt(vcpus) * duration;
      mb += BigInt(memoryMb) * duration;
    }
  }
  return { vcpu, mb };
}

describeWith(
  ['openstack', 'openstack-tools'],
  'the exporter of a real OpenStack that changes',
  ({ openstack, 'openstack-tools': path }) => {
    const tools = labTools(path);
    const admin = openstackEnvironment(openstack);
    const owner = openstackEnvironment(openstack.replace(/openrc$/, 'openrc-owner'));

    async function project() {
      const made = await createLabProject(admin, owner);
      onTestFinished(async () => await made.remove());
      return made;
    }

    it(
      'counts the true usage, and never less than before, over relaunches, deletion, archive, purge, restarts of nova-api and exporter, and expired tokens, also for parts of a pool project',
      async () => {
        const [{ authUrl, signIns }, host, mine] = await Promise.all([
          startShortTokens(tools, TOKEN_MS / 1000),
          startLabHost(tools, admin),
          project(),
        ]);
        const env = { ...admin, OS_AUTH_URL: authUrl };
        const whole = createMeter(env, mine.id);
        const parts = createMeter(env, mine.id, { splitProject: mine.id });
        const meters = [whole, parts];
        const everyMeter = async (does: (meter: typeof whole) => Promise<unknown>) =>
          void (await Promise.all(meters.map(does)));
        const servers: Record<'own' | 'alpha' | 'beta', LabServer[]> = { own: [], alpha: [], beta: [] };
        /** Folds everything up to now, and compares it with the true usage. */
        const refreshExactly = async () => {
          // A launch that the exporter has not counted up to would be lost at the next one.
          await nowSettles(SETTLING_MS);
          await everyMeter(async ({ refresh }) => await refresh());
          const { own, alpha, beta } = servers;
          const [all, apart] = [whole.counted(), parts.counted()];
          expect(all).toEqual(trueUsage({ [mine.id]: [...own, ...alpha, ...beta] }, all));
          const byPart = { [mine.id]: own, [`${mine.id}/alpha "α"`]: alpha, [`${mine.id}/beta`]: beta };
          expect(apart).toEqual(trueUsage(byPart, apart));
        };
        const of = (part: string) => ({ metadata: { project_name: part } });
        await everyMeter(async ({ refresh }) => await refresh());
        const startedMs = Date.now();
        const evacuated = await mine.boot('m1.small', { host: host.name, ...of('beta') });
        await host.fail();
        const [confirmed, reverted, waiting, rebuilt, shelved] = await Promise.all([
          mine.boot('m1.small', of('alpha "α"')),
          mine.boot('m1.small', of('beta')),
          mine.boot('m1.small'),
          mine.boot('m1.small', of('alpha "α"')),
          mine.boot('m1.small', of('')),
        ]);
        servers.alpha.push(confirmed, rebuilt);
        servers.beta.push(evacuated, reverted);
        servers.own.push(waiting, shelved);
        await refreshExactly();

        await Promise.all([
          ...[confirmed, reverted, waiting].map(async (server) => await mine.resize(server, 'm1.large')),
          mine.rebuild(rebuilt),
          mine.act(shelved, { shelve: null }, 'SHELVED_OFFLOADED'),
          mine.evacuate(evacuated),
        ]);
        // Nova forgets the metadata of deleted servers: without a refresh before, nobody knows the part of this server.
        const shortLived = await mine.boot('m1.small', of('alpha "α"'));
        servers.own.push(shortLived);
        await mine.delete(shortLived);
        await refreshExactly();

        await Promise.all([
          mine.act(confirmed, { confirmResize: null }, 'ACTIVE'),
          mine.act(reverted, { revertResize: null }, 'ACTIVE'),
          mine.act(shelved, { unshelve: null }, 'ACTIVE'),
        ]);
        const before = meters.map(({ counted }) => counted());
        tools.stopNova();
        await everyMeter(
          async ({ refresh }) => await expect(refresh()).rejects.toThrow(/^Nova .* does not answer/),
        );
        expect(meters.map(({ counted }) => counted())).toEqual(before);
        tools.startNova();
        await everyMeter(async ({ restart }) => await restart());
        await mine.delete(rebuilt);
        await refreshExactly();
        const launches = [evacuated, confirmed, reverted, waiting, rebuilt, shelved, shortLived];
        expect(launches.map(({ launches: { length } }) => length)).toEqual([2, 2, 3, 2, 2, 2, 1]);

        tools.forgetDeleted();
        await clockPasses(startedMs + TOKEN_MS); // the first tokens have expired
        await refreshExactly();
        expect(signIns()).toBeGreaterThanOrEqual(2 * meters.length);
      },
      10 * MINUTES_MS,
    );

    it('continues to count over a rescue, which moves the launch time', async () => {
      const mine = await project();
      const { refresh, counted } = createMeter(admin, mine.id);
      await refresh();
      const server = await mine.boot('m1.small');
      const refreshExactly = async () => {
        await nowSettles(SETTLING_MS);
        await refresh();
        expect(counted()).toEqual(trueUsage({ [mine.id]: [server] }, counted()));
      };
      await refreshExactly();
      await mine.act(server, { rescue: null }, 'RESCUE');
      await refreshExactly();
      await mine.act(server, { unrescue: null }, 'ACTIVE');
      await refreshExactly();
      const { launches } = server;
      expect(launches.length).toBe(2);
      expect(counted().untilMs).toBeGreaterThan(launches[1]?.atMs ?? Infinity);
    });

    it(
      'shows no wrong number while the cell with the servers is down, and misses nothing after',
      async () => {
        const mine = await project();
        const [own, part] = await Promise.all([
          mine.boot('m1.small'),
          mine.boot('m1.tiny', { metadata: { project_name: 'part' } }),
        ]);
        const startMs = Math.floor(Date.now() / 1000) * 1000;
        const since = { start: new Date(startMs).toISOString() };
        const meters = [
          [createMeter(admin, mine.id, since), { [mine.id]: [own, part] }],
          [
            createMeter(admin, mine.id, { ...since, splitProject: mine.id }),
            { [mine.id]: [own], [`${mine.id}/part`]: [part] },
          ],
        ] as const;
        for (const [{ refresh, start }] of meters) {
          await refresh();
          await start();
        }
        type Output = Awaited<ReturnType<(typeof meters)[0][0]['shown']>>;
        /** Compares the output of all meters with the truth, again and again, until `isDone` holds for all. */
        const watch = async (isDone: (shown: Output) => boolean) => {
          for (let done = false; !done; await systemClock.sleep(100)) {
            done = true;
            for (const [meter, servers] of meters) {
              const shown = await meter.shown();
              const { usage } = trueUsage(servers, { startMs, untilMs: shown.untilMs });
              const hours = Object.entries(usage).map(([id, { mb }]) => [id, Number(mb) / HOUR_MS]);
              expect(shown.hours).toEqual(Object.fromEntries(hours));
              done &&= isDone(shown);
            }
          }
        };
        await watch(({ hours }) => Object.keys(hours).length > 0);
        const cell = tools.breakCell();
        await watch(({ failures }) => failures >= 3);
        cell.mend();
        const mendedMs = Date.now();
        await watch(({ untilMs }) => untilMs > mendedMs);
      },
      5 * MINUTES_MS,
    );
  },
);
