/** The rules over all accounts and grants together. A broken rule throws a `RuleError`. */
import type { GrantProject } from '../../ledger/ledger.ts';
import { nearestName } from '../../../runtime/settings/strict-table.ts';
import type { AccountDocument, AllowanceDocument, GrantDocument } from './documents.ts';
import { datedProjects } from './grant.ts';
import { allowanceWords } from './words.ts';
import { timeWords } from '../wording.ts';
import type { MarkDocument } from './marks.ts';
import type { StoredAllowance } from './stored.ts';

/** An edit breaks a rule. The message is one line: which document, where, what to do. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
}

/** The documents as they would be, and what they may refer to. */
export interface Whole {
  grants: ReadonlyMap<string, GrantDocument>;
  accounts: ReadonlyMap<string, AccountDocument>;
  books: ReadonlyMap<string, unknown>;
  marks: ReadonlyMap<string, MarkDocument>;
  people: ReadonlySet<string>;
  sites: readonly string[];
  /** The documents that the edit removes, as `account university`. */
  removed: ReadonlySet<string>;
}

export function checkRules(whole: Whole): void {
  for (const [name, account] of whole.accounts) checkAccount(name, account, whole);
  for (const [name, grant] of whole.grants) checkReferences(name, grant, whole);
  for (const [name, mark] of whole.marks) checkMark(name, mark, whole);
  checkProjects(whole.grants.values());
}

function checkAccount(name: string, { contacts, price_books = [] }: AccountDocument, whole: Whole): void {
  const subject = `account '${name}'`;
  for (const [index, person] of contacts.entries())
    requireKnown({ subject, part: `contacts[${index + 1}]` }, 'person', person, whole);
  for (const [index, { book }] of price_books.entries())
    requireKnown({ subject, part: `price_books[${index + 1}]` }, 'price_book', book, whole);
}

/** Throws `RuleError` if two of these grants have a project at the same time, or one has it twice. */
export function checkProjects(grants: Iterable<GrantDocument>): void {
  const seen = new Map<string, Claim[]>();
  for (const grant of grants) claimProjects(grant.name, grant, seen);
}

function checkReferences(name: string, grant: GrantDocument, whole: Whole): void {
  const { account, people, projects, allowances } = grant;
  const subject = `grant '${name}'`;
  if (account !== undefined) requireKnown({ subject, part: 'account' }, 'account', account, whole);
  for (const [index, { person }] of people.entries())
    requireKnown({ subject, part: `people[${index + 1}]` }, 'person', person, whole);
  for (const [index, { site }] of projects.entries())
    requireSite(`${subject}: projects[${index + 1}].site`, site, whole.sites);
  for (const [index, { price_book: book }] of allowances.entries())
    if (book !== undefined)
      requireKnown({ subject, part: `allowances[${index + 1}]` }, 'price_book', book, whole);
}

function checkMark(name: string, { account, site }: MarkDocument, whole: Whole): void {
  const subject = `mark '${name}'`;
  if (account !== undefined) requireKnown({ subject, part: 'account' }, 'account', account, whole);
  if (site !== undefined) requireSite(`${subject}: site`, site, whole.sites);
}

function requireSite(where: string, site: string, sites: readonly string[]): void {
  if (!sites.includes(site)) throw new RuleError(`${where}: ${unknownSite(site, sites)}`);
}

function requireKnown(
  { subject, part }: { subject: string; part: string },
  word: 'account' | 'price_book' | 'person',
  name: string,
  { accounts, books, people, removed }: Whole,
): void {
  const known = { account: accounts, price_book: books, person: people }[word];
  if (known.has(name)) return;
  const thing = `${word.replace('_', ' ')} '${name}'`;
  if (removed.has(`${word} ${name}`))
    throw new RuleError(
      `${subject}: ${part}: names ${thing}, which you remove: change or remove ${subject} first`,
    );
  const nearest = nearestName(name, [...known.keys()]);
  throw new RuleError(
    `${subject}: ${part}: there is no ${thing}; ${nearest === undefined ? `add a [[${word}]]` : `did you mean '${nearest}'?`}`,
  );
}

/** Throws `RuleError` if there is no grant of that name. */
export function requireGrant(name: string, grants: ReadonlyMap<string, unknown>): void {
  if (grants.has(name)) return;
  const nearest = nearestName(name, [...grants.keys()]);
  throw new RuleError(
    `there is no grant '${name}' to add allowances to; ${nearest === undefined ? 'add its projects to the file' : `did you mean '${nearest}'?`}`,
  );
}

