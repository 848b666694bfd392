import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SERVER_SELECTORS, USAGE_SELECTORS } from '../../prometheus/usage-metrics.ts';
import { senderAdvice, intervalOfSite } from './sender-settings.ts';
import { readPortalConfig } from './settings.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stackmeter-portal-settings-'));
  writeFileSync(join(folder, 'a.token'), 'secret-of-a\n');
  writeFileSync(join(folder, 'a.pem'), '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

const siteA = `[[site]]\nname = "site-a"\nurl = "https://gate.example:8443"\ntoken_file = "a.token"\n`;

function read(toml: string, env: Record<string, string> = {}) {
  const configFile = join(folder, 'portal.toml');
  writeFileSync(configFile, toml);
  return readPortalConfig({ flags: {}, env, configFile });
}

function refusal(toml: string, env: Record<string, string> = {}): string {
  try {
    read(toml, env);
  } catch (error) {
    return (error as Error).message.replaceAll(folder, '');
  }
  return 'accepted';
}

describe('the portal configuration', () => {
  it('has a default for everything, and no sites, without a file', () => {
    expect(readPortalConfig({ flags: {}, env: {} })).toEqual({
      listen: { host: '127.0.0.1', port: 8000 },
      publicUrl: undefined,
      dataFolder: './data',
      databaseUrl: undefined,
      sites: [],
      senders: [],
      grants: [],
      allowDestructiveMigrations: false,
      retention: { packAfterDays: 2, hoursKeptDays: undefined, gapsKeptDays: 62 },
      limits: { rows: 1_000_000, timeoutMs: 30_000, csvRows: 100_000_000, csvTimeoutMs: 3_600_000 },
      leaseMs: 30_000,
      autoSweep: true,
      check: false,
      collect: true,
    });
  });

  it('takes a read replica only of a database that already runs', () => {
    const env = { DATABASE_READ_URL: 'postgres://replica/usage' };
    expect(refusal('', env)).toBe(
      'database_read_url: needs database_url; the embedded database has no replica',
    );
    expect(read('database_url = "postgres://primary/usage"', env)).toMatchObject({
      databaseUrl: 'postgres://primary/usage',
      databaseReadUrl: 'postgres://replica/usage',
    });
  });

  it.each([':8000', '0.0.0.0:8000', '[::]:8000', '192.0.2.1:8000'])(
    'refuses to show everything to anyone on %s, except with [access] or a named danger',
    (listen) => {
      const off = `listen = "${listen}"\n`;
      expect(refusal(off)).toBe(
        `--listen: ${listen} would show all usage to anyone who reaches it: add [access] to portal.toml and set public_url, listen on 127.0.0.1:PORT, or name the danger with --unsafe-open`,
      );
      expect(refusal(`${off}[access]\n`)).toBe(
        'public_url: missing; [access] needs the URL that people open in their browsers',
      );
      expect(refusal(`${off}public_url = "https://usage.example.org"\n[access]\n`)).toBe('accepted');
      expect(refusal(off, { STACKMETER_UNSAFE_OPEN: 'true' })).toBe('accepted');
      expect(refusal('listen = "[::1]:8000"')).toBe('accepted');
    },
  );

  it('reads a site with its files relative to the configuration file', () => {
    const { sites } = read(
      `${siteA}ca_file = "a.pem"\ninterval_seconds = 5\nlabels = { location_id = "8676" }\n`,
    );
    expect(sites).toEqual([
      {
        name: 'site-a',
        url: 'https://gate.example:8443',
        token: 'secret-of-a',
        ca: '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n',
        intervalMs: 5000,
        timeoutMs: 30_000,
        labels: { location_id: '8676' },
        selectors: [...USAGE_SELECTORS],
        retiredClouds: [],
      },
    ]);
  });

  it('asks for server hours beside the selectors in force', () => {
    const selectorsOf = (more: string) => read(`${siteA}server_hours = true\n${more}`).sites[0]?.selectors;
    expect(selectorsOf('')).toEqual([...USAGE_SELECTORS, ...SERVER_SELECTORS]);
    expect(selectorsOf("selectors = ['up', 'project_mb_usage']\n")).toEqual([
      'up',
      'project_mb_usage',
      ...SERVER_SELECTORS,
    ]);
  });

  it('has the pools whose parts differ by name (A9)', () => {
    expect(read(`${siteA}pool_projects = ["pool-1"]\n`).sites[0]?.poolProjects).toEqual(['pool-1']);
  });

  it('has the largest number of projects of a site', () => {
    expect(read(`${siteA}max_projects = 500\n`).sites[0]?.maxProjects).toBe(500);
  });

  it('has the retired clouds of a site', () => {
    expect(read(`${siteA}retired_clouds = ["", "west"]\n`).sites[0]?.retiredClouds).toEqual(['', 'west']);
    expect(read(siteA).sites[0]?.retiredClouds).toEqual([]);
  });

  it('has the clouds of a site, if they are set', () => {
    expect(read(`${siteA}clouds = ["west"]\n`).sites[0]?.clouds).toEqual(['west']);
    expect(read(siteA).sites[0]?.clouds).toBeUndefined();
    expect(refusal(`${siteA}clouds = [""]\n`)).toBe('/portal.toml: site[1].clouds[1]: is empty');
  });

  it.each([
    [`${siteA}labels = { location_id = "86\\u000076" }\n`, 'site[1].labels.location_id'],
    [`${siteA}labels = { "location\\u0000id" = "8676" }\n`, 'site[1].labels'],
    [`${siteA}clouds = ["east", "we\\u0000st"]\n`, 'site[1].clouds[2]'],
    [`${siteA}retired_clouds = ["\\u0000"]\n`, 'site[1].retired_clouds[1]'],
    [`${siteA}pool_projects = ["p\\u0000"]\n`, 'site[1].pool_projects[1]'],
    ['[[sender]]\nname = "p"\nretired_clouds = { a = ["\\u0000"] }\n', 'sender[1].retired_clouds.a[1]'],
    ['data = "a\\u0000b"\n', 'data'],
  ])('refuses a NUL, which a database does not accept: %j', (toml, place) => {
    expect(refusal(toml)).toBe(`/portal.toml: ${place}: holds a NUL character (\\u0000); remove it`);
  });

  it('has the unit of memory of a site, from the site or its senders, which must agree', () => {
    const gib = `${siteA}memory_unit = "GiB"\n`;
    expect(read(gib).sites[0]?.memoryUnit).toBe('GiB');
    expect(read(siteA).sites[0]?.memoryUnit).toBeUndefined();
    expect(refusal(`${siteA}memory_unit = "GB"\n`)).toBe(
      '/portal.toml: site[1].memory_unit: must be "MiB" or "GiB"',
    );
    writeFileSync(join(folder, 'p.token'), 'a-secret-of-a-sender-of-this-portal');
    const sends = (unit: string) =>
      `[[sender]]\nname = "p"\ntoken_file = "p.token"\nsite = "site-a"\nmemory_unit = { "site-a" = "${unit}" }\n`;
    expect(read(siteA + sends('GiB')).sites[0]?.memoryUnit).toBe('GiB');
    expect(read(sends('GiB')).senders?.[0]?.memoryUnits).toEqual(new Map([['site-a', 'GiB']]));
    expect(refusal(gib + sends('MiB'))).toBe(
      `memory_unit of site 'site-a' is "GiB" in its [[site]] and "MiB" in sender 'p'; a site has one unit`,
    );
  });

  it('prefers a token from the environment to the file', () => {
    expect(read(siteA, { STACKMETER_SITE_SITE_A_TOKEN: 'from-env' }).sites[0]?.token).toBe('from-env');
  });

  it('reads the database from DATABASE_URL, and never shows a wrong value', () => {
    expect(read('', { DATABASE_URL: 'postgres://me@host/db' }).databaseUrl).toBe('postgres://me@host/db');
    expect(refusal('', { DATABASE_URL: 'mysql://me:hunter2@host/db' })).toBe(
      'DATABASE_URL: must look like postgresql://USER:PASSWORD@HOST:PORT/DATABASE',
    );
  });

  it.each([
    ['lisen = ":8000"', "/portal.toml: unknown key 'lisen'; did you mean 'listen'?"],
    [siteA.replace('url', 'ulr'), "/portal.toml: site[1]: unknown key 'ulr'; did you mean 'url'?"],
    [
      siteA.replace(/url.*\n/, ''),
      '/portal.toml: site[1].url: missing; write the address of the site\'s gate, such as "https://usage.site-a.example:8443"',
    ],
    ['[site]\nname = "a"', '/portal.toml: site: write [[site]], with double brackets, once for each site'],
    [siteA + siteA, "/portal.toml: site[2].name: there are two sites 'site-a'; give each a name of its own"],
    [
      siteA + siteA.replace('site-a', 'site_a'),
      "/portal.toml: site[2].name: 'site_a' and 'site-a' are too similar: both would take their token from STACKMETER_SITE_SITE_A_TOKEN",
    ],
    [
      siteA.replace('https://gate.example:8443', 'gate.example'),
      "/portal.toml: site[1].url: 'gate.example' is not an http(s) address; write it as https://HOST:PORT",
    ],
    [
      siteA.replace('https:', 'http:'),
      "/portal.toml: site[1].url: 'http://gate.example:8443' would send the token unencrypted; use https, or name the danger with unsafe_plain_http = true",
    ],
    [
      siteA.replace('https://', 'https://user:hunter2@'),
      '/portal.toml: site[1].url: holds a user name or password; a gate takes a token, see token_file',
    ],
    ...['project_id', 'domain_name', 'cloud', 'epoch', 'instance', 'job', '__name__', '__address__'].map(
      (name) => [
        `${siteA}labels = { ${name} = "x" }`,
        `/portal.toml: site[1].labels: '${name}' is a label that series have already; choose another name`,
      ],
    ),
    [
      `${siteA}labels = { location = "x" }`,
      "/portal.toml: site[1].labels: 'location' is the name of the site already; leave it out",
    ],
    [
      `${siteA}labels = { location-id = "x" }`,
      "/portal.toml: site[1].labels: 'location-id' is not a label name: use letters, digits and '_'",
    ],
    [
      `${siteA}selectors = ['up offset 5m']`,
      '/portal.toml: site[1].selectors[1]: \'up offset 5m\': only a series selector is allowed here, such as up or {job="x"}',
    ],
    [`${siteA}max_projects = 0`, '/portal.toml: site[1].max_projects: must be at least 1'],
    [`${siteA}interval_seconds = 0`, '/portal.toml: site[1].interval_seconds: must be at least 1'],
    [
      siteA.replace(/token_file.*\n/, ''),
      "site 'site-a' has no token: set token_file, or the environment variable STACKMETER_SITE_SITE_A_TOKEN",
    ],
    [
      siteA.replace('a.token', 'b.token'),
      "site 'site-a': cannot read token_file: ENOENT: no such file or directory, open '/b.token'",
    ],
    [
      `${siteA}ca_file = "a.token"`,
      "site 'site-a': ca_file /a.token holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
    ],
  ])('answers %j with one line', (toml, message) => {
    expect(refusal(toml)).toBe(message);
  });

  it('refuses a token file that is empty or has more than a token, without showing it', () => {
    writeFileSync(join(folder, 'a.token'), ' \n');
    expect(refusal(siteA)).toBe('token_file /a.token is empty; it must hold the token from the site');
    writeFileSync(join(folder, 'a.token'), 'two words');
    expect(refusal(siteA)).toBe(
      'token_file /a.token holds no token: a token is one line without spaces, of ASCII characters',
    );
  });

  it('allows plain http to this machine, and to others only with unsafe_plain_http', () => {
    expect(refusal(siteA.replace('https://gate.example', 'http://127.0.0.1'))).toBe('accepted');
    expect(refusal(siteA.replace('https://gate.example', 'http://[::1]'))).toBe('accepted');
    expect(refusal(`${siteA.replace('https:', 'http:')}unsafe_plain_http = true`)).toBe('accepted');
  });
});

describe('a sender in the portal configuration', () => {
  const sender = '[[sender]]\nname = "p"\ntoken_file = "sender.token"\n';
  beforeEach(() => writeFileSync(join(folder, 'sender.token'), '0123456789abcdef\n'));

  it('writes to one site, or names its sites by a label', () => {
    const second = sender.replace('"p"', '"q"');
    expect(
      read(`${sender}site = "a"\n${second}site_label = "location"\nsites = ["a", "b"]\n`).senders,
    ).toEqual([
      { name: 'p', token: '0123456789abcdef', rule: { site: 'a' } },
      { name: 'q', token: '0123456789abcdef', rule: { siteLabel: 'location', sites: ['a', 'b'] } },
    ]);
  });

  it('may have an interval, of which the longest counts for a site', () => {
    const quick = `${sender}site = "a"\ninterval_seconds = 60\n`;
    const slow = `${sender.replace('"p"', '"q"')}site_label = "l"\nsites = ["a", "b"]\ninterval_seconds = 600\n`;
    const { senders = [] } = read(quick + slow);
    expect(['a', 'b', 'c'].map((site) => intervalOfSite(site, senders))).toEqual([
      600_000,
      600_000,
      undefined,
    ]);
    expect(intervalOfSite('a', senders.slice(0, 1))).toBe(60_000);
  });

  it('gets the advice to set the label last if it writes as several sites', () => {
    const advised = (keys: string, rendered?: string) =>
      senderAdvice(read(sender + keys).senders ?? [], rendered);
    expect(advised('site = "a"\n')).toEqual([]);
    expect(advised('site_label = "l"\nsites = ["a"]\n')).toEqual([]);
    expect(advised('site_label = "l"\nsites = ["a", "b"]\n')).toEqual([
      "sender 'p' writes as 2 sites by the label 'l': give each site its own job that sets this label last, or one site can write as another (docs/upgrade.md#the-portal)",
    ]);
    expect(advised('site_label = "l"\nsites = ["a", "b"]\n', 'q')).toHaveLength(1);
    expect(advised('site_label = "l"\nsites = ["a", "b"]\n', 'p')).toEqual([]);
  });

  it('may name the retired clouds of each of its sites, or none', () => {
    const one = `${sender}site = "a"\nretired_clouds = { a = ["west"] }\n`;
    const many = `${sender.replace('"p"', '"q"')}site_label = "l"\nsites = ["a", "b"]\nretired_clouds = { b = [], a = [""] }\n`;
    expect(read(one + many).senders?.map(({ retiredClouds }) => retiredClouds)).toEqual([
      new Map([['a', ['west']]]),
      new Map([
        ['b', []],
        ['a', ['']],
      ]),
    ]);
  });

  it.each([
    ['', 'sender[1].site: missing; name the site whose usage this sender sends, or set site_label and sites'],
    [
      'site = "a"\nsites = ["a"]\n',
      'sender[1].site: excludes site_label and sites; a sender writes to one site, or names its sites by a label',
    ],
    ...['project_id', 'cloud', 'instance', 'job', '__name__'].map((name) => [
      `site_label = "${name}"\nsites = ["a"]\n`,
      'sender[1].site_label: is a label that the series of a site have already; name one that this sender sets, such as "location"',
    ]),
    ['site_label = "l"\n', "sender[1].sites: missing; list the values of 'l' that this sender may write"],
    [
      'site_label = "l"\nsites = ["site-a", "b"]\nretired_clouds = { "site-b" = [] }\n',
      "sender[1].retired_clouds: this sender may not write to 'site-b'; did you mean 'site-a'?",
    ],
    [
      'site_label = "l"\nsites = ["a", "b"]\nretired_clouds = { "far-away" = ["west"] }\n',
      "sender[1].retired_clouds: this sender may not write to 'far-away'; its sites are a, b",
    ],
    [
      'site = "a"\nretired_clouds = ["west"]\n',
      'sender[1].retired_clouds: must be a table of clouds by site, such as { "site-b" = ["west"] }',
    ],
    [
      'site = "a"\nretired_clouds = { a = "west" }\n',
      'sender[1].retired_clouds.a: must be a list of names of clouds',
    ],
    [
      'site = "a"\nmemory_unit = { b = "GiB" }\n',
      "sender[1].memory_unit: this sender may not write to 'b'; did you mean 'a'?",
    ],
    [
      'site = "a"\nmemory_unit = "GiB"\n',
      'sender[1].memory_unit: must be a table of units by site, such as { "site-b" = "GiB" }',
    ],
    ['site = "a"\nmemory_unit = { a = "GB" }\n', 'sender[1].memory_unit.a: must be "MiB" or "GiB"'],
    [
      'site = "a"\nclouds = { b = ["west"] }\n',
      "sender[1].clouds: this sender may not write to 'b'; did you mean 'a'?",
    ],
    ['sitee = "a"\n', "sender[1]: unknown key 'sitee'; did you mean 'site'?"],
  ])('is refused with %j', (keys, reason) => {
    expect(refusal(sender + keys)).toBe(`/portal.toml: ${reason}`);
  });
});

describe('retention in the portal configuration', () => {
  it('has days for hours and gaps', () => {
    expect(read('[retention]\nhours_days = 400\n').retention).toMatchObject({
      hoursKeptDays: 400,
      gapsKeptDays: 62,
    });
    expect(read('[retention]\ngaps_days = 100\n').retention).toMatchObject({
      hoursKeptDays: undefined,
      gapsKeptDays: 100,
    });
  });

  it.each([
    ['hours_days = 30', 'retention.hours_days: must be at least 31'],
    ['hours_days = "400"', 'retention.hours_days: must be a whole number of days'],
    ['hour_days = 400', "retention: unknown key 'hour_days'; did you mean 'hours_days'?"],
    ['gaps_days = 0.5', 'retention.gaps_days: must be a whole number of days'],
  ])('is refused with %j', (key, reason) => {
    expect(refusal(`[retention]\n${key}\n`)).toBe(`/portal.toml: ${reason}`);
  });
});

describe('a grant in the portal configuration', () => {
  const siteB = siteA.replace('site-a', 'site-b');
  const grant = (name: string, ...projects: string[]) =>
    `[[grant]]\nname = "${name}"\nprojects = [${projects.map((project) => `{ ${project} }`).join(', ')}]\n`;
  const P1 = 'site = "site-a", id = "p1"';

  it('links projects of sites, in one cloud or in all clouds', () => {
    const toml = siteA + siteB + grant('Klima 2', P1, 'site = "site-b", id = "p1", cloud = "west"');
    expect(read(toml).grants).toEqual([
      {
        name: 'Klima 2',
        projects: [
          { site: 'site-a', projectId: 'p1' },
          { site: 'site-b', projectId: 'p1', cloud: 'west' },
        ],
      },
    ]);
  });

  it('may link a site that only a sender writes to', () => {
    writeFileSync(join(folder, 'sender.token'), '0123456789abcdef\n');
    const sender = '[[sender]]\nname = "p"\ntoken_file = "sender.token"\nsite = "far"\n';
    expect(refusal(sender + grant('g', 'site = "far", id = "p1"'))).toBe('accepted');
  });

  it('may have a project in two clouds that another grant has in a third cloud', () => {
    const clouds = ['west', 'east', 'north'].map((cloud) => `${P1}, cloud = "${cloud}"`) as [
      string,
      ...string[],
    ];
    expect(refusal(siteA + grant('g', ...clouds.slice(0, 2)) + grant('h', ...clouds.slice(2)))).toBe(
      'accepted',
    );
  });

  it.each([
    ['[grant]\nname = "g"\n', 'grant: write [[grant]], with double brackets, once for each grant'],
    [
      grant('g', P1).replace(/name.*\n/, ''),
      'grant[1].name: missing; give the grant a name, such as "climate"',
    ],
    [grant(' ', P1), 'grant[1].name: is empty'],
    [grant('g'), 'grant[1].projects: is empty; list the projects of the grant'],
    [
      '[[grant]]\nname = "g"\n',
      'grant[1].projects: must be a list such as [{ site = "site-a", id = "0f6c…" }]',
    ],
    [
      grant('g', 'site = "site-a"'),
      'grant[1].projects[1].id: missing; write the id of the project in OpenStack',
    ],
    [grant('g', `${P1}, clod = "x"`), "grant[1].projects[1]: unknown key 'clod'; did you mean 'cloud'?"],
    [
      grant('g', P1, 'site = "site-aa", id = "p2"'),
      "grant[1].projects[2].site: no [[site]] or [[sender]] has a site 'site-aa'; did you mean 'site-a'?",
    ],
    [
      grant('g', P1) + grant('g', 'site = "site-a", id = "p2"'),
      "grant[2].name: there are two grants 'g'; give each a name of its own",
    ],
    [
      grant('g', P1) + grant('h', `${P1}, cloud = "west"`),
      "grant[2].projects[1]: 'p1' at 'site-a' is in grant 'g' already; a project can be in one grant only",
    ],
    [
      grant('g', P1, P1),
      "grant[1].projects[2]: 'p1' at 'site-a' is in grant 'g' already; a project can be in one grant only",
    ],
  ])('is refused when written as %j', (toml, reason) => {
    expect(refusal(siteA + toml)).toBe(`/portal.toml: ${reason}`);
  });
});
