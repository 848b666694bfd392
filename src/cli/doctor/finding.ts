/** The links of the chain, in the direction of the usage. */
const LINKS = ['OpenStack', 'exporter', 'Prometheus', 'gate', 'portal'] as const;
export type Link = (typeof LINKS)[number];

/** The usage that a link has. */
export interface ReachedUsage {
  projects: number;
  /** Unix milliseconds up to which it counts; undefined if nothing says so. */
  untilMs: number | undefined;
}

/** The state of a link, as the doctor found it. */
export interface Finding {
  link: Link;
  state: 'ok' | 'not ok' | 'not looked at';
  /** What there is, or what is wrong, or why it was not looked at. */
  words: string;
  /** The next step for a person; undefined for a link that is ok. */
  advice?: string;
  usage?: ReachedUsage;
}

const LONGEST = 500;

/** A server may say anything, also what a terminal would obey. */
function shown(words: string): string {
  const line = words.replaceAll(/\p{C}+/gu, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

export function ok(link: Link, words: string, usage?: ReachedUsage): Finding {
  return { link, state: 'ok', words: shown(words), ...(usage === undefined ? {} : { usage }) };
}

export function notOk(link: Link, words: string, advice: string): Finding {
  return { link, state: 'not ok', words: shown(words), advice: shown(advice) };
}

export function notLookedAt(link: Link, words: string, advice?: string): Finding {
  return { link, state: 'not looked at', words, ...(advice === undefined ? {} : { advice }) };
}

/** All findings as lines for a person, in the order of the chain. */
export function linesOf(findings: readonly Finding[]): string[] {
  return inOrder(findings).map(({ link, state, words, advice }) => {
    const next = advice === undefined ? '' : `: ${advice}`;
    return `${link.padEnd(11)} ${state.padEnd(13)} ${words}${next}`;
  });
}

/** One sentence: the first broken link and what to do, or how far the usage came. */
export function conclusionOf(findings: readonly Finding[]): string {
  const ordered = inOrder(findings);
  const broken = ordered.find(({ state }) => state === 'not ok');
  if (broken !== undefined)
    return `Not well: ${broken.link}: ${broken.words}: ${broken.advice ?? 'see above'}.`;
  const last = ordered.findLast(({ state }) => state === 'ok');
  if (last === undefined) return 'Nothing was looked at.';
  const furthest = ordered.findLast(({ usage }) => usage !== undefined)?.link;
  const usage = usageWords(ordered.filter(({ link }) => link === furthest));
  return last.link === 'portal'
    ? `All is well: ${usage} reached the portal.`
    : `All is well up to the ${last.link}: ${usage}; what comes after it was not looked at.`;
}

export function isWell(findings: readonly Finding[]): boolean {
  return findings.every(({ state }) => state !== 'not ok') && findings.some(({ state }) => state === 'ok');
}

function inOrder(findings: readonly Finding[]): Finding[] {
  return LINKS.flatMap((link) => findings.filter((finding) => finding.link === link));
}

function usageWords(findings: readonly Finding[]): string {
  const usages = findings.flatMap(({ usage }) => usage ?? []);
  if (usages.length === 0) return 'an unknown amount of usage';
  const projects = usages.reduce((sum, usage) => sum + usage.projects, 0);
  const until = Math.min(...usages.map(({ untilMs = Infinity }) => untilMs));
  const upTo = Number.isFinite(until) ? ` up to ${minuteWords(until)}` : '';
  return `usage of ${projects} ${projects === 1 ? 'project' : 'projects'}${upTo}`;
}

/** `2026-01-01 00:00 UTC` */
export function minuteWords(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