function unknownSite(site: string, sites: readonly string[]): string {
  const nearest = nearestName(site, sites);
  const known = sites.length === 0 ? 'it knows none yet' : `it knows ${sites.slice(0, 20).join(', ')}`;
  return `the portal knows no site '${site}'; ${nearest === undefined ? `${known}; add a [[site]] or [[sender]] to portal.toml` : `did you mean '${nearest}'?`}`;
}

/** A time in which a grant has a project. */
interface Claim {
  grant: string;
  cloud: string | undefined;
  fromMs: number;
  toMs: number;
}

/** One project is in one grant at any instant: otherwise its usage would count twice. */
function claimProjects(name: string, grant: GrantDocument, seen: Map<string, Claim[]>): void {
  for (const project of datedProjects(grant)) {
    const key = `${project.site}\0${project.projectId}`;
    const claim = claimOf(name, project);
    const claims = seen.get(key) ?? [];
    const other = claims.find((one) => overlaps(one, claim));
    if (other !== undefined) throw new RuleError(doubleProject(project, other, claim));
    claims.push(claim);
    seen.set(key, claims);
  }
}

function claimOf(grant: string, { cloud, fromMs = -Infinity, toMs = Infinity }: GrantProject): Claim {
  return { grant, cloud, fromMs, toMs };
}

function overlaps(one: Claim, other: Claim): boolean {
  const sharesCloud = one.cloud === undefined || other.cloud === undefined || one.cloud === other.cloud;
  return sharesCloud && one.fromMs < other.toMs && other.fromMs < one.toMs;
}

function doubleProject({ site, projectId }: GrantProject, one: Claim, other: Claim): string {
  const fromMs = Math.max(one.fromMs, other.fromMs);
  const toMs = Math.min(one.toMs, other.toMs);
  const times = [
    ...(fromMs === -Infinity ? [] : [`from ${timeWords(fromMs)}`]),
    ...(toMs === Infinity ? [] : [`until ${timeWords(toMs)}`]),
  ];
  const when = times.length === 0 ? 'all the time' : times.join(' ');
  const which =
    one.grant === other.grant
      ? `grant '${one.grant}' has it twice`
      : `grants '${one.grant}' and '${other.grant}' both have it`;
  return `project '${projectId}' at '${site}': ${which} ${when}; a project is in one grant at a time: set from or to`;
}

/**
 * The allowances that a grant has with those of a file. A list without an initial allowance only adds: one that the grant has
 * already changes nothing, and the others come after all earlier ones. So one top-up can be a file, which may be applied twice.
 */
export function withEarlier(
  { name, allowances }: GrantDocument,
  earlier: readonly StoredAllowance[],
): AllowanceDocument[] {
  if (allowances.some(({ kind }) => kind === 'initial')) return allowances;
  const others = [...earlier];
  // One without a time may be any of the grant's, so it looks for its equal after those with a time.
  const added = allowances.toSorted((a, b) => Number(a.at === undefined) - Number(b.at === undefined));
  const fresh = added.filter((one) => {
    const index = others.findIndex((before) => isSame(one, before));
    if (index >= 0) others.splice(index, 1);
    return index < 0;
  });
  for (const one of fresh) {
    const before = others.find((other) => isSame({ ...one, amount: other.amount }, other));
    if (before !== undefined)
      throw new RuleError(
        `grant '${name}': the ${allowanceWords(one)} differs from the ${allowanceWords(before)} by its amount only; allowances stay: give a new one a reason or an at of its own`,
      );
  }
  return [...earlier, ...fresh];
}

/** Whether an allowance of a document is one that the grant has. Without a time it may have any. */
function isSame(one: AllowanceDocument, before: StoredAllowance): boolean {
  return (
    (['resource', 'price_book', 'amount', 'kind', 'reason'] as const).every(
      (key) => one[key] === before[key],
    ) &&
    (one.at === undefined || one.at === before.at)
  );
}

/**
 * The allowances of a new version, with author and times. They begin with all earlier ones: what was granted is never
 * rewritten, only amended.
 */
export function amended(
  { name, allowances }: GrantDocument,
  earlier: readonly StoredAllowance[],
  by: { author: string; written: string },
): StoredAllowance[] {
  for (const [index, before] of earlier.entries()) {
    const now = allowances[index];
    if (now === undefined || !isSame(now, before))
      throw new RuleError(
        `grant '${name}': allowances[${index + 1}] was the ${allowanceWords(before)}, and is ${now === undefined ? 'missing' : 'another one'}; allowances stay: put it back, and add a cut or a top-up after it`,
      );
  }
  const added = allowances.slice(earlier.length);
  return [
    ...earlier,
    ...added.map((one) => ({ ...one, at: one.at ?? by.written, written: by.written, author: by.author })),
  ];
}
