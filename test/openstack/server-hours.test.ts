import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { createExporter } from '../../src/exporter/exporter.ts';
import type { MeterState } from '../../src/exporter/metering/meter-state.ts';
import { readExporterConfig } from '../../src/exporter/settings/config.ts';
import { parseState } from '../../src/exporter/state/state-format.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { describeWith } from '../support/describe-with.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { startTamperingProxy } from '../support/tampering-proxy.ts';
import { serviceAddress } from './client.ts';
import { openstackEnvironment } from './environment.ts';
import { startLabHost } from './lab-host.ts';
import { labTools } from './lab-tools.ts';
import { createLabProject, type LabServer } from './lab.ts';
import {
  TWO_FLAVORS,
  bootBothFlavors,
  KEEPING,
  LIVES,
  pause,
  PURGED,
  UNANSWERED,
  type Lab,
  type Life,
} from './server-lives.ts';
import { startSecondNova } from './second-nova.ts';
import { recordStates, secondsBy, secondsVague, type StateRow } from './state-record.ts';

const SETTLING_MS = 2000;
/** Nova's times are whole seconds. */
const TOLERANCE_S = 3;
const OWN_HOST = 'osl-compute-1';
/** The lives that the exporter named `away` cannot know. */
const NOT_TOLD = new Set([PURGED, UNANSWERED]);

/** An exporter that splits the project by the lives of its servers. */
function exporterOf(env: Record<string, string>, projectId: string, start: string) {
  const state = join(temporaryFolder(), 'state.json');
  const log: string[] = [];
  const destination = new PassThrough().on('data', (line: Buffer) => log.push(line.toString()));
  const flags = {
    listen: '127.0.0.1:0',
    state,
    start,
    settlingDelay: SETTLING_MS / 1000,
    serverHours: true,
    splitProject: projectId,
    splitMetadata: 'life',
  };
  const config = { ...readExporterConfig({ flags, env }), firstRetryDelayMs: 1 };
  const open = () => {
    const opened = createExporter(config, {
      clock: systemClock,
      logger: createLogger({ destination, pretty: false }),
    });
    onTestFinished(async () => await opened.close());
    return opened;
  };
  let exporter = open();
  return {
    refresh: async () => await exporter.refresh(),
    /** The totals of all time up to now. */
    countUpToNow: async (): Promise<MeterState> => {
      const nowMs = Date.now();
      return await eventually(async () => {
        await exporter.refresh();
        const { meter } = parseState(readFileSync(state, 'utf8'));
        return meter.untilMs > nowMs ? meter : undefined;
      });
    },
    restart: async () => {
      await exporter.close();
      exporter = open();
    },
    logged: (words: string) => log.filter((line) => line.includes(words)).length,
  };
}

/** Seconds by state, or by another key. */
function toldBy(
  { hours }: MeterState,
  id: string,
  key: (vcpus: number, state: string) => string,
): Map<string, number> {
  const told = new Map<string, number>();
  for (const { flavor, state, durationMs } of hours?.totals.get(id) ?? []) {
    const one = key(flavor.vcpu, state);
    told.set(one, (told.get(one) ?? 0) + Number(durationMs) / 1000);
  }
  return told;
}

const sumOf = (seconds: Iterable<number>) => [...seconds].reduce((sum, one) => sum + one, 0);

/** Differences from the truth, in words. Some states of a server may be unknown. */
function differences(
  told: ReadonlyMap<string, number>,
  truth: ReadonlyMap<string, number>,
  toleranceS: number,
): string[] {
  const unknown = told.get('unknown') ?? 0;
  const total = sumOf(told.values()) - sumOf(truth.values());
  const wrong = Math.abs(total) > toleranceS ? [`all ${total.toFixed(1)} s`] : [];
  for (const key of new Set([...told.keys(), ...truth.keys()])) {
    if (key === 'unknown') continue;
    const excess = (told.get(key) ?? 0) - (truth.get(key) ?? 0);
    if (excess > toleranceS || -excess > toleranceS + unknown) wrong.push(`${key} ${excess.toFixed(1)} s`);
  }
  return wrong;
}

/** A server that is offloaded at once is shelved for a moment, within an action of which only the end is recorded. */
function withoutMoment(truth: ReadonlyMap<string, number>): Map<string, number> {
  const { shelved = 0, active = 0, ...rest } = Object.fromEntries(truth);
  return new Map(Object.entries({ ...rest, active: active + shelved }));
}

/** Waits for all, also if one fails, so that nothing goes on after the test. */
async function allOf(all: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(all);
  await Promise.all(all);
}

