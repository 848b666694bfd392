import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SiteRow } from '../../portal/api/shapes/answers.ts';
import { judgeExporter } from './exporter-link.ts';
import { listen } from '../../runtime/http/listen.ts';
import type { Finding } from './finding.ts';
import { judgeGate } from './gate-link.ts';
import { checkWords } from './openstack-link.ts';
import { judgeSites, lookAtPortal } from './portal-link.ts';
import { judgeTargets } from './prometheus-link.ts';
import type { Target } from './prometheus-targets.ts';

const NOW = Date.UTC(2026, 10, 29, 22, 15);
const MINUTE_MS = 60_000;
const words = ({ state, words: said, advice }: Finding) =>
  `${state}: ${said}${advice === undefined ? '' : ` -> ${advice}`}`;

it('OpenStack: shows the sign-in and the servers, and what cannot be read', () => {
  expect(
    checkWords([
      "Keystone  https://k/v3: signed in as 'u', project 'p'",
      "          2 projects in the domain 'Default'",
      'Nova      3 servers of 2 projects ran in the last hour',
      'can       read projects',
      'cannot    read volumes of all projects, which costs the resource volume_gb (403)',
      'next      make it possible to read volumes of all projects (see above), or go on: the exporter starts without it',
    ]),
  ).toBe(
    "https://k/v3: signed in as 'u', project 'p'; 3 servers of 2 projects ran in the last hour; it cannot read volumes of all projects",
  );
});

describe('the exporter', () => {
  const url = 'http://e:8080';
  const judge = (answer: Parameters<typeof judgeExporter>[1]) =>
    words(judgeExporter(url, answer, 15 * MINUTE_MS, NOW));
  const totals = (untilMs: number) =>
    `project_vcpu_usage{project_id="a"} 1\nstackmeter_exporter_folded_until_timestamp_seconds ${untilMs / 1000}\n`;

  it('is well if its totals are fresh', () => {
    const found = judgeExporter(url, { status: 200, text: totals(NOW - MINUTE_MS) }, 15 * MINUTE_MS, NOW);
    expect([found.state, found.usage]).toEqual(['ok', { projects: 1, untilMs: NOW - MINUTE_MS }]);
  });

  it.each<[string, Parameters<typeof judgeExporter>[1]]>([
    [
      'not ok: http://e:8080 does not answer (refused) -> start the exporter, or name its address with --exporter URL',
      { failure: 'refused' },
    ],
    [
      'not ok: http://e:8080 has no complete refresh yet: Nova is away -> wait for its first refresh, or read http://e:8080/',
      { status: 503, text: 'no complete refresh yet: Nova is away\n' },
    ],
    [
      'not ok: http://e:8080 answers 404 -> name the address of the exporter with --exporter URL',
      { status: 404, text: '' },
    ],
    [
      'not ok: http://e:8080 is no exporter of usage -> name the address of the exporter with --exporter URL',
      { status: 200, text: 'up 1\n' },
    ],
    [
      'not ok: http://e:8080 is no exporter of usage -> name the address of the exporter with --exporter URL',
      { status: 200, text: '<html>' },
    ],
    [
      'not ok: the totals of http://e:8080 stand still since 2026-11-29 21:55 UTC -> its refreshes fail, and http://e:8080/ says why',
      { status: 200, text: totals(NOW - 20 * MINUTE_MS) },
    ],
  ])('%s', (expected, answer) => {
    expect(judge(answer)).toBe(expected);
  });
});

describe('Prometheus', () => {
  const target = (job: string, change: Partial<Target> = {}): Target => ({
    labels: { job },
    scrapeUrl: 'http://e:8080/metrics',
    health: 'up',
    lastError: '',
    lastScrape: '2026-11-29T22:14:30Z',
    ...change,
  });
  it.each<[string, Target[]]>([
    [
      'ok: http://p scrapes http://e:8080/metrics, last at 2026-11-29 22:14 UTC',
      [target('project_usages'), target('node')],
    ],
    [
      "not ok: http://p does not scrape the exporter -> add to its scrape_configs { job_name: project_usages, static_configs: [{ targets: ['e:8080'] }] }, and reload it",
      [target('node', { scrapeUrl: 'http://n:9100/metrics' })],
    ],
    [
      "not ok: http://p scrapes the exporter as the job 'usage' -> call the job project_usages",
      [target('usage')],
    ],
    [
      'not ok: http://p cannot scrape http://e:8080/metrics (connection refused) -> let it reach the exporter at this address, or correct the target',
      [target('project_usages', { health: 'down', lastError: 'connection refused' })],
    ],
    [
      'not ok: http://p has not scraped http://e:8080/metrics yet -> wait for its first scrape',
      [target('project_usages', { health: 'unknown' })],
    ],
  ])('%s', (expected, targets) => {
    expect(words(judgeTargets('http://p', targets, 'http://e:8080'))).toBe(expected);
  });
});

