// `npm run verify`: docs/design/ defines each rule that code and docs name, and each rule names its tests.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, say } from './prepare.mjs';

const DESIGN = 'docs/design';
const READ = ['src', 'web/src', 'test', 'bench', 'deploy', 'docs'];
/** "rule A0", "rules M1 to M3", "(A4, A9)", and at the start of a comment or of a test's name "A5" and "A1: …". */
const RULE = '[AGMSPCTNE]\\d{1,2}';
const REFERENCES = [
  new RegExp(`\\brules? (${RULE}(?:(?:, | and | or | to )${RULE})*)`, 'g'),
  new RegExp(`\\((${RULE}(?:, ${RULE})*)\\)`, 'g'),
  new RegExp(`(?:/\\*\\* |describe\\('|it\\(')(${RULE})\\b`, 'g'),
];

const sections = readdirSync(join(root, DESIGN)).flatMap((name) => sectionsOf(`${DESIGN}/${name}`));
const defined = new Set(sections.map(({ rule }) => rule));
const named = READ.flatMap(filesBelow).flatMap(referencesIn);
const faults = [
  ...named
    .filter(({ rule }) => !defined.has(rule))
    .map(({ path, rule }) => `${path} names rule ${rule}, which no page of ${DESIGN}/ defines`),
  ...sections.flatMap(faultsOfSection),
];
for (const fault of new Set(faults)) say(fault);
if (faults.length > 0) process.exit(1);
process.stdout.write(`${defined.size} rules, named in ${named.length} places\n`);

/** Sections `## A0. Title`, each up to the next. */
function sectionsOf(path) {
  const parts = readFileSync(join(root, path), 'utf8').split(/^## /m).slice(1);
  return parts.map((text) => ({
    path,
    rule: /^[A-Z]\d+(?=\. )/.exec(text)?.[0] ?? text.split('\n')[0],
    text,
  }));
}

function faultsOfSection({ path, rule, text }) {
  const held = /\*\*Held by\*\*:([\s\S]*)/.exec(text)?.[1] ?? '';
  const tests = [...held.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, test]) => test);
  if (tests.length === 0) return [`${path}: rule ${rule} does not say which test holds it`];
  return tests
    .filter((test) => !existsSync(join(root, test)))
    .map((test) => `${path}: rule ${rule} is held by ${test}, which is not there`);
}

function referencesIn(path) {
  const text = readFileSync(join(root, path), 'utf8');
  return REFERENCES.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(([, rules]) =>
      rules.match(new RegExp(RULE, 'g')).map((rule) => ({ path, rule })),
    ),
  );
}

function filesBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mjs|md|yml)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}
