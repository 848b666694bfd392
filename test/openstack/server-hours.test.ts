import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createExporter } from '../../src/exporter/exporter.ts';
import { readExporterConfig } from '../../src/exporter/settings/config.ts';
import { parseState } from '../../src/exporter/state/state-format.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { describeWith } from '../support/describe-with.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { openstackEnvironment } from './environment.ts';
import { labTools } from './lab-tools.ts';
import { createLabProject, type LabServer } from './lab.ts';

const SETTLING_MS = 2000;
/** Nova's times are whole seconds, and an action is written a little after its state. */
const TOLERANCE_S = 2;
const SQL =
  'mariadb --no-defaults --socket="$SOCK" -u root --batch --skip-column-names nova <<<"$STATEMENTS"';

interface StateChange {
  atMs: number;
  state: string;
  vcpus: number;
  launchedMs: number;
}

/** Notes each state that Nova's database ever has, by a trigger. */
function watchDatabase(tools: ReturnType<typeof labTools>) {
  const sql = (statements: string) => tools.shell(SQL, { STATEMENTS: statements });
  const end = () => sql('DROP TRIGGER IF EXISTS stackmeter_state; DROP TABLE IF EXISTS stackmeter_states;');
  end();
  sql(
    'CREATE TABLE stackmeter_states (uuid CHAR(36), at DOUBLE, state VARCHAR(64), vcpus INT, launched DOUBLE);' +
      'CREATE TRIGGER stackmeter_state AFTER UPDATE ON instances FOR EACH ROW INSERT INTO stackmeter_states ' +
      'VALUES (NEW.uuid, UNIX_TIMESTAMP(UTC_TIMESTAMP(3)), NEW.vm_state, NEW.vcpus, UNIX_TIMESTAMP(NEW.launched_at));',
  );
  onTestFinished(() => void end());
  const offset = Number(sql('SELECT UNIX_TIMESTAMP(UTC_TIMESTAMP()) - UNIX_TIMESTAMP()')) * 1000;
  return (uuid: string): StateChange[] =>
    sql(`SELECT at, state, vcpus, launched FROM stackmeter_states WHERE uuid = '${uuid}' ORDER BY at`)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'))
      .filter(([, , , launched]) => launched !== 'NULL')
      .map(([at, state = '', vcpus, launched]) => ({
        atMs: Number(at) * 1000 - offset,
        state,
        vcpus: Number(vcpus),
        launchedMs: Number(launched) * 1000 - offset,
      }));
}

/** Seconds by state, from the server's launch to `untilMs`. */
function secondsOf(seen: readonly StateChange[], untilMs: number): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const [index, { atMs, state, launchedMs }] of seen.entries()) {
    const fromMs = index === 0 ? launchedMs : atMs;
    const toMs = Math.min(seen[index + 1]?.atMs ?? untilMs, untilMs);
    if (toMs > fromMs && state !== 'deleted')
      seconds.set(state, (seconds.get(state) ?? 0) + (toMs - fromMs) / 1000);
  }
  return seconds;
}

describeWith(
  ['openstack', 'openstack-tools'],
  'server hours of a real OpenStack',
  ({ openstack, 'openstack-tools': path }) => {
    const tools = labTools(path);
    const admin = openstackEnvironment(openstack);
    const owner = openstackEnvironment(openstack.replace(/openrc$/, 'openrc-owner'));

    it('are those of the database, over transitions that nobody looked at', async () => {
      const seenOf = watchDatabase(tools);
      const project = await createLabProject(admin, owner);
      onTestFinished(async () => await project.remove());
      const state = join(temporaryFolder(), 'state.json');
      const flags = { listen: '127.0.0.1:0', state, settlingDelay: SETTLING_MS / 1000, serverHours: true };
      const start = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
      const config = readExporterConfig({ flags: { ...flags, start }, env: admin });
      const exporter = createExporter(config, { clock: systemClock, logger: silentLogger() });
      onTestFinished(async () => await exporter.close());
      const act = async (server: LabServer, ...steps: readonly (readonly [object, string])[]) => {
        for (const [action, status] of steps) await project.act(server, action, status);
      };
      const servers = await Promise.all([1, 2, 3, 4, 5].map(async () => await project.boot('m1.small')));
      const counted = async () => {
        const nowMs = Date.now();
        return await eventually(async () => {
          await exporter.refresh();
          const { meter } = parseState(readFileSync(state, 'utf8'));
          return meter.untilMs > nowMs ? meter : undefined;
        });
      };
      await counted(); // nobody can know the flavor before a resize that came before the first refresh
      const [stopped, paused, suspended, shelved, resized] = servers as [
        LabServer,
        LabServer,
        LabServer,
        LabServer,
        LabServer,
      ];
      await Promise.all([
        act(
          stopped,
          [{ 'os-stop': null }, 'SHUTOFF'],
          [{ 'os-start': null }, 'ACTIVE'],
          [{ 'os-stop': null }, 'SHUTOFF'],
        ),
        act(paused, [{ pause: null }, 'PAUSED'], [{ unpause: null }, 'ACTIVE'], [{ pause: null }, 'PAUSED']),
        act(suspended, [{ suspend: null }, 'SUSPENDED'], [{ resume: null }, 'ACTIVE']),
        act(shelved, [{ shelve: null }, 'SHELVED_OFFLOADED'], [{ unshelve: null }, 'ACTIVE']),
        (async () => {
          await project.resize(resized, 'm1.large');
          await act(resized, [{ confirmResize: null }, 'ACTIVE']);
        })(),
      ]);
      const meter = await counted();
      const told = new Map<string, number>();
      let vcpuMs = 0n;
      for (const { flavor, state: one, durationMs } of meter.hours?.totals.get(project.id) ?? []) {
        told.set(one, (told.get(one) ?? 0) + Number(durationMs) / 1000);
        vcpuMs += BigInt(flavor.vcpu) * durationMs;
      }
      expect(vcpuMs).toBe(meter.totals.get(project.id)?.vcpu);
      const truth = new Map<string, number>();
      for (const { id } of servers)
        for (const [one, seconds] of secondsOf(seenOf(id), meter.untilMs))
          truth.set(one, (truth.get(one) ?? 0) + seconds);
      // A server that is offloaded at once is shelved for a moment, within an action of which only the end is recorded.
      truth.set('active', (truth.get('active') ?? 0) + (truth.get('shelved') ?? 0));
      truth.delete('shelved');
      const wrong = [...new Set([...truth.keys(), ...told.keys()])].filter(
        (one) => Math.abs((told.get(one) ?? 0) - (truth.get(one) ?? 0)) > TOLERANCE_S * servers.length,
      );
      expect({ wrong, told, truth }).toMatchObject({ wrong: [] });
    });
  },
);
