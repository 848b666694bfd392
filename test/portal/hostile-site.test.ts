import { readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { toSnappy } from '../../src/prometheus/remote/snappy.ts';
import { getJson } from '../support/api-client.ts';
import { startPortalIn } from '../support/portal-under-test.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { startSite, type Site } from '../support/site.ts';
import { startFakeGate, TEXT_FORMAT, usageLine } from './fake-gate.ts';

const HOUR = 3_600_000;
/** Many times the usual, in all threads: an answer that is not taken in steps costs more. */
const LONGEST_TURN_MS = 2500;
const PROFILE = `
[elixir]
domain_id = "elixir-id"
[[elixir.projects]]
project_id = "one"
project_name = "one"
[[elixir.projects.machines]]
existence = 2026-01-01T00:00:00
`;
const packedHead = { ...TEXT_FORMAT, 'content-encoding': 'gzip' };

/** A gzip member of a thousand lines, which is compressed once and sent many times. */
const member = (line: (index: number) => string) =>
  gzipSync(Array.from({ length: 1000 }, (_, index) => line(index)).join(''));
const packed =
  (members: () => readonly Buffer[]): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, packedHead).end(Buffer.concat(members()));

/** A gzip bomb: 100,000 series with 33 labels that are no readings. */
function facts(): RequestListener {
  const labels = Array.from({ length: 33 }, (_, index) => `l${index}="v"`).join();
  const bomb = Buffer.concat(Array<Buffer>(100).fill(member(() => `stackmeter_exporter_x{${labels}} 1\n`)));
  return packed(() => [bomb]);
}

/**
 * Each answer has a total of another hour, so that the portal asks for the history of the hour between. That history is
 * one series with a million labels.
 */
