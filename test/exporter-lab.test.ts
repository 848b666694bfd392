import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createExporter } from '../src/exporter/exporter.ts';
import { readExporterConfig } from '../src/exporter/config.ts';
import { parseState } from '../src/exporter/state-format.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { describeWith } from './describe-with.ts';
import { openstackEnvironment } from './openstack-environment.ts';
import { startLabHost } from './openstack-lab-host.ts';
import { labTools } from './openstack-lab-tools.ts';
import { createLabProject, type LabServer } from './openstack-lab.ts';
import { temporaryFolder } from './processes.ts';

const SETTLING_MS = 2000;
const MINUTES_MS = 60_000;

function createMeter(openrc: string, projectId: string) {
  const state = join(temporaryFolder(), 'state.json');
  const flags = { listen: '127.0.0.1:0', openrc, state, settlingDelay: SETTLING_MS / 1000 };
  const exporter = createExporter(readExporterConfig({ flags, env: {} }), {
    clock: systemClock,
    logger: silentLogger(),
  });
  onTestFinished(async () => await exporter.close());
  let before = { vcpu: 0n, mb: 0n };
  const totals = () => {
    const { meter } = parseState(readFileSync(state, 'utf8'));
    const { vcpu, mb } = meter.totals.get(projectId) ?? { vcpu: 0n, mb: 0n };
    return { vcpu, mb, startMs: meter.startMs, untilMs: meter.untilMs };
  };
  /** Folds in everything up to now. */
  const refresh = async () => {
    await new Promise((resolve) => setTimeout(resolve, SETTLING_MS + 1500));
    await exporter.refresh();
    const { vcpu, mb } = totals();
    expect([vcpu >= before.vcpu, mb >= before.mb]).toEqual([true, true]);
    before = { vcpu, mb };
  };
  return { exporter, refresh, totals };
}

/** What the servers used, from the launches and deletions that Nova told when they happened. */
function known(servers: readonly LabServer[], startMs: number, untilMs: number) {
  let [vcpu, mb] = [0n, 0n];
  for (const { launches, endedMs } of servers) {
    for (const [index, { atMs, vcpus, memoryMb }] of launches.entries()) {
      const toMs = Math.min(launches[index + 1]?.atMs ?? Infinity, endedMs ?? Infinity, untilMs);
      const duration = BigInt(Math.max(0, toMs - Math.max(atMs, startMs)));
      vcpu += BigInt(vcpus) * duration;
      mb += BigInt(memoryMb) * duration;
    }
  }
  return { vcpu, mb, startMs, untilMs };
}

describeWith(
  ['openstack', 'openstack-tools'],
  'the exporter of a real OpenStack that changes under it',
  ({ openstack, 'openstack-tools': path }) => {
    const tools = labTools(path);
    const owner = openstackEnvironment(openstack.replace(/openrc$/, 'openrc-owner'));

    async function project() {
      const made = await createLabProject(openstackEnvironment(openstack), owner);
      onTestFinished(async () => await made.remove());
      return made;
    }

    it(
      'counts what is known, and never less than before: through relaunches, deletion, archive, purge, a cell that is down and a restart of nova-api',
      async () => {
        const host = await startLabHost(tools, openstackEnvironment(openstack));
        const mine = await project();
        const { exporter, refresh, totals } = createMeter(openstack, mine.id);
        const servers: LabServer[] = [];
        const refreshExactly = async () => {
          await refresh();
          const counted = totals();
          expect(counted).toEqual(known(servers, counted.startMs, counted.untilMs));
        };
        await exporter.refresh();
        const evacuated = await mine.boot('m1.small', { host: host.name });
        await host.fail();
        const boot = async () => await mine.boot('m1.small');
        const [confirmed, reverted, waiting, rebuilt, shelved] = await Promise.all([
          boot(),
          boot(),
          boot(),
          boot(),
          boot(),
        ]);
        servers.push(evacuated, confirmed, reverted, waiting, rebuilt, shelved);
        await refreshExactly();

        await Promise.all([
          ...[confirmed, reverted, waiting].map(async (server) => await mine.resize(server, 'm1.large')),
          mine.rebuild(rebuilt),
          mine.act(shelved, { shelve: null }, 'SHELVED_OFFLOADED'),
          mine.evacuate(evacuated),
        ]);
        const shortLived = await mine.boot('m1.small');
        servers.push(shortLived);
        await mine.delete(shortLived);
        await refreshExactly();

        const cell = tools.addBrokenCell();
        await Promise.all([
          mine.act(confirmed, { confirmResize: null }, 'ACTIVE'),
          mine.act(reverted, { revertResize: null }, 'ACTIVE'),
          mine.act(shelved, { unshelve: null }, 'ACTIVE'),
        ]);
        const before = totals();
        await expect(exporter.refresh()).rejects.toThrow(/^Nova .*500/);
        expect(totals()).toEqual(before);
        cell.remove();
        await refreshExactly();

        tools.stopNova();
        await expect(exporter.refresh()).rejects.toThrow(/^Nova .* does not answer/);
        tools.startNova();
        await mine.delete(rebuilt);
        await refreshExactly();
        const launches = [evacuated, confirmed, reverted, waiting, rebuilt, shelved, shortLived];
        expect(launches.map(({ launches: { length } }) => length)).toEqual([2, 2, 3, 2, 2, 2, 1]);

        tools.forgetDeleted();
        await refreshExactly();
      },
      5 * MINUTES_MS,
    );

    it(
      'outlives its tokens: with tokens of 60 s it goes on to count exactly',
      async () => {
        const mine = await project();
        const server = await mine.boot('m1.small');
        tools.setTokenLifetime(60);
        onTestFinished(() => void tools.setTokenLifetime(3600));
        const { exporter, refresh, totals } = createMeter(openstack, mine.id);
        await exporter.refresh();
        for (const endMs = Date.now() + 70_000; Date.now() < endMs;) {
          await refresh();
          await new Promise((resolve) => setTimeout(resolve, 10_000));
        }
        const counted = totals();
        expect(counted).toEqual(known([server], counted.startMs, counted.untilMs));
        expect(counted.untilMs - counted.startMs).toBeGreaterThan(60_000);
      },
      4 * MINUTES_MS,
    );
  },
);
