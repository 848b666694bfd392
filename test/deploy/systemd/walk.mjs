// Walks docs/installation-systemd.md with a real systemd: runs its commands word for word in a container with a bare
// Debian 13. Adds only a simulated OpenStack and the things that the page tells a reader to bring. Then kills each
// role, reloads gate and portal, and restarts the machine. Needs a docker engine; removes everything at the end.
//
//   node test/deploy/systemd/walk.mjs
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { docker, root, say, see } from '../compose/stack.mjs';
import { inClone } from '../compose/site-stack.mjs';
import { bareDebian, billed, inside, pack, restartMachine, startMachine } from './machine.mjs';

const HOST = 'usage.site-a.example';
const roles = ['exporter', 'gate', 'portal'];
const sections = readSections();

await inClone('systemd', async (clone) => {
  pack(clone);
  const machine = startMachine(bareDebian(), { clone, host: HOST });
  try {
    await walk(machine);
    for (const role of roles) await comesBack(machine, role);
    await reloads(machine);
    await takesANewerVersion(machine);
    await survivesAReboot(machine);
  } finally {
    docker('rm', '-f', '-v', machine);
  }
});

/** The indented lines of the page, by heading. */
function readSections() {
  const page = readFileSync(join(root, 'docs/installation-systemd.md'), 'utf8');
  return new Map(
    page.split(/^#+ /m).map((section) => {
      const [title, ...lines] = section.split('\n');
      const commands = lines.filter((line) => line.startsWith('    ')).map((line) => line.trim());
      return [title, commands];
    }),
  );
}

async function walk(machine) {
  const startMs = Date.now();
  const seconds = () => Math.round((Date.now() - startMs) / 1000);
  await run(machine, sections.get('Installation with systemd, without containers'), '/root');
  say(`from a bare Debian to an installed stackmeter in ${seconds()} s`);
  startCloud(machine);
  await run(machine, sections.get('The exporter'));
  say(`to an exporter that shows usage in ${seconds()} s`);
  const token = makeToken(machine, 'tokens');
  await run(machine, sections.get('The gate'));
  await see('the gate gives usage to the bearer of the token', async () =>
    usage(machine, token).includes('project_vcpu_usage{'),
  );
  say(`to a running site in ${seconds()} s`);
  if (seconds() > 600) throw new Error('that is more than ten minutes');
  refreshOften(machine);
  writePortal(machine, token);
  await run(machine, sections.get('The portal'));
  await see('the portal bills the usage', async () => billed(machine) > 0);
  say(`to a running portal in ${seconds()} s`);
}

/** Runs commands one after the other. Repeats curl until it succeeds, because a reader waits, too. */
async function run(machine, commands, folder = '/opt/stackmeter') {
  if (commands === undefined || commands.length === 0) throw new Error('the page has no such section');
  for (const command of commands) {
    const words = `cd ${folder}; ${command.replace('--file stackmeter.tgz', '--file /media/stackmeter/stackmeter.tgz')}`;
    if (command.startsWith('cd ')) folder = command.slice(3);
    else if (command.startsWith('curl ')) await see(command, async () => inside(machine, words) !== '');
    else inside(machine, words);
  }
}

/** Starts a simulated OpenStack and writes the file with its credentials. */
function startCloud(machine) {
  inside(
    machine,
    `cd /opt/stackmeter; systemd-run --quiet --unit=cloud --working-directory=/opt/stackmeter /bin/sh -c 'exec node dist/cli/main.js simulate --listen 127.0.0.1:5000 --start 2026-01-01 --profile deploy/profiles/site-a.toml > /tmp/cloud.log'
     until grep -q OS_IDENTITY /tmp/cloud.log; do sleep 1; done; grep ^OS_ /tmp/cloud.log > usage-openrc`,
  );
}

/** Makes a token as a portal does: the portal keeps the token, the site gets the line for its token file. */
function makeToken(machine, file) {
  const made = inside(machine, 'cd /opt/stackmeter; node dist/cli/main.js token portal');
  const [, token] = /^([\w-]{43})$/m.exec(made);
  const [line] = /^portal sha256:.*$/m.exec(made);
  inside(machine, `cd /opt/stackmeter; echo '${line}' > ${file}`);
  return token;
}

/** Refreshes every five seconds instead of minutes: the ledger has usage only after two refreshes. */
function refreshOften(machine) {
  inside(
    machine,
    'echo STACKMETER_INTERVAL=5 >> /etc/stackmeter/exporter.env; systemctl restart stackmeter-exporter',
  );
}

function writePortal(machine, token) {
  const toml = `[[site]]\nname = "site-a"\nurl = "https://${HOST}:8443"\ntoken_file = "site-a.token"\nca_file = "site-a.pem"\ninterval_seconds = 1\n`;
  inside(
    machine,
    `cd /opt/stackmeter; echo '${token}' > site-a.token; cp site.pem site-a.pem; echo '${toml}' > portal.toml`,
  );
}

function usage(machine, token) {
  const match = '{job="project_usages",__name__=~"project_.*_usage"}';
  return inside(
    machine,
    `curl --silent --show-error --get --cacert /opt/stackmeter/site.pem --header 'Authorization: Bearer ${token}' --data-urlencode 'match[]=${match}' https://${HOST}:8443/federate`,
  );
}

function processOf(machine, role) {
  return inside(machine, `systemctl show --property MainPID --value stackmeter-${role}`).trim();
}

async function comesBack(machine, role) {
  const before = { process: processOf(machine, role), billed: billed(machine) };
  inside(machine, `kill -9 ${before.process}`);
  await see(`the ${role} comes back after kill -9, and usage continues`, async () => {
    const now = processOf(machine, role);
    return now !== '0' && now !== before.process && billed(machine) > before.billed;
  });
}

async function reloads(machine) {
  const before = roles.map((role) => processOf(machine, role));
  const next = makeToken(machine, 'tokens');
  inside(
    machine,
    'install -m 640 -g stackmeter-gate /opt/stackmeter/tokens /etc/stackmeter/gate/tokens; systemctl reload stackmeter-gate',
  );
  await see('a reloaded gate accepts the new token', async () =>
    usage(machine, next).includes('project_vcpu_usage{'),
  );
  inside(
    machine,
    `printf '%s' '${next}' > /etc/stackmeter/portal/site-a.token; systemctl reload stackmeter-portal`,
  );
  const billedBefore = billed(machine);
  await see('and so does the portal', async () => billed(machine) > billedBefore);
  if (String(roles.map((role) => processOf(machine, role))) !== String(before))
    throw new Error('a reload has restarted a role');
  say('the reloads have ended no process');
}

async function takesANewerVersion(machine) {
  const before = billed(machine);
  await run(machine, sections.get('A newer version'));
  await see('a newer version takes over, and usage continues', async () => billed(machine) > before);
}

async function survivesAReboot(machine) {
  const before = billed(machine);
  restartMachine(machine);
  await see(
    'the machine restarts',
    async () => inside(machine, 'test -e /run/systemd/system && echo yes') !== '',
  );
  startCloud(machine);
  await see('all roles start with it, and usage continues', async () => billed(machine) > before);
}
