import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestProject } from 'vitest/node';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { EmbeddedDatabase } from '../../src/portal/database/embedded/embedded-database.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { installedPostgresql, runSql, type TestServer } from './postgresql-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a test file asks for a PostgreSQL server. */
    postgresqlServers: string;
  }
}

/** A worker of vitest, which runs one test file at a time, and the programs of the server; the embedded ones if left out. */
export interface ServerRequest {
  worker: string;
  bin?: string;
}

/**
 * Lends PostgreSQL servers to the test files of a run, because a server starts more slowly than most tests run. Starts a
 * server when its first file asks for it. Files that run at the same time have servers of their own.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'stackmeter-test-'));
  const servers = new Map<string, { server: TestServer; connection: Promise<DatabaseConnection> }>();
  const lend = async (request: string): Promise<DatabaseConnection> => {
    const { bin } = JSON.parse(request) as ServerRequest;
    const dataFolder = join(folder, String(servers.size));
    const start = (server: TestServer) => ({ server, connection: withoutSync(server.start()) });
    const lent =
      servers.get(request) ??
      start(
        bin === undefined
          ? new EmbeddedDatabase({ dataFolder, logger: silentLogger() })
          : installedPostgresql(bin, dataFolder),
      );
    servers.set(request, lent);
    return await lent.connection;
  };
  const lender = createServer((request, response) => {
    void text(request)
      .then(lend)
      .then(
        (connection) => response.end(JSON.stringify(connection)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
  });
  await once(lender.listen(0, '127.0.0.1'), 'listening');
  project.provide('postgresqlServers', `http://127.0.0.1:${(lender.address() as AddressInfo).port}`);
  return async () => {
    lender.close();
    await Promise.all([...servers.values()].map(async ({ server }) => await server.close()));
    await rm(folder, { recursive: true, force: true });
  };
}

/** Nothing of a test's server has to survive a crash, and most of its work is to make and drop databases. */
export async function withoutSync(starting: Promise<DatabaseConnection>): Promise<DatabaseConnection> {
  const connection = await starting;
  for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit'])
    await runSql(connection, `ALTER SYSTEM SET ${setting} = off`);
  await runSql(connection, 'SELECT pg_reload_conf()');
  return connection;
}
