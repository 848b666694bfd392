// The programs that some tests need: where to find each, and how to get it. Read by scripts/test.mjs, which says what
// is left out, and by the tests themselves.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const lab = process.env.OPENSTACK_LAB ?? '/var/tmp/openstack-lab';
/** A Keystone that needs longer is of no use to a test. */
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
    get: 'the commands of a test cloud that may be meddled with in $OPENSTACK_LAB_TOOLS',
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

/** What is missing here, each with the way to get it. */
export function missing() {
  return Object.entries(requirements)
    .filter(([, requirement]) => requirement.find() === undefined)
    .map(([name, { get }]) => ({ name, get }));
}

/** True where the name is required by STACKMETER_TEST_REQUIRE: a comma-separated list, or `all`. */
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

/** The one that STACKMETER_TEST_HAPROXY_3 names, or that the script has installed. */
function findHaproxy3() {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return findFile(process.env.STACKMETER_TEST_HAPROXY_3 ?? join(cache, 'stackmeter/haproxy-3/haproxy'));
}

/** Debian keeps it out of the PATH of users. */
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

/** A cloud that is stopped leaves its openrc behind. It is asked once: what does not answer then is left out. */
const findOpenstack = once(() => {
  const openrc = findFile(join(lab, 'openrc'));
  return openrc !== undefined && answers(keystoneOf(openrc)) ? openrc : undefined;
});

function keystoneOf(openrc) {
  return /^OS_AUTH_URL=(.*)$/m.exec(readFileSync(openrc, 'utf8'))?.[1] ?? '';
}

/** In a process of its own: suites are declared before anything can be waited for. */
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
