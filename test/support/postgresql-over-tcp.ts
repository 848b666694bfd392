import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startProgram, type Running } from './processes.ts';

export const PASSWORD = 'swordfish';

/** PostgreSQL refuses to run as root, so it runs as the account of Debian's package. */
function asServerAccount(program: string, args: readonly string[]): [string, string[]] {
  const isRoot = process.getuid?.() === 0;
  return isRoot
    ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', program, ...args]]
    : [program, [...args]];
}

function run(folder: string, program: string, args: readonly string[]): void {
  const [first, rest] = asServerAccount(program, args);
  execFileSync(first, rest, { cwd: folder, stdio: 'ignore' });
}

function makeFolder(path: string): string {
  mkdirSync(path, { mode: 0o700 });
  if (process.getuid?.() === 0) execFileSync('chown', ['postgres', path]);
  return path;
}

/** Makes a cluster that asks for passwords over TCP, as a site's own database does. */
export function makeCluster(bin: string, folder: string, name = 'cluster'): string {
  const cluster = makeFolder(join(folder, name));
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o644 });
  const access = ['--username', 'meter', '--pwfile', passwordFile, '--auth', 'scram-sha-256'];
  const kind = ['--encoding=UTF8', '--locale=C', '--no-sync'];
  run(folder, join(bin, 'initdb'), ['--pgdata', cluster, ...access, ...kind]);
  return cluster;
}

/** Copies the running server on `port` to a cluster that follows it. */
export function makeReplica(bin: string, folder: string, port: number): string {
  const cluster = makeFolder(join(folder, 'replica'));
  const kind = ['--write-recovery-conf', '--wal-method=stream', '--checkpoint=fast', '--no-sync'];
  run(folder, join(bin, 'pg_basebackup'), ['--pgdata', cluster, '--dbname', tcpUrl(port), ...kind]);
  return cluster;
}

/** Starts a server, and ends it with the test. */
export async function startServer(bin: string, cluster: string, port: number): Promise<Running> {
  const options = ['-D', cluster, '-h', '127.0.0.1', '-p', String(port), '-k', '', '-c', 'fsync=off'];
  const server = startProgram(...asServerAccount(join(bin, 'postgres'), options));
  onTestFinished(async () => void (await server.stop('SIGINT')));
  await server.waitFor(/ready to accept (?:read-only )?connections/);
  return server;
}

/** The URL of the server on `port` for a user with the password of these servers. */
export function tcpUrl(port: number, user = 'meter', database = 'postgres'): string {
  return `postgres://${user}:${PASSWORD}@127.0.0.1:${port}/${database}`;
}
