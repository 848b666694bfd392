import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Page, ProjectRow, SiteRow, UsageRow } from '../../src/portal/api/shapes/answers.ts';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';
import { startFakeGate, TEXT_FORMAT, usageLine } from './fake-gate.ts';
import { stackmeter } from '../support/portal-under-test.ts';
import { eventually, freePort, temporaryFolder, type Running } from '../support/processes.ts';

async function startPortal(folder: string, config: string): Promise<{ process: Running; url: string }> {
  const process = stackmeter([
    'portal',
    '--listen',
    '127.0.0.1:0',
    '--data',
    join(folder, 'data'),
    '--config',
    config,
  ]);
  const [, address] = await process.waitFor(/"address":"([^"]+)"/);
  return { process, url: `http://${address}` };
}

function writeConfig(folder: string, sites: Record<string, string>): string {
  const path = join(folder, 'portal.toml');
  writeFileSync(join(folder, 'token'), 'a-token\n');
  const tables = Object.entries(sites).map(
    ([name, url]) =>
      `[[site]]\nname = "${name}"\nurl = "${url}"\ntoken_file = "token"\ninterval_seconds = 1\n`,
  );
  writeFileSync(path, tables.join(''));
  return path;
}

async function read<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

describe('a portal that is killed (-9) during sweeps', () => {
  it('loses nothing and counts nothing twice', { timeout: 600_000 }, async () => {
    const projects = Array.from({ length: 500 }, (_, index) => `p${index}`);
    const folder = temporaryFolder();
    let total = 0;
    let growing = false;
    let served: (() => void) | undefined;
    const gate = await startFakeGate((_request, response) => {
      const atMs = Date.now();
      if (growing) total += 1;
      response.writeHead(200, TEXT_FORMAT);
      response.write(usageLine('p0', total, atMs));
      served?.();
      response.end(
        projects
          .slice(1)
          .map((id) => usageLine(id, total, atMs))
          .join(''),
      );
    });
    const config = writeConfig(folder, { a: gate });

    const opening = await startPortal(folder, config);
    await eventually(async () => {
      const { data } = await read<Page<ProjectRow>>(`${opening.url}/api/v1/projects`);
      return data.length === projects.length ? true : undefined;
    });
    await opening.process.stop();
    growing = true;

    // A kill at any time, from the first byte of the answer to after the commit, must lead to the same usage. These
    // delays are that time; the test waits for nothing by them.
    for (const delayMs of [0, 5, 10, 20, 40, 80, 160]) {
      const requested = new Promise<void>((resolve) => (served = resolve));
      const { process } = await startPortal(folder, config);
      await requested;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await process.stop('SIGKILL');
    }

    growing = false;
    const last = await startPortal(folder, config);
    const from = new Date(Date.now() - 86_400_000).toISOString();
    const amounts = await eventually(async () => {
      const { data } = await read<Page<UsageRow>>(
        `${last.url}/api/v1/usage?from=${from}&by=project,resource&limit=10000`,
      );
      return data.every(({ amount }) => amount >= total) && data.length > 0 ? data : undefined;
    });
    expect(new Set(amounts.map(({ amount }) => amount))).toEqual(new Set([total]));
    expect(amounts).toHaveLength(projects.length);
    expect(await last.process.stop()).toBe(0);

    const verify = stackmeter(['portal', 'ledger', 'verify', '--data', join(folder, 'data')]);
    expect([await verify.exited, verify.output()]).toEqual([0, 'every meter agrees with its entries\n']);
  });
});

describe('a portal that is told to reload', () => {
  it('applies new sites, and keeps the old configuration if the file has an error', async () => {
    const folder = temporaryFolder();
    const gate = await startFakeGate((_request, response) => {
      response.writeHead(200, TEXT_FORMAT).end(usageLine('p', 1, Date.now()));
    });
    const { process, url } = await startPortal(folder, writeConfig(folder, { a: gate }));
    const names = async () => (await read<Page<SiteRow>>(`${url}/api/v1/sites`)).data.map(({ name }) => name);
    expect(await names()).toEqual(['a']);

    writeConfig(folder, { a: gate, b: gate });
    process.send('SIGHUP');
    await process.waitFor(/configuration reloaded/);
    expect(await names()).toEqual(['a', 'b']);

    writeFileSync(join(folder, 'portal.toml'), '[[site]]\nnmae = "c"\n');
    process.send('SIGHUP');
    await process.waitFor(/reload failed.*/);
    expect(process.output()).toContain("portal.toml: site[1]: unknown key 'nmae'; did you mean 'name'?");
    expect(await names()).toEqual(['a', 'b']);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('stackmeter_portal_reload_success 0');
    expect(metrics).toContain('stackmeter_portal_reloads_total{result="failure"} 1');
  });
});