describe('the gate', () => {
  const url = new URL('https://127.0.0.1:8443');
  const ready = [
    'tokens    1 token: portal',
    'TLS       until 2027-01-01T00:00:00.000Z, fingerprint AA',
    'source    s',
    'ready     start it',
  ];
  it.each<[string, string[], Parameters<typeof judgeGate>[2]]>([
    [
      'ok: https://127.0.0.1:8443 answers; tokens 1 token: portal; TLS until 2027-01-01T00:00:00.000Z',
      ready,
      { fingerprint: 'AA' },
    ],
    [
      'not ok: has no usage to give out -> Prometheus has no usage',
      ['next      Prometheus has no usage'],
      { fingerprint: 'AA' },
    ],
    [
      'not ok: https://127.0.0.1:8443 does not answer (refused) -> start the gate, or name its address with --gate URL',
      ready,
      { failure: 'refused' },
    ],
    [
      'not ok: https://127.0.0.1:8443 serves with another certificate than that of its file -> send it SIGHUP, and read its log',
      ready,
      { fingerprint: 'BB' },
    ],
  ])('%s', (expected, lines, listener) => {
    expect(words(judgeGate(url, lines, listener, 'AA'))).toBe(expected);
  });
});

describe('the portal', () => {
  const site = (change: Partial<SiteRow>): SiteRow => ({
    name: 'east',
    labels: {},
    first_reading_at: '2026-01-01T00:00:00Z',
    last_reading_at: '2026-11-29T22:14:00Z',
    clouds: [{ cloud: '', last_reading_at: '2026-11-29T22:14:00Z' }],
    last_sweep_at: null,
    last_success_at: null,
    last_error: null,
    declared: true,
    ordinary_pause_seconds: 600,
    projects: 5,
    meters: 20,
    refused_series: 0,
    anomalies: 0,
    ...change,
  });
  it.each<[string, SiteRow[]]>([
    ['ok: east: 5 projects up to 2026-11-29 22:14 UTC', [site({})]],
    ['not ok: reads no site -> invite one with stackmeter portal invite SITE --config portal.toml', []],
    [
      'not ok: east: nothing listens on g -> mend this at east, or read docs/troubleshooting.md',
      [site({ last_error: 'nothing listens on g' })],
    ],
    [
      'not ok: east has no reading yet -> wait for two refreshes of its exporter',
      [site({ clouds: [], last_reading_at: null })],
    ],
    [
      'not ok: east has nothing newer than 2026-11-29 22:00 UTC -> look at the links before it',
      [site({ clouds: [{ cloud: '', last_reading_at: '2026-11-29T22:00:00Z' }] })],
    ],
  ])('%s', (expected, sites) => {
    expect(judgeSites(sites, NOW).map(words)).toEqual([expected]);
  });

  it('does not miss new readings of a site that was removed', () => {
    const removed = site({ name: 'east', declared: false, last_error: 'was down' });
    expect(judgeSites([site({}), removed], NOW)).toEqual(judgeSites([site({})], NOW));
    expect(judgeSites([removed], NOW).map(words)).toEqual([
      'not ok: reads none of east -> start the portal that reads it; if it was removed, ask the operator of the portal for an invitation',
    ]);
  });
});

it('a portal elsewhere gets no token without encryption', async () => {
  const asked = ['http://portal.example', 'http://192.0.2.1:8000'].map(async (url) =>
    (await lookAtPortal(url, 'smt_secret', NOW)).map(words),
  );
  expect(await Promise.all(asked)).toEqual([
    ['not ok: http://portal.example would get the token unencrypted -> name its address with https'],
    ['not ok: http://192.0.2.1:8000 would get the token unencrypted -> name its address with https'],
  ]);
});

it('a portal elsewhere needs a token only if it says so', async () => {
  let status = 200;
  const server = createServer((_, response) => response.writeHead(status).end('{"data":[]}'));
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${port}`;
  const said = async () => (await lookAtPortal(url, undefined, NOW)).map(words);
  const open = await said();
  status = 401;
  expect([open, await said()]).toEqual([
    ['not ok: reads no site -> invite one with stackmeter portal invite SITE --config portal.toml'],
    [`not looked at: ${url} needs a token -> set STACKMETER_PORTAL_TOKEN to a token of the role site`],
  ]);
});
