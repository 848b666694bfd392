import { execFile } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/describe-with.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const NOT_COPIED = new Set(['node_modules', 'dist', 'dist-release', '.git', 'coverage', 'data']);
const CHANGELOG = '# Changelog\n\n## Unreleased\n\n### Added\n\n- One thing.\n';

describeWith(['git'], 'npm run release', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-release-'));
  const read = (path: string) => readFileSync(join(folder, path), 'utf8');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const next = `${Number.parseInt(version, 10) + 1}.0.0`;

  const git = async (...words: string[]) => await run(folder, 'git', words);
  const release = async (...words: string[]) =>
    await run(folder, join(root, 'node_modules/.bin/tsx'), ['scripts/release.mjs', '--no-image', ...words]);

  beforeAll(async () => {
    for (const name of readdirSync(root).filter((entry) => !NOT_COPIED.has(entry)))
      cpSync(join(root, name), join(folder, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'CHANGELOG.md'), CHANGELOG);
    await git('init', '--quiet');
    appendFileSync(join(folder, '.git/info/exclude'), 'node_modules\n');
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'Begin');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('refuses a version that is no version, or lower than the present one', async () => {
    await expect(release('next')).rejects.toThrow("'next' is not a version such as 1.2.3 or 1.2.3-rc.1");
    await expect(release('0.0.0-0')).rejects.toThrow(`0.0.0-0 is lower than ${version}`);
  });

  it('refuses a working tree with changes', async () => {
    writeFileSync(join(folder, 'new.md'), 'new\n');
    await expect(release(next)).rejects.toThrow('the working tree has changes');
    rmSync(join(folder, 'new.md'));
  });

  it('changes nothing in a dry run', async () => {
    expect(await release(next, '--dry-run')).toMatch(
      /^## \d+\.0\.0 - \d{4}-\d\d-\d\d\n\n### Added\n\n- One thing\.\n$/,
    );
    expect([await git('status', '--porcelain'), await git('tag')]).toEqual(['', '']);
  });

  it('writes version and heading, commits, tags, and builds package and SBOM', async () => {
    await release(next);
    expect(await git('log', '-1', '--format=%s', '--name-only')).toBe(
      `Release ${next}\n\nCHANGELOG.md\npackage-lock.json\npackage.json\n`,
    );
    expect(read('CHANGELOG.md')).toMatch(
      new RegExp(
        `^# Changelog\n\n## Unreleased\n\n## ${next} - \\d{4}-\\d\\d-\\d\\d\n\n### Added\n\n- One thing.\n$`,
      ),
    );
    const versions = ['package.json', 'package-lock.json'].map(
      (file) => JSON.parse(read(file)) as { version: string },
    );
    expect(versions).toMatchObject([
      { version: next },
      { version: next, packages: { '': { version: next } } },
    ]);
    expect(
      await git('for-each-ref', '--format=%(objecttype) %(refname:short) %(contents)', 'refs/tags'),
    ).toBe(`tag v${next} stackmeter ${next}\n\n### Added\n\n- One thing.\n`);
    expect(await git('status', '--porcelain')).toBe('');
    expect(readdirSync(join(folder, 'dist-release')).sort()).toEqual([
      `stackmeter-${next}.cdx.json`,
      `stackmeter-${next}.tgz`,
    ]);
  });

  it('lists in the SBOM the packages that an installation needs, and no others', () => {
    const sbom = JSON.parse(read(`dist-release/stackmeter-${next}.cdx.json`)) as {
      bomFormat: string;
      metadata: { component: { name: string; version: string } };
      components: { name: string; version: string }[];
    };
    expect(sbom).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { name: 'stackmeter', version: next } },
    });
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { version: string; dev?: true }>;
    };
    const installed = Object.entries(packages)
      .filter(([path, { dev }]) => path !== '' && dev !== true)
      .map(([path, one]) => `${path.split('node_modules/').at(-1)}@${one.version}`);
    expect(new Set(sbom.components.map(({ name, version: one }) => `${name}@${one}`))).toEqual(
      new Set(installed),
    );
  });

  it('refuses a changelog without unreleased entries, and a tag that exists', async () => {
    await expect(release(`${next.slice(0, -1)}1`)).rejects.toThrow("no entry under '## Unreleased'");
    await expect(release(next)).rejects.toThrow(`the tag v${next} exists`);
  });
});

/** Standard output; throws what standard error says. */
async function run(folder: string, program: string, words: readonly string[]): Promise<string> {
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Tester',
    GIT_AUTHOR_EMAIL: 'tester@example.org',
    GIT_COMMITTER_NAME: 'Tester',
    GIT_COMMITTER_EMAIL: 'tester@example.org',
    npm_config_offline: 'true',
  };
  const { stdout } = await promisify(execFile)(program, words, { cwd: folder, env });
  return stdout;
}
