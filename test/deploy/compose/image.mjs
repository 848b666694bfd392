// Builds the image twice from a clone, without the builder's cache, and compares the two images file by file: type,
// mode, owner, target of a link, content. It does not compare times, because only a builder that rewrites them makes
// them equal (`docker buildx build --build-arg SOURCE_DATE_EPOCH=0 --output type=oci,rewrite-timestamp=true`).
//
//   node test/deploy/compose/image.mjs
import { createHash } from 'node:crypto';
import { inClone } from './site-stack.mjs';
import { docker, run, say } from './stack.mjs';

const tags = ['stackmeter-test-image:1', 'stackmeter-test-image:2'];
const base = process.env.NODE_IMAGE === undefined ? [] : ['--build-arg', 'NODE_IMAGE'];
const LIST = `
  find / -xdev -not -path '/proc*' -not -path '/sys*' -not -path '/dev*' -not -path /.dockerenv -not -path '/etc/host*' -not -path /etc/resolv.conf \\
    -printf '%M %U:%G %p %l\n' -type f -exec sha256sum {} +`;

await inClone('image', (folder) => {
  try {
    compare(...tags.map((tag) => filesOf(folder, tag)));
  } finally {
    docker('image', 'rm', '--force', ...tags);
  }
});

function compare(first, second) {
  const other = new Set(second);
  const differences = first.filter((line) => !other.has(line));
  if (first.length !== second.length || differences.length > 0)
    throw new Error(`the two builds differ in\n${differences.join('\n')}`);
  const digest = createHash('sha256').update(first.join('\n')).digest('hex');
  say(
    `two builds have the same ${first.length} lines of files, modes, owners and hashes (${digest.slice(0, 16)})`,
  );
  const [size, user] = docker('inspect', '--format', '{{.Size}} {{.Config.User}}', tags[0]).trim().split(' ');
  say(`${Math.round(size / 1e6)} MB with the base image, user ${user}`);
}

function filesOf(folder, tag) {
  run('docker', ['build', '--no-cache', '--quiet', ...base, '--tag', tag, '.'], { cwd: folder });
  const list = docker('run', '--rm', '--user', '0', '--entrypoint', '/bin/sh', tag, '-c', LIST);
  return list.trim().split('\n').sort();
}
