/** Semantic versioning without build metadata, such as 1.2.3 or 1.2.3-rc.1. */
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;
const HEADING = '## Unreleased\n';

/**
 * The reason why `next` may not follow `current`, or undefined. The two may be equal: the first release keeps the
 * version.
 */
export function versionProblem(next: string, current: string): string | undefined {
  if (!VERSION.test(next)) return `'${next}' is not a version such as 1.2.3 or 1.2.3-rc.1`;
  return compareVersions(next, current) < 0
    ? `${next} is lower than ${current}, the version of package.json`
    : undefined;
}

/** The tags of a release's image. A preview such as 1.2.3-rc.1 has only its own. */
export function imageTags(version: string): string[] {
  const { numbers, names } = partsOf(version);
  return names.length > 0 ? [version] : [version, numbers.slice(0, 2).join('.'), 'latest'];
}

/** Below zero, zero or above zero, in the order of semver.org, rule 11. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [partsOf(one), partsOf(other)];
  const number = left.numbers.map((part, at) => part - (right.numbers[at] ?? 0)).find((by) => by !== 0);
  if (number !== undefined) return number;
  if (left.names.length === 0 || right.names.length === 0) return right.names.length - left.names.length;
  const name = left.names.map((part, at) => compareNames(part, right.names[at])).find((by) => by !== 0);
  return name ?? left.names.length - right.names.length;
}

function partsOf(version: string): { numbers: number[]; names: string[] } {
  const [, major, minor, patch, names] = VERSION.exec(version) ?? [];
  return { numbers: [major, minor, patch].map(Number), names: names?.split('.') ?? [] };
}

/** A number is below a word. */
function compareNames(one: string, other: string | undefined): number {
  if (other === undefined) return 1;
  const [left, right] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (left !== right) return left ? -1 : 1;
  if (left) return Number(one) - Number(other);
  return one === other ? 0 : one < other ? -1 : 1;
}

/** The entries under "Unreleased". Throws an error if there are none. */
export function unreleased(changelog: string): string {
  const start = changelog.indexOf(HEADING);
  if (start < 0) throw new Error("CHANGELOG.md has no heading '## Unreleased'");
  const [section = ''] = changelog.slice(start + HEADING.length).split(/^## /m);
  if (!/^\s*- /m.test(section)) throw new Error("CHANGELOG.md has no entry under '## Unreleased'");
  return section.trim();
}

/** The changelog with the entries of "Unreleased" under a heading with version and date (YYYY-MM-DD). */
export function releasedChangelog(changelog: string, version: string, date: string): string {
  unreleased(changelog);
  return changelog.replace(HEADING, () => `${HEADING}\n## ${version} - ${date}\n`);
}

interface Component {
  'bom-ref': string;
  properties?: { name: string; value: string }[];
}

interface Sbom {
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

/** An SBOM of npm without the packages that only development needs. */
export function withoutTools<S extends Sbom>(sbom: S): S {
  const components = sbom.components.filter(
    ({ properties = [] }) => !properties.some(({ name }) => name === 'cdx:npm:package:development'),
  );
  const refs = new Set([sbom.metadata.component, ...components].map((component) => component['bom-ref']));
  const dependencies = sbom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  return { ...sbom, components, dependencies };
}
