// Runs deploy/ansible in a container with a bare Debian 13 that has only Python and a PostgreSQL. Expects a site that gives
// out usage, a portal that bills it and makes a backup, a second run that changes nothing, and a change of tokens that reloads
// the gate and restarts nothing. Needs a docker engine, Ansible and its collection community.docker; removes everything at the
// end.
//
//   node test/deploy/systemd/role.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inClone } from '../compose/site-stack.mjs';
import { docker, run, say, see } from '../compose/stack.mjs';
import { bareDebian, billed, inside, pack, startMachine } from './machine.mjs';

const HOST = 'usage.site-a.example';
const PASSWORD = 'simulated';
const services = ['exporter', 'gate', 'portal'];

await inClone('ansible', async (clone) => {
  pack(clone);
  const machine = startMachine(bareDebian(), { clone, host: HOST });
  try {
    await installs(clone, machine);
  } finally {
    docker('rm', '-f', '-v', machine);
  }
});

async function installs(clone, machine) {
  inside(
    machine,
    'apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 curl postgresql >/dev/null',
  );
  makeDatabase(machine);
  const [first, second] = [newToken(clone), newToken(clone)];
  makeCertificate(clone);
  writePortal(clone, first.token);
  const play = (token) => recap(clone, machine, token);
  const startMs = Date.now();
  if (!/changed=[1-9]/.test(play(first))) throw new Error('the first run changes nothing');
  say(`from a bare Debian to a site and a portal in ${Math.round((Date.now() - startMs) / 1000)} s`);
  startCloud(machine);
  await see('the gate gives usage to the bearer of the token', async () => givesUsage(machine, first.token));
  await see('the portal bills the usage', async () => billed(machine) > 0);
  inside(machine, 'systemctl start stackmeter-backup.service; ls /var/lib/stackmeter-backup/ledger-?.backup');
  say('the backup of the night can be restored');
  const processes = processesOf(machine);
  if (!/changed=0 /.test(play(first))) throw new Error('the second run changes something');
  say('a second run changes nothing');
  play(second);
  await see('another token reloads the gate', async () => givesUsage(machine, second.token));
  if (processesOf(machine) !== processes) throw new Error('a service has restarted');
  say('and restarts nothing');
  const jobs = readFileSync(join(clone, 'jobs.yml'), 'utf8');
  if (!jobs.includes("targets: ['127.0.0.1:9464']")) throw new Error(jobs);
  say('the jobs for a Prometheus are there');
}

/** Runs the playbook; returns its last line about the machine. */
function recap(clone, machine, { line }) {
  const variables = {
    ansible_become: false, // its only user is root
    stackmeter_services: services,
    stackmeter_package: join(clone, 'stackmeter.tgz'),
    stackmeter_openrc: {
      OS_AUTH_URL: 'http://127.0.0.1:5000/v3',
      OS_USERNAME: 'admin',
      OS_PASSWORD: 'simulated',
      OS_USER_DOMAIN_NAME: 'Default',
      OS_PROJECT_NAME: 'admin',
      OS_PROJECT_DOMAIN_NAME: 'Default',
      OS_REGION_NAME: 'RegionOne',
    },
    stackmeter_exporter_settings: { STACKMETER_START: '2026-01-01', STACKMETER_INTERVAL: 5 },
    stackmeter_gate_tokens: [line],
    stackmeter_gate_certificate: join(clone, 'site.pem'),
    stackmeter_gate_key: join(clone, 'site.key'),
    stackmeter_portal_settings: {
      DATABASE_URL: 'postgres://stackmeter@127.0.0.1/stackmeter',
      PGPASSWORD: PASSWORD,
    },
    stackmeter_portal_files: ['portal.toml', 'site-a.token', 'site.pem'].map((file) => join(clone, file)),
    stackmeter_prometheus_jobs: join(clone, 'jobs.yml'),
  };
  const inventory = `[stackmeter]\n${machine} ansible_connection=community.docker.docker ansible_python_interpreter=/usr/bin/python3\n`;
  writeFileSync(join(clone, 'variables.json'), JSON.stringify(variables));
  writeFileSync(join(clone, 'inventory'), inventory);
  const words = [
    '--inventory',
    'inventory',
    '--extra-vars',
    '@variables.json',
    'deploy/ansible/stackmeter.yml',
  ];
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  const said = run('ansible-playbook', words, { cwd: clone, env });
  const result = said.split('\n').find((text) => text.startsWith(machine));
  if (!result?.includes('failed=0')) throw new Error(said);
  return result;
}

function newToken(clone) {
  const made = run(process.execPath, ['dist/cli/main.js', 'token', 'portal'], { cwd: clone });
  return { token: /^([\w-]{43})$/m.exec(made)[1], line: /^portal sha256:.*$/m.exec(made)[0] };
}

function makeCertificate(clone) {
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${HOST} -addext subjectAltName=DNS:${HOST} -keyout site.key -out site.pem`;
  run('openssl', words.split(' '), { cwd: clone, stdio: 'ignore' });
}

function makeDatabase(machine) {
  inside(
    machine,
    `systemctl start postgresql; runuser -u postgres -- psql --quiet --command "CREATE ROLE stackmeter LOGIN PASSWORD '${PASSWORD}'" --command 'CREATE DATABASE stackmeter OWNER stackmeter'`,
  );
}

function writePortal(clone, token) {
  const toml = `[[site]]\nname = "site-a"\nurl = "https://${HOST}:8443"\ntoken_file = "site-a.token"\nca_file = "site.pem"\ninterval_seconds = 1\n`;
  writeFileSync(join(clone, 'portal.toml'), toml);
  writeFileSync(join(clone, 'site-a.token'), token);
}

function startCloud(machine) {
  const cloud =
    'simulate --listen 127.0.0.1:5000 --start 2026-01-01 --profile /opt/stackmeter/deploy/profiles/site-a.toml';
  inside(machine, `systemd-run --quiet --unit=cloud /usr/local/bin/stackmeter ${cloud}`);
}

function givesUsage(machine, token) {
  const match = '{job="project_usages",__name__=~"project_.*_usage"}';
  const answer = inside(
    machine,
    `curl --silent --get --cacert /media/stackmeter/site.pem --header 'Authorization: Bearer ${token}' --data-urlencode 'match[]=${match}' https://${HOST}:8443/federate`,
  );
  return answer.includes('project_vcpu_usage{');
}

function processesOf(machine) {
  return inside(
    machine,
    `systemctl show --property MainPID --value ${services.map((name) => `stackmeter-${name}`).join(' ')}`,
  );
}
