// `npm run verify`: words and turns of phrase that CONTRIBUTING.md rules out, in docs, comments, messages and page texts.
// `node scripts/check-prose.mjs PATH…` looks at these files and folders only.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { root, say } from './prepare.mjs';

const READ = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  '.github',
  'docs',
  'src',
  'web',
  'test',
];
const ALSO_READ = ['bench', 'deploy', 'dev', 'scripts', 'Dockerfile', '.ci'];
const KINDS =
  /(^|\/)(Dockerfile|run)$|\.(ts|tsx|mjs|cjs|js|md|yml|yaml|toml|sh|css|html|sql|py|cfg|service)$/;
/** The list itself, generated files, and what databases and earlier versions already have. */
const LEFT_OUT =
  /node_modules|\/dist\/|check-prose\.mjs$|\/earlier-(states|ledgers)\/|\/migrations\/\d{4}-|deploy\/grafana\/[^/]*\.json$/;

/** @type {[phrase: RegExp, instead: string][]} */
const PHRASES = [
  [/\bcan not\b/gi, 'cannot'],
  [/\banew\b/gi, 'again'],
  [/\bwho(m)?(so)?ever\b/gi, 'anyone'],
  [/\bwhat(so)?ever\b/gi, 'any, everything that, or nothing'],
  [/\balone\b/gi, 'only, or by itself'],
  [/\bsave (that|for)\b/gi, 'except'],
  [/\blies? about\b/gi, 'remains'],
  [/\b(takes?|taken|taking) up\b/gi, 'applies'],
  [/\bnothing is wrong with\b/gi, 'OK'],
  [/\bbegun\b/gi, 'started'],
  [/\b(hence|thereof|therein|whereof|wherein|whence|hitherto)\b/gi, 'a plain word'],
  [
    /(?<=[.:] |["'`>*] )What (a|an|the|is|was|has|it|its|they|no|one|comes|stands|cannot|does|of)\b(?![^.]{0,200}\?)/g,
    'a noun',
  ],
  [/(?<=[.:] |["'`>*] )Of (a|an|the|all|each|its|those|what|which)\b/g, 'the subject first'],
];
/** A type is a noun of the domain. */
const TYPE = /^(?:export )?(?:abstract )?(?:interface|type|class) ([A-Z][a-z]+)\b(?![A-Z])/gm;
const PARTICIPLE =
  /(?<!e)ed$|^(Given|Held|Begun|Kept|Made|Sent|Seen|Found|Told|Built|Taken|Written|Known|Said|Shown)$/;
const NOUNS = new Set(['Seed', 'Feed', 'Speed', 'Shed']);

const asked = process.argv.slice(2).map((path) => relative(root, resolve(path)));
const files = (asked.length > 0 ? asked : [...READ, ...ALSO_READ]).flatMap(filesBelow);
const faults = files.flatMap(faultsOf);
for (const fault of faults) say(fault);
if (faults.length > 0) process.exit(1);
process.stdout.write(`${files.length} files in plain English\n`);

function faultsOf(path) {
  const whole = readFileSync(join(root, path), 'utf8');
  // CONTRIBUTING.md quotes ruled-out phrases as code.
  const text = path.endsWith('.md') ? whole.replace(/`[^`\n]*`/g, (code) => '`'.repeat(code.length)) : whole;
  return [...phrasesIn(text), ...(/\.(ts|tsx|mts)$/.test(path) ? participlesIn(text) : [])].map(
    ({ index, found, instead }) =>
      `${path}:${text.slice(0, index).split('\n').length}: "${found}": use ${instead}`,
  );
}

/** A phrase may go on in the next line, behind the sign of a comment. Positions stay those of the text. */
function phrasesIn(text) {
  const joined = text.replace(/\n[ \t]*(?:\*|\/\/|#|--|>|-)?[ \t]*/g, (end) => ' '.padStart(end.length));
  return PHRASES.flatMap(([phrase, instead]) =>
    [...joined.matchAll(phrase)].map((match) => ({ index: match.index, found: match[0], instead })),
  );
}

function participlesIn(text) {
  return [...text.matchAll(TYPE)]
    .filter(([, name]) => PARTICIPLE.test(name) && !NOUNS.has(name))
    .map((match) => ({ index: match.index, found: match[1], instead: 'a noun for this type' }));
}

function filesBelow(path) {
  const there = statSync(join(root, path), { throwIfNoEntry: false });
  if (there === undefined) return [];
  if (there.isFile()) return KINDS.test(path) && !LEFT_OUT.test(path) ? [path] : [];
  return readdirSync(join(root, path), { withFileTypes: true })
    .map(({ name }) => join(path, name))
    .filter((below) => !LEFT_OUT.test(`${below}/`))
    .flatMap(filesBelow);
}
