import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  imageTags,
  releasedChangelog,
  unreleased,
  versionProblem,
} from './release-steps.ts';

const HEAD = '# Changelog\n\nText.\n\n## Unreleased\n';
const ENTRIES = '### Added\n\n- One thing, for $& and $1.\n';

describe('the version of a release', () => {
  it.each([
    ['0.1.0', '0.1.0'],
    ['0.1.1', '0.1.0'],
    ['0.10.0', '0.9.9'],
    ['1.0.0', '1.0.0-rc.1'],
    ['1.0.0-rc.10', '1.0.0-rc.9'],
  ])('may be %s after %s', (next, current) => {
    expect(versionProblem(next, current)).toBeUndefined();
  });

  it.each(['', 'v1.0.0', '1.0', '01.0.0', '1.0.0+build', '1.0.0-', 'latest'])("is not '%s'", (next) => {
    expect(versionProblem(next, '0.1.0')).toBe(`'${next}' is not a version such as 1.2.3 or 1.2.3-rc.1`);
  });

  it.each([
    ['0.0.9', '0.1.0'],
    ['1.0.0-rc.1', '1.0.0'],
    ['1.0.0-1', '1.0.0-rc'],
  ])('is not lower: %s after %s', (next, current) => {
    expect(versionProblem(next, current)).toBe(
      `${next} is lower than ${current}, the version of package.json`,
    );
  });

  it('is in the order of semver.org, rule 11', () => {
    const names = ['alpha', 'alpha.1', 'alpha.beta', 'beta', 'beta.2', 'beta.11', 'rc.1'];
    const ordered = ['0.9.9', '0.10.0', ...names.map((name) => `1.0.0-${name}`), '1.0.0', '1.0.1', '2.0.0'];
    for (const [at, one] of ordered.entries())
      expect(ordered.map((other) => Math.sign(compareVersions(one, other)))).toEqual(
        ordered.map((_, index) => Math.sign(at - index)),
      );
  });
});

describe('the changelog of a release', () => {
  it('gets a heading with version and date above the unreleased entries', () => {
    const before = `${HEAD}\n${ENTRIES}\n## 0.1.0 - 2026-01-01\n\n- Old.\n`;
    expect(releasedChangelog(before, '0.2.0', '2026-11-28')).toBe(
      `${HEAD}\n## 0.2.0 - 2026-11-28\n\n${ENTRIES}\n## 0.1.0 - 2026-01-01\n\n- Old.\n`,
    );
    expect(unreleased(before)).toBe(ENTRIES.trim());
  });

  it.each([HEAD, `${HEAD}\n### Added\n`, `${HEAD}\n## 0.1.0 - 2026-01-01\n\n- Old.\n`])(
    'is refused without an unreleased entry (%#)',
    (text) => {
      expect(() => releasedChangelog(text, '0.2.0', '2026-11-28')).toThrow("no entry under '## Unreleased'");
    },
  );

  it('is refused without the heading', () => {
    expect(() => unreleased('# Changelog\n\n- One.\n')).toThrow("no heading '## Unreleased'");
  });
});

it('gives the image of a release three tags, and that of a preview its own', () => {
  expect(imageTags('1.2.3')).toEqual(['1.2.3', '1.2', 'latest']);
  expect(imageTags('1.2.3-rc.1')).toEqual(['1.2.3-rc.1']);
});
