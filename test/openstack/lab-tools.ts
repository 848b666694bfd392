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

/** The commands of the test cloud; `tools` is the path of one of them. */
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
    /** Archives and purges deleted servers. `nova-manage` exits with 1 if it has archived something. */
    forgetDeleted: () => {
      const archived = manage('db', 'archive_deleted_rows', '--until-complete', '--all-cells', '--verbose');
      if (archived.status !== 1)
        throw new Error(`nothing was archived: ${archived.stdout}${archived.stderr}`);
      managed('db', 'purge', '--all', '--all-cells');
    },
    /** Runs a script with the cloud's settings as variables. */
    shell,
    /** Starts a program with the cloud's settings as variables. */
    serve: (command: string, env: Record<string, string>): Running =>
      startProgram('bash', ['-c', `. lib/env.sh; exec ${command}`], { cwd: folder, env }),
    stopNova: () => shell('stop nova-api'),
    startNova: () => shell(SERVE_NOVA),
    /** Cuts Nova off from the database of the cell with the servers, in the middle of its queries. */
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
    /** Starts another nova-compute with this host name and more settings; it is ready for servers after `discover`. */
    startCompute: (host: string, settings: readonly string[] = []) => {
      const config = join(temporaryFolder(), 'nova-compute.conf');
      writeFileSync(config, ['[DEFAULT]', `host = ${host}`, ...settings, ''].join('\n'));
      shell(`start ${host} ${COMPUTE}`, { CONFIG: config });
      return {
        discover: () => void managed('cell_v2', 'discover_hosts'),
        /** Ends it without an orderly shutdown. */
        kill: () => void shell(`stop ${host} 0`),
      };
    },
  };
}
