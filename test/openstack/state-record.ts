import { onTestFinished } from 'vitest';
import type { labTools } from './lab-tools.ts';

const SQL =
  'mariadb --no-defaults --socket="$SOCK" -u root --batch --skip-column-names nova <<<"$STATEMENTS"';

/** A state that a server had in Nova's database from an instant on. */
export interface StateRow {
  atMs: number;
  state: string;
  vcpus: number;
  /** The last launch by then. */
  launchedMs: number;
}

/** An event of an action, as Nova recorded it, in whole seconds. */
export interface EventRow {
  startMs: number;
  finishMs: number;
}

/** Notes each state that a server ever has in Nova's database, by a trigger. */
export function recordStates(tools: ReturnType<typeof labTools>) {
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
  return {
    /** The states of all servers that were launched, by server, in order of time. */
    read: (): Map<string, StateRow[]> => {
      const rows = sql('SELECT uuid, at, state, vcpus, launched FROM stackmeter_states ORDER BY at')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t'))
        .filter(([, , , , launched]) => launched !== 'NULL')
        .map(([uuid = '', at, state = '', vcpus, launched]) => ({
          uuid,
          atMs: Number(at) * 1000 - offset,
          state,
          vcpus: Number(vcpus),
          launchedMs: Number(launched) * 1000 - offset,
        }));
      const byServer = new Map<string, StateRow[]>();
      for (const { uuid, ...row } of rows) byServer.set(uuid, [...(byServer.get(uuid) ?? []), row]);
      return byServer;
    },
    /** The finished events of the actions on all servers, by server. */
    readEvents: (): Map<string, EventRow[]> => {
      const rows = sql(
        'SELECT a.instance_uuid, UNIX_TIMESTAMP(e.start_time), UNIX_TIMESTAMP(e.finish_time) ' +
          'FROM instance_actions_events e JOIN instance_actions a ON e.action_id = a.id WHERE e.finish_time IS NOT NULL',
      );
      const byServer = new Map<string, EventRow[]>();
      for (const line of rows.split('\n').filter((one) => one !== '')) {
        const [uuid = '', start, finish] = line.split('\t');
        const event = { startMs: Number(start) * 1000 - offset, finishMs: Number(finish) * 1000 - offset };
        byServer.set(uuid, [...(byServer.get(uuid) ?? []), event]);
      }
      return byServer;
    },
    /** Deletes the record of actions on a server. */
    purgeActions: (uuid: string) =>
      void sql(
        `DELETE e FROM instance_actions_events e JOIN instance_actions a ON e.action_id = a.id WHERE a.instance_uuid = '${uuid}';` +
          `DELETE FROM instance_actions WHERE instance_uuid = '${uuid}';`,
      ),
  };
}

/** Seconds by the key of each row, from each server's launch to `untilMs` or to its deletion. */
export function secondsBy(
  servers: readonly (readonly StateRow[])[],
  untilMs: number,
  key: (row: StateRow) => string,
): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const rows of servers)
    for (const [index, row] of rows.entries()) {
      const fromMs = index === 0 ? row.launchedMs : row.atMs;
      const toMs = Math.min(rows[index + 1]?.atMs ?? untilMs, untilMs);
      if (toMs > fromMs && row.state !== 'deleted')
        seconds.set(key(row), (seconds.get(key(row)) ?? 0) + (toMs - fromMs) / 1000);
    }
  return seconds;
}

/**
 * By how many seconds Nova's record is wrong about a server's changes of state. Nova notes the end of an event some time
 * after the change. Somebody who looks before that sees only the event's start.
 */
export function secondsVague(rows: readonly StateRow[], events: readonly EventRow[]): number {
  let seconds = 0;
  for (const [index, { atMs, state }] of rows.entries()) {
    if (index === 0 || rows[index - 1]?.state === state) continue;
    const around = events.filter(({ startMs, finishMs }) => startMs <= atMs && finishMs + 1000 >= atMs);
    const [first] = around.sort((a, b) => a.finishMs - b.finishMs);
    if (first === undefined || first.finishMs - atMs < 1000) continue;
    seconds += Math.max(first.finishMs - atMs, atMs - first.startMs) / 1000;
  }
  return seconds;
}