/** Faults of what an exporter tells of a server. */
function faultsOf(
  { name, isKept, isVague }: Life,
  meter: MeterState,
  id: string,
  truth: ReadonlyMap<string, number>,
  { exporter, vagueS }: { exporter: string; vagueS: number },
): string[] {
  const told = toldBy(meter, id, (_, state) => state);
  const faults = differences(told, isKept ? truth : withoutMoment(truth), TOLERANCE_S + vagueS);
  const [vcpu, sum] = vcpuTimes(meter, id);
  if (vcpu !== sum) faults.push(`the sum is ${sum}, not ${vcpu}`);
  const isRefused = exporter === 'blind' || (exporter === 'away' && NOT_TOLD.has(name));
  const mayBeUnknown = isRefused || isVague === true;
  if (isRefused && !told.has('unknown')) faults.push('no state is unknown');
  if (!mayBeUnknown && told.has('unknown')) faults.push(`unknown for ${told.get('unknown')} s`);
  return faults;
}

/** The amounts of the project's totals, and of its server hours. */
function vcpuTimes({ totals, hours }: MeterState, id: string): [bigint | undefined, bigint] {
  const ofHours = hours?.totals.get(id) ?? [];
  const sum = ofHours.reduce((all, { flavor, durationMs }) => all + BigInt(flavor.vcpu) * durationMs, 0n);
  return [totals.get(id)?.vcpu, sum];
}

describeWith(
  ['openstack', 'openstack-tools'],
  'server hours of a real OpenStack',
  ({ openstack, 'openstack-tools': path }) => {
    const tools = labTools(path);
    const admin = openstackEnvironment(openstack);
    const owner = openstackEnvironment(openstack.replace(/openrc$/, 'openrc-owner'));

    it('are those of the database', { timeout: 600_000 }, async () => {
      const start = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
      const record = recordStates(tools);
      const [host, nova, project] = await Promise.all([
        startLabHost(tools, admin, KEEPING),
        startSecondNova(tools),
        createLabProject(admin, owner),
      ]);
      onTestFinished(async () => await project.remove());
      const lab: Lab = { ...project, nova };
      const servers = new Map<string, LabServer>();
      const boot = async (isKept: boolean, on: string) => {
        const booted = LIVES.filter((life) => (life.isKept ?? false) === isKept);
        await Promise.all(
          booted.map(async ({ name: life }) =>
            servers.set(life, await lab.boot('m1.small', { host: on, metadata: { life } })),
          ),
        );
      };
      await Promise.all([boot(true, host.name), boot(false, OWN_HOST)]);
      await host.disable();
      const refused = `/servers/${servers.get(UNANSWERED)?.id}/os-instance-actions`;
      const proxy = await startTamperingProxy(await serviceAddress(admin, 'compute'));
      proxy.tamper({
        answers: (answer, asked) => (asked.includes(refused) ? { ...answer, status: 500 } : answer),
      });
      const at = (OS_COMPUTE_ENDPOINT_OVERRIDE: string) => ({ ...admin, OS_COMPUTE_ENDPOINT_OVERRIDE });
      const exporters = {
        near: exporterOf(admin, project.id, start),
        away: exporterOf(at(proxy.url), project.id, start),
        blind: exporterOf(at(nova), project.id, start),
      };
      const { near, away, blind } = exporters;
      // Nobody knows the flavor before a resize that came before the first refresh.
      for (const one of [near, away, blind]) await one.countUpToNow();

      const lived = allOf(
        LIVES.map(async ({ name, live }) => {
          const server = servers.get(name) as LabServer;
          await live(server, lab);
          if (name === PURGED) record.purgeActions(server.id);
        }),
      );
      const both = [lived, bootBothFlavors(lab)] as const;
      const over = Promise.allSettled(both).then(() => 'over');
      do await near.refresh();
      while ((await Promise.race([over, pause(3000)])) !== 'over');
      const [, ofFlavors] = await Promise.all(both);
      await blind.refresh();
      await away.restart();

      const faults: string[] = [];
      for (const [exporter, { countUpToNow }] of Object.entries(exporters)) {
        const meter = await countUpToNow();
        const [rows, events] = [record.read(), record.readEvents()];
        const real = (uuids: readonly (string | undefined)[], key: (row: StateRow) => string) =>
          secondsBy(
            uuids.map((uuid) => rows.get(uuid ?? '') ?? []),
            meter.untilMs,
            key,
          );
        for (const life of LIVES) {
          const { id = '' } = servers.get(life.name) ?? {};
          const truth = real([id], ({ state }) => state);
          const vagueS = secondsVague(rows.get(id) ?? [], events.get(id) ?? []);
          const found = faultsOf(life, meter, `${project.id}/${life.name}`, truth, { exporter, vagueS });
          faults.push(...found.map((fault) => `${exporter}: ${life.name}: ${fault}`));
        }
        const told = toldBy(meter, `${project.id}/${TWO_FLAVORS}`, (vcpus) => `${vcpus} vCPUs`);
        const truth = real(ofFlavors, ({ vcpus }) => `${vcpus} vCPUs`);
        faults.push(
          ...differences(told, truth, TOLERANCE_S).map((fault) => `${exporter}: ${TWO_FLAVORS}: ${fault}`),
        );
        expect(told.size).toBe(2);
      }
      expect(faults).toEqual([]);
      expect(blind.logged('the history of servers cannot be read')).toBe(1);
    });
  },
);