function history(): RequestListener {
  const lengthDelimited = (bytes: Buffer) => {
    const length = [
      (bytes.length & 127) | 128,
      ((bytes.length >> 7) & 127) | 128,
      ((bytes.length >> 14) & 127) | 128,
      bytes.length >> 21,
    ];
    return Buffer.concat([Buffer.from([0x0a, ...length]), bytes]);
  };
  const series = Buffer.alloc(7 * 1_000_000, Buffer.from([0x0a, 5, 0x0a, 1, 0x61, 0x12, 0]));
  const answer = Buffer.from(toSnappy(lengthDelimited(lengthDelimited(series))));
  let hours = 0;
  return (request, response) => {
    if (request.url?.startsWith('/api/v1/read')) {
      response
        .writeHead(200, { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' })
        .end(answer);
      return;
    }
    hours += 1;
    response.writeHead(200, TEXT_FORMAT).end(usageLine('p', hours, Date.now() - 5000 * HOUR + hours * HOUR));
  };
}

/** 20,000 meters, whose totals rise with each answer. */
function meters(): RequestListener {
  let total = 0;
  return packed(() => {
    total += 1;
    return Array.from({ length: 20 }, (_, thousand) =>
      member((index) => usageLine(`p${thousand}-${index}`, total, Date.now())),
    );
  });
}

/** 30,000 readings of one meter. */
function readings(): RequestListener {
  const lines = Array.from({ length: 30 }, (_, thousand) =>
    member((index) => usageLine('p', thousand, Date.now() - 30_000 + 1000 * thousand + index)),
  );
  return packed(() => lines);
}

const endless: RequestListener = (_request, response) => {
  const more = () => {
    while (!response.destroyed && response.write('# flood flood flood\n'.repeat(500)));
  };
  response.writeHead(200, TEXT_FORMAT).on('drain', more);
  more();
};

const drip: RequestListener = (_request, response) => {
  const timer = setInterval(() => response.write(usageLine('p', 1, Date.now())), 20);
  response.writeHead(200, TEXT_FORMAT).on('close', () => clearInterval(timer));
};

/** Writes a configuration with timeouts so long that no site reaches them, even on a slow machine. */
function writeConfiguration(
  folder: string,
  sites: Record<string, Pick<Site, 'gateUrl' | 'tokenFile'>>,
): void {
  const tables = Object.entries(sites).map(
    ([name, { gateUrl, tokenFile }]) =>
      `[[site]]\nname = "${name}"\nurl = "${gateUrl}"\ntoken_file = "${tokenFile}"\ninterval_seconds = 1\ntimeout_seconds = 300\n`,
  );
  writeFileSync(join(folder, 'portal.toml'), tables.join(''));
}

/** Starts a hostile gate that counts the requests. */
async function hostile(folder: string, answer: RequestListener) {
  const requests = { count: 0 };
  const gateUrl = await startFakeGate((request, response) => {
    requests.count += 1;
    answer(request, response);
  });
  return { gateUrl, tokenFile: join(folder, 'gate.token'), requests };
}

function peakMegabytes(pid = 0): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Prints the most CPU that a process has taken from one turn of its event loop to the next. Time would depend on others. */
const TURNS = `let [before, most] = [process.cpuUsage(), 0];
  setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    if (user + system <= most) return;
    most = user + system;
    process.stderr.write('a turn of ' + most / 1000 + ' ms\\n');
  }, 5).unref();`;
const WITH_TURNS = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(TURNS)}` };

/** Asks three questions; returns the sweeps of the honest site so far, and the size of the heap's space for new objects. */
async function pace(url: string) {
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  await getJson(`${url}/api/v1/sites`);
  await getJson(`${url}/api/v1/usage?step=day&by=site,project,resource&site=honest&from=2026-01-01`);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const valueOf = (series: string) => Number(metrics.split(`\n${series} `)[1]?.split('\n')[0]);
  const swept = /^stackmeter_portal_sweeps_total\{site="honest",result="success"\} (\d+)/m.exec(metrics);
  return {
    sweeps: Number(swept?.[1] ?? 0),
    newObjectsMb: valueOf('nodejs_heap_space_size_total_bytes{space="new"}') / 2 ** 20,
  };
}

it('hostile sites delay neither an honest site nor answers, and take bounded memory', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'profile.toml'), PROFILE);
  const honest = await startSite({
    folder,
    exporter: [
      '--start',
      '2026-01-01',
      '--interval',
      '1',
      '--settling-delay',
      '1',
      '--dummy-data',
      'profile.toml',
    ],
  });
  let isPeace = true;
  const attacks = {
    facts: facts(),
    history: history(),
    meters: meters(),
    readings: readings(),
    endless,
    drip,
  };
  const gates = await Promise.all(
    Object.entries(attacks).map(async ([name, attack]) => {
      const quiet: RequestListener = (_request, response) => void response.writeHead(200, TEXT_FORMAT).end();
      return [
        name,
        await hostile(folder, (request, response) => (isPeace ? quiet : attack)(request, response)),
      ] as const;
    }),
  );
  writeConfiguration(folder, { honest, ...Object.fromEntries(gates) });
  const { url, process: portal } = await startPortalIn(folder, undefined, WITH_TURNS);
  const waitForSweeps = async (times: number) =>
    await eventually(async () => ((await pace(url)).sweeps >= times ? true : undefined));

  await waitForSweeps(3);
  for (const [, { requests }] of gates) requests.count = 0;
  isPeace = false;
  await eventually(
    async () => await Promise.resolve(gates.every(([, { requests }]) => requests.count > 0) || undefined),
  );
  let worst = await pace(url);
  const until = worst.sweeps + 5;
  await eventually(async () => {
    const now = await pace(url);
    worst = {
      sweeps: now.sweeps,
      newObjectsMb: Math.max(worst.newObjectsMb, now.newObjectsMb),
    };
    return worst.sweeps >= until || undefined;
  });

  const [longestTurn] = [...portal.output().matchAll(/a turn of (\S+) ms/g)].slice(-1);
  expect(Number(longestTurn?.[1])).toBeLessThan(LONGEST_TURN_MS);
  expect(worst.newObjectsMb).toBeLessThan(8); // each collection moves no more than these
  expect(peakMegabytes(portal.pid)).toBeLessThan(700);
});
