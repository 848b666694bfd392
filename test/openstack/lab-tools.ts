import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startProgram, temporaryFolder, type Running } from '../support/processes.ts';

const SERVE_NOVA =
  'start nova-api uwsgi_python3 --ini "$LAB/etc/nova-api-uwsgi.ini"; wait_http nova-api "http://$ADDR:$NOVA_PORT/" 90';
const SQL =
  'mariadb --no-defaults --socket="$SOCK" -u root --batch --skip-column-names --force <<<"$STATEMENTS"';
const COMPUTE =
  '"$PY" "$LAB/dist/usr/bin/nova-compute" --config-file "$LAB/etc/nova/nova.conf" --config-file "$CONFIG"';

/** The commands that come with the cloud; `tools` is one of them by path. */
export function labTools(tools: string) {
  const folder = dirname(tools);
  const run = (program: string, args: readonly string[], env: Record<string, string> = {}) =>
    execFileSync(program, args, {
      cwd: folder,
      encoding: 'utf8',
      timeout: 120_000,
      env: { ...process.env, ...env },
    });
  const shell = (script: string, env?: Record<string, string>) =>
    run('bash', ['-c', `. lib/env.sh; ${script}`], env);
  const manage = (...args: string[]) =>
    spawnSync(join(folder, 'nova-manage'), args, { cwd: folder, encoding: 'utf8', timeout: 120_000 });
  const managed = (...args: string[]) => {
    const { status, stdout, stderr } = manage(...args);
    if (status !== 0) throw new Error(`nova-manage ${args.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  };
  return {
    /** Archives and purges what was deleted; `nova-manage` says with 1 that it archived something. */
    forgetDeleted: () => {
      const archived = manage('db', 'archive_deleted_rows', '--until-complete', '--all-cells', '--verbose');
      if (archived.status !== 1)
        throw new Error(`nothing was archived: ${archived.stdout}${archived.stderr}`);
      managed('db', 'purge', '--all', '--all-cells');
    },
    /** Runs a script with the settings of the cloud as variables. */
    shell,
    /** Runs a program with the settings of the cloud as variables, until it is stopped. */
    serve: (command: string, env: Record<string, string>): Running =>
      startProgram('bash', ['-c', `. lib/env.sh; exec ${command}`], { cwd: folder, env }),
    stopNova: () => shell('stop nova-api'),
    startNova: () => shell(SERVE_NOVA),
    /** Takes the database of the cell that has the servers away from Nova, in the middle of what it does there. */
    breakCell: () => {
      const sql = (statements: string) => shell(SQL, { STATEMENTS: statements });
      let isBroken = true;
      sql('REVOKE ALL ON nova.* FROM openstack@localhost');
      sql(sql("SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE db = 'nova'"));
      const mend = () => {
        if (isBroken) sql('GRANT ALL ON nova.* TO openstack@localhost');
        isBroken = false;
      };
      onTestFinished(mend);
      return { mend };
    },
    /** Another nova-compute of that name; `host` is ready for servers once Nova has discovered it. */
    startCompute: (host: string) => {
      const config = join(temporaryFolder(), 'nova-compute.conf');
      writeFileSync(config, `[DEFAULT]\nhost = ${host}\n`);
      shell(`start ${host} ${COMPUTE}`, { CONFIG: config });
      return {
        discover: () => void managed('cell_v2', 'discover_hosts'),
        /** Without a farewell. */
        kill: () => void shell(`stop ${host} 0`),
      };
    },
  };
}
