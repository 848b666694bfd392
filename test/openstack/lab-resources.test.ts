import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createExporter } from '../../src/exporter/exporter.ts';
import { readExporterConfigs } from '../../src/exporter/settings/config.ts';
import { parseState, type ExporterState } from '../../src/exporter/state/state-format.ts';
import { parseExposition } from '../../src/prometheus/text-format/text-format-parser.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { formatAddress } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { describeWith } from '../support/describe-with.ts';
import { createBelongings } from './belongings.ts';
import { nowSettles } from './clock.ts';
import { openstackEnvironment } from './environment.ts';
import { createGpuCloud } from './gpus.ts';
import { labTools } from './lab-tools.ts';
import { createLabProject, type LabServer } from './lab.ts';
import { createUser } from './users.ts';
import { startMoreServices, type MoreServices } from './more-services.ts';
import { temporaryFolder } from '../support/processes.ts';

const SETTLING_MS = 2000;
const RESOURCES = 'resources = ["volume_gb", "floating_ip", "object_gb", "snapshot_gb"]\n';

/** Starts an exporter with these settings, after its first refresh. */
async function startMeter(env: Record<string, string>, settings: string) {
  const folder = temporaryFolder();
  const [state, configFile] = [join(folder, 'state.json'), join(folder, 'exporter.toml')];
  writeFileSync(configFile, settings);
  const flags = { listen: '127.0.0.1:0', state, settlingDelay: SETTLING_MS / 1000 };
  const exporter = createExporter(readExporterConfigs({ flags, env, configFile }), {
    clock: systemClock,
    logger: silentLogger(),
  });
  onTestFinished(async () => await exporter.close());
  const stateNow = () => parseState(readFileSync(state, 'utf8'));
  await exporter.refresh();
  const first = stateNow();
  await exporter.start();
  return {
    first,
    state: stateNow,
    /** Folds everything up to now. */
    refresh: async () => {
      await nowSettles(SETTLING_MS);
      await exporter.refresh();
    },
    /** Values of a metric by its last label. */
    metric: async (name: string) => {
      const text = await (await fetch(`http://${formatAddress(exporter.address)}/metrics`)).text();
      const samples = parseExposition(text).filter((sample) => sample.name === name);
      return Object.fromEntries(samples.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
    },
  };
}

describeWith(
  ['openstack', 'openstack-tools', 'swift'],
  'the exporter of a real OpenStack with GPUs, routers and an object store',
  ({ openstack, 'openstack-tools': path }) => {
    const tools = labTools(path);
    const admin = openstackEnvironment(openstack);
    const owner = openstackEnvironment(openstack.replace(/openrc$/, 'openrc-owner'));
    let more: MoreServices;

    beforeAll(async () => {
      more = await startMoreServices(tools);
    });
    afterAll(async () => await more.stop());

    async function project() {
      const made = await createLabProject(admin, owner);
      onTestFinished(async () => await made.remove());
      return made;
    }

    it('counts the GPUs of flavors, also of a deleted flavor, and reports unknown aliases', async () => {
      const cloud = await createGpuCloud(admin);
      const mine = await project();
      const flavors = {
        passedThrough: await cloud.flavor({}),
        virtual: await cloud.flavor({ 'resources:VGPU': '2' }),
        ofItsOwn: await cloud.flavor({ [`resources:${cloud.customClass}`]: '1' }),
        none: await cloud.flavor({ 'hw:cpu_policy': 'shared' }),
      };
      const meter = await startMeter(
        admin,
        `resources = ["gpu"]\n[gpu_aliases]\n"stackmeter-a100" = 1\nvgpu = 0.25\n${cloud.customClass} = 0.5\n`,
      );
      const servers = await Promise.all(
        Object.values(flavors).map(async (flavor) => await mine.boot(flavor)),
      );
      // A later change of a flavor changes no existing server: Nova keeps the flavor with which a server was built.
      await cloud.addExtraSpecs(flavors.passedThrough, {
        'pci_passthrough:alias': 'stackmeter-a100:2,stackmeter-unknown:1',
      });
      const expected = (untilMs: number) => {
        const hours = (server: LabServer | undefined) => BigInt(untilMs - (server?.launches[0]?.atMs ?? 0));
        const [, virtual, ofItsOwn] = servers.map(hours);
        return (virtual ?? 0n) / 2n + (ofItsOwn ?? 0n) / 2n;
      };
      const counted = () => {
        const { meter: state } = meter.state();
        return [state.totals.get(mine.id)?.gpu, expected(state.untilMs)];
      };
      await meter.refresh();
      const [gpus, trueGpus] = counted();
      expect(gpus).toBe(trueGpus);
      expect(await meter.metric('stackmeter_exporter_unknown_gpu_alias')).toEqual({
        'stackmeter-unknown': 1,
      });

      await cloud.removeFlavor(flavors.virtual);
      await meter.refresh();
      const [later, trueLater] = counted();
      expect(later).toBe(trueLater);
      expect(later).toBeGreaterThan(gpus ?? 0n);
    });

    it('counts volumes by type, floating IPs, snapshots and stored objects; a failure of one affects no other', async () => {
      const mine = await project();
      const belongings = await createBelongings(admin, owner, mine.id, more);
      const since = [await belongings.volume(3), await belongings.address()];
      await belongings.object();
      const reseller = { ...(await createUser(admin, ['admin', 'ResellerAdmin'])), ...more.overrides };
      const [meter, notReseller, withoutMore] = await Promise.all([
        startMeter(reseller, RESOURCES),
        startMeter({ ...admin, ...more.overrides }, RESOURCES),
        startMeter(admin, RESOURCES),
      ]);
      const startMs = (resource: string) => meter.first.sampled.get(resource)?.untilMs ?? Number.NaN;
      expect(since.every((madeMs) => madeMs <= startMs('volume_gb'))).toBe(true);
      const later = [
        await belongings.volume(5),
        await belongings.address(),
        await belongings.snapshot(),
      ] as const;
      await Promise.all([meter.refresh(), notReseller.refresh(), withoutMore.refresh()]);

      const { meter: servers, sampled } = meter.state();
      const { untilMs } = servers;
      const lasted = (resource: string) => untilMs - startMs(resource);
      const volumes = BigInt(3 * lasted('volume_gb') + 5 * (untilMs - later[0]));
      expect(totalsOf(mine.id, sampled)).toEqual({
        volume_gb: volumes,
        volume_fake_gb: volumes,
        floating_ip: BigInt(lasted('floating_ip') + untilMs - later[1]),
        object_gb: BigInt(Math.round(lasted('object_gb') / 1024)), // 1 MiB
        snapshot_gb: BigInt(5 * (untilMs - later[2])),
      });
      expect([...new Set([...sampled.values()].map((state) => state.untilMs))]).toEqual([untilMs]);
      expect(await failures(meter)).toEqual({
        volume_gb: 1,
        floating_ip: 1,
        object_gb: 1,
        snapshot_gb: 1,
      });
      expect(await failures(notReseller)).toEqual({
        volume_gb: 1,
        floating_ip: 1,
        object_gb: 0,
        snapshot_gb: 1,
        'object_gb forbidden': 1,
      });
      expect(await failures(withoutMore)).toEqual({
        volume_gb: 1,
        floating_ip: 0,
        object_gb: 0,
        snapshot_gb: 1,
        'floating_ip missing': 1,
        'object_gb missing': 1,
      });
    });
  },
);

function totalsOf(projectId: string, sampled: ExporterState['sampled']): Record<string, bigint | undefined> {
  const totals = [...sampled.values()].flatMap((state) => [...state.totals]);
  return Object.fromEntries(totals.map(([resource, byProject]) => [resource, byProject.get(projectId)]));
}

/** Whether each resource can be read, and the reasons of failures. */
async function failures({ metric }: Awaited<ReturnType<typeof startMeter>>): Promise<Record<string, number>> {
  const reasons = await metric('stackmeter_exporter_resource_failure');
  const isTrue = Object.entries(reasons).filter(([, value]) => value === 1);
  return { ...(await metric('stackmeter_exporter_resource_up')), ...Object.fromEntries(isTrue) };
}
