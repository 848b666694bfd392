// `npm run release VERSION`: writes the version and the CHANGELOG's heading, builds package, SBOM and image, commits
// and tags. It pushes nothing. Options: --dry-run changes nothing, --no-image builds no image.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, run, say } from './prepare.mjs';
import { imageTags, releasedChangelog, unreleased, versionProblem, withoutTools } from './release-steps.ts';

const CHANGED = ['CHANGELOG.md', 'package.json', 'package-lock.json'];
const OUTPUT = 'dist-release';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'dry-run': { type: 'boolean' }, 'no-image': { type: 'boolean' } },
});
const [version = ''] = positionals;
const tag = `v${version}`;
const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
const date = new Date().toISOString().slice(0, 10);

const problem = findProblem();
if (problem !== undefined) {
  say(problem);
  process.exit(1);
}
const notes = unreleased(changelog);
if (options['dry-run']) {
  process.stdout.write(`## ${version} - ${date}\n\n${notes}\n`);
  say(`a dry run: ${tag} would hold these changes`);
} else {
  release();
}

function findProblem() {
  if (positionals.length !== 1) return 'name one version: npm run release 1.2.3';
  const { version: current } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wrong = versionProblem(version, current);
  if (wrong !== undefined) return wrong;
  if (git('status', '--porcelain') !== '')
    return 'the working tree has changes: commit them, or take them back';
  if (git('tag', '--list', tag) !== '') return `the tag ${tag} exists`;
  try {
    unreleased(changelog);
  } catch (error) {
    return error.message;
  }
  return undefined;
}

function release() {
  // Any failure, `run`'s exit included, leaves the tree as it was.
  let done = false;
  process.on('exit', () => {
    if (!done) git('checkout', '--quiet', 'HEAD', '--', ...CHANGED);
  });
  writeFileSync(join(root, 'CHANGELOG.md'), releasedChangelog(changelog, version, date));
  run('npm', ['version', version, '--no-git-tag-version', '--allow-same-version', '--loglevel=error']);
  rmSync(join(root, OUTPUT), { recursive: true, force: true });
  mkdirSync(join(root, OUTPUT));
  run('npm', ['pack', '--pack-destination', OUTPUT, '--loglevel=error']);
  writeSbom();
  if (!options['no-image']) buildImage();
  git('commit', '--quiet', '--message', `Release ${version}`, '--', ...CHANGED);
  done = true;
  git('tag', '--annotate', tag, '--cleanup=verbatim', '--message', `stackmeter ${version}\n\n${notes}`);
  say(`${tag} is made, and ${OUTPUT}/ has its files; publish it with: git push --follow-tags`);
}

/** Lists the packages that an installation needs, in the CycloneDX format. */
function writeSbom() {
  // `--omit dev` also leaves out packages that another package has among its own tools, such as zod.
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const sbom = withoutTools(
    JSON.parse(execFileSync('npm', words, { cwd: root, maxBuffer: 64 * 1024 * 1024 })),
  );
  // npm gives the folder's name as the name of the package.
  sbom.metadata.component.name = 'stackmeter';
  writeFileSync(
    join(root, OUTPUT, `stackmeter-${version}.cdx.json`),
    `${JSON.stringify(sbom, undefined, 2)}\n`,
  );
}

function buildImage() {
  const engine = ['docker', 'podman'].find((name) => spawnSync(name, ['version']).status === 0);
  if (engine === undefined) say('no image is built: neither docker nor podman answers');
  else {
    const tags = imageTags(version).flatMap((name) => ['--tag', `stackmeter:${name}`]);
    run(engine, ['build', '--build-arg', `VERSION=${version}`, ...tags, '.']);
  }
}

function git(...words) {
  return execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();
}
