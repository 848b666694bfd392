// The programs that some tests need: where to find each, and how to get it. The tests use this list, and
// scripts/test.mjs prints the missing programs.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const lab = process.env.OPENSTACK_LAB ?? '/var/tmp/openstack-lab';
/** A Keystone that needs longer is too slow for the tests. */
const ANSWERS_WITHIN_MS = 10_000;
const tools =
  process.env.OPENSTACK_LAB_TOOLS ?? fileURLToPath(new URL('../../../shared/openstack', import.meta.url));

/** @type {Record<string, { find(): string | undefined, get: string }>} */
const requirements = {
  prometheus: { find: () => which('prometheus'), get: 'apt-get install prometheus' },
  promtool: { find: () => which('promtool'), get: 'apt-get install prometheus' },
  haproxy: { find: () => which('haproxy'), get: 'apt-get install haproxy' },
  'haproxy-3': { find: findHaproxy3, get: 'scripts/install-haproxy-3.sh' },
  nginx: { find: findNginx, get: 'apt-get install nginx-light' },
  git: { find: () => which('git'), get: 'apt-get install git' },
  openssl: { find: () => which('openssl'), get: 'apt-get install openssl' },
  'systemd-analyze': { find: () => which('systemd-analyze'), get: 'apt-get install systemd' },
  influxdb: { find: () => which('influxd'), get: 'apt-get install influxdb' },
  'victoria-metrics': { find: () => which('victoria-metrics'), get: 'apt-get install victoria-metrics' },
  postgresql: { find: findPostgresql, get: 'apt-get install postgresql' },
  chromium: { find: () => which('chromium'), get: 'apt-get install chromium' },
  openstack: {
    find: () => findOpenstack(),
    get: 'an openrc in $OPENSTACK_LAB/openrc of a test cloud that runs',
  },
  'openstack-tools': {
    find: () => findFile(join(tools, 'nova-manage')),
    get: 'in $OPENSTACK_LAB_TOOLS, the commands of a test cloud that tests may break',
  },
  'openstack-sdk': {
    find: () => findFile('/usr/lib/python3/dist-packages/openstack/config/loader.py'),
    get: 'apt-get install python3-openstacksdk',
  },
  radosgw: {
    find: () => which('ceph-mon') && which('ceph-osd') && which('radosgw'),
    get: 'apt-get install radosgw ceph-mon ceph-osd',
  },
  swift: {
    find: () => findFile('/usr/lib/python3/dist-packages/swift/proxy/server.py'),
    get: 'apt-get install python3-swift',
  },
};

/** The path of a program (or file) that tests need, or undefined where this machine has none. */
export function find(name) {
  const requirement = requirements[name];
  if (requirement === undefined) throw new Error(`no test requirement is called '${name}'`);
  return requirement.find();
}

/** The missing programs, and how to get each. */
export function missing() {
  return Object.entries(requirements)
    .filter(([, requirement]) => requirement.find() === undefined)
    .map(([name, { get }]) => ({ name, get }));
}

/** Whether STACKMETER_TEST_REQUIRE, a comma-separated list or `all`, requires this program. */
export function isRequired(name) {
  const required = (process.env.STACKMETER_TEST_REQUIRE ?? '').split(',');
  return required.includes('all') || required.includes(name);
}

function which(program) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}

/** The program that STACKMETER_TEST_HAPROXY_3 names, or the one that scripts/install-haproxy-3.sh installs. */
function findHaproxy3() {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return findFile(process.env.STACKMETER_TEST_HAPROXY_3 ?? join(cache, 'stackmeter/haproxy-3/haproxy'));
}

/** On Debian, nginx is not in the PATH of users. */
function findNginx() {
  return which('nginx') ?? findFile('/usr/sbin/nginx');
}

/** Debian keeps the server's programs in a folder for each major version. */
function findPostgresql() {
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return undefined;
  const versions = readdirSync(base).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(base, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

/** A stopped cloud leaves its openrc behind, so Keystone has to answer. It is asked only once. */
const findOpenstack = once(() => {
  const openrc = findFile(join(lab, 'openrc'));
  return openrc !== undefined && answers(keystoneOf(openrc)) ? openrc : undefined;
});

function keystoneOf(openrc) {
  return /^OS_AUTH_URL=(.*)$/m.exec(readFileSync(openrc, 'utf8'))?.[1] ?? '';
}

/** Asks from another process, because suites are declared synchronously. */
function answers(url) {
  const get = `fetch(process.argv[1], { signal: AbortSignal.timeout(${ANSWERS_WITHIN_MS}) })`;
  const code = `${get}.then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`;
  return spawnSync(process.execPath, ['--eval', code, url]).status === 0;
}

function once(look) {
  let found;
  return () => (found ??= { value: look() }).value;
}

function findFile(path) {
  return existsSync(path) ? path : undefined;
}
