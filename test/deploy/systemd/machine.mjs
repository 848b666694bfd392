// A container with a bare Debian 13, whose first process is systemd.
import { execFileSync } from 'node:child_process';
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { docker, root, run } from '../compose/stack.mjs';

const IMAGE = 'stackmeter-test-debian';

/** Builds an image of Debian with only systemd; returns its name. */
export function bareDebian() {
  const dockerfile = `FROM debian:trixie-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends systemd systemd-sysv dbus && rm -rf /var/lib/apt/lists/*
STOPSIGNAL SIGRTMIN+3
`;
  execFileSync('docker', ['build', '--quiet', '--tag', IMAGE, '-'], { input: dockerfile });
  return IMAGE;
}

/** Makes the package of a clone, as `stackmeter.tgz` in its folder. */
export function pack(clone) {
  run('npm', ['pack', '--loglevel=error'], { cwd: clone });
  const file = readdirSync(clone).find((name) => name.endsWith('.tgz'));
  renameSync(join(clone, file), join(clone, 'stackmeter.tgz'));
}

/** Starts a container with the clone at /media/stackmeter and a host name for its gate; returns its name. */
export function startMachine(image, { clone, host }) {
  const name = 'stackmeter-test-machine';
  const unconfined = ['seccomp', 'apparmor', 'systempaths'].map(
    (part) => `--security-opt=${part}=unconfined`,
  );
  const rights = ['--cap-add=ALL', '--cap-drop=SYS_RESOURCE', '--cgroupns=host', ...unconfined];
  const mounts = [
    '--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw',
    '--tmpfs=/run:exec',
    '--tmpfs=/run/lock',
    '--tmpfs=/tmp:exec',
    `--volume=${clone}:/media/stackmeter:ro`,
  ];
  const place = [`--add-host=${host}:127.0.0.1`, '--env=container=docker', ...npmOfThisMachine()];
  // Without this setting, systemd 257 refuses a machine with control groups of version 1.
  const init = ['/lib/systemd/systemd', 'SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'];
  docker('run', '--detach', '--tty', '--name', name, ...rights, ...mounts, ...place, image, ...init);
  shareMounts(name);
  return name;
}

export function restartMachine(name) {
  docker('restart', name);
  shareMounts(name);
}

/** Shares mounts as on a real machine, so that services see their mounts by systemd (LoadCredential). */
function shareMounts(name) {
  inside(name, 'mount --make-rshared /');
}

/** The npm registry of this machine, and the certificates for it if this machine has any. */
function npmOfThisMachine() {
  const setting = (key) => run('npm', ['config', 'get', key], { cwd: root }).trim();
  const certificates = setting('cafile');
  return [
    `--env=npm_config_registry=${setting('registry')}`,
    ...(certificates === 'null'
      ? []
      : [`--volume=${certificates}:/media/npm.crt:ro`, '--env=npm_config_cafile=/media/npm.crt']),
  ];
}

/** Runs a command line in a root shell; returns its output. */
export function inside(machine, words) {
  return run('docker', ['exec', machine, '/bin/bash', '-ec', words], { cwd: root });
}

/** The vCPU-hours that the machine's portal has billed since yesterday. */
export function billed(machine) {
  const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  const answer = inside(
    machine,
    `curl --silent 'http://127.0.0.1:8000/api/v1/usage?from=${day(-1)}&to=${day(1)}&step=total&by=resource'`,
  );
  return JSON.parse(answer).data.find(({ resource }) => resource === 'vcpu')?.amount ?? 0;
}