describe('grants in the configuration of a portal', () => {
  it('join projects of two sites in answers after a reload', async () => {
    const folder = temporaryFolder();
    const atMs = { first: Date.now() - 3 * 3_600_000, second: Date.now() - 3_600_000 };
    const startGate = async () => {
      let sweeps = 0;
      return await startFakeGate((_request, response) => {
        sweeps += 1;
        const [at, total] = sweeps === 1 ? [atMs.first, 10] : [atMs.second, 13];
        response.writeHead(200, TEXT_FORMAT).end(usageLine('p', total, at) + usageLine('q', total, at));
      });
    };
    const config = writeConfig(folder, { a: await startGate(), b: await startGate() });
    const sites = readFileSync(config, 'utf8');
    const { process, url } = await startPortal(folder, config);
    const from = new Date(atMs.first - 86_400_000).toISOString();
    const byGrant = async () =>
      (await read<Page<UsageRow>>(`${url}/api/v1/usage?by=grant,resource&from=${from}`)).data.map(
        ({ grant, amount }) => [grant, amount],
      );
    await eventually(async () => ((await byGrant())[0]?.[1] === 12 ? true : undefined));
    const grant =
      '[[grant]]\nname = "both"\nprojects = [{ site = "a", id = "p" }, { site = "b", id = "q" }]\n';
    writeFileSync(config, sites + grant);
    process.send('SIGHUP');
    await process.waitFor(/configuration reloaded/);
    expect(await byGrant()).toEqual([
      [null, 6],
      ['both', 6],
    ]);
    writeFileSync(config, sites + grant.replace('"b"', '"c"'));
    process.send('SIGHUP');
    await process.waitFor(/reload failed/);
    const wrong = "grant[1].projects[2].site: no [[site]] or [[sender]] has a site 'c'";
    expect(process.output()).toContain(wrong);
    expect((await byGrant()).at(-1)).toEqual(['both', 6]);
    const check = stackmeter(['check', config]);
    expect([await check.exited, check.output()]).toEqual([1, expect.stringContaining(wrong)]);
  });
});

describe('a portal that cannot start', () => {
  /** Runs a portal to its end; returns its exit code and last line. */
  async function ends(args: readonly string[], env: Record<string, string> = {}) {
    const process = stackmeter(['portal', '--listen', '127.0.0.1:0', ...args], env);
    const code = await process.exited;
    return [code, process.output().trimEnd().split('\n').at(-1)];
  }

  it('says that another program uses the port, and does not lock the database against the next start', async () => {
    const folder = temporaryFolder();
    const holder = createServer();
    onTestFinished(async () => await closeServer(holder));
    const { port } = await listen(holder, { host: '127.0.0.1', port: 0 });
    const data = ['--data', join(folder, 'data')];
    expect(await ends([...data, '--listen', `127.0.0.1:${port}`])).toEqual([
      1,
      `stackmeter: cannot listen on 127.0.0.1:${port}: the port is in use; stop the program that uses it, or choose another with --listen`,
    ]);
    const { process } = await startPortal(folder, writeConfig(folder, {}));
    expect(await process.stop()).toBe(0);
  });

  it('says that the database is down, without its password', async () => {
    const port = await freePort();
    const [code, line] = await ends([], { DATABASE_URL: `postgresql://me:hunter2@127.0.0.1:${port}/usage` });
    expect(code).toBe(1);
    expect(line).toMatch(
      new RegExp(`^stackmeter: cannot use the database "usage" at 127.0.0.1:${port}: .*ECONNREFUSED`),
    );
    expect(line).not.toContain('hunter2');
  });

  it('says what is wrong with its configuration', async () => {
    const config = join(temporaryFolder(), 'portal.toml');
    writeFileSync(config, 'listen = ":8000"\n[[site]\n');
    const [code, line] = await ends(['--config', config]);
    expect(code).toBe(1);
    expect(line).toMatch(/^stackmeter: .*portal\.toml:2:\d+: /);
    writeFileSync(config, 'dataa = "x"\n');
    expect(await ends(['--config', config])).toEqual([
      1,
      `stackmeter: ${config}: unknown key 'dataa'; did you mean 'data'?`,
    ]);
  });
});
