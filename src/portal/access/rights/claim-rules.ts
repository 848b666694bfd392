import { nameOfRole, type Right, type Role } from './roles.ts';

/** The facts that an identity provider states about a person, as parsed JSON. */
export type Claims = Readonly<Record<string, unknown>>;

/** A rule of portal.toml: who has this claim from this issuer has this role (P4). */
export interface ClaimRule {
  /** Its place in the file, for people. */
  place: string;
  issuer: string;
  /** Name of a claim, with dots between the keys of nested ones. */
  claim: string;
  test: 'equals' | 'includes';
  /** The text to compare with. It may contain `{site}` or `{grant}` once, and then names the role's site or grant. */
  text: string;
  role: Role;
}

/** `{site}` and `{grant}` stand for a name without the characters that separate the parts of groups and entitlements. */
const CAPTURE = /\{(?:site|grant)\}/;
const CAPTURED_NAME = /^[^:#/\p{C}]{1,100}$/u;

export function hasCapture(text: string): boolean {
  return CAPTURE.test(text);
}

/** The rights that the rules give to a person with these claims. */
export function rightsByClaims(rules: readonly ClaimRule[], issuer: string, claims: Claims): Right[] {
  return rules.flatMap((rule) => {
    if (rule.issuer !== issuer) return [];
    return rolesByRule(rule, claims).map((role) => ({ role, because: inWords(rule, role) }));
  });
}

/** The roles that one rule gives. Several, if the text has a capture that fits several values. */
export function rolesByRule(rule: ClaimRule, claims: Claims): Role[] {
  const values = valuesOf(rule, claims);
  const [before = '', after] = rule.text.split(CAPTURE);
  if (after === undefined) return values.includes(rule.text) ? [rule.role] : [];
  return values.flatMap((value) => {
    const name = between(value, before, after);
    return name === undefined || !CAPTURED_NAME.test(name) ? [] : named(rule.role, name);
  });
}

/** Whether the claim has a form that a rule can compare: a text, or for `includes` also a list of texts. */
function valuesOf({ claim, test }: ClaimRule, claims: Claims): readonly string[] {
  const value = claimAt(claims, claim);
  if (typeof value === 'string') return [value];
  return test === 'includes' && isTextList(value) ? value : [];
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function between(value: string, before: string, after: string): string | undefined {
  const fits = value.startsWith(before) && value.endsWith(after);
  return fits && value.length > before.length + after.length
    ? value.slice(before.length, value.length - after.length)
    : undefined;
}

function named(role: Role, name: string): Role {
  if ('site' in role) return { ...role, site: name };
  return 'grant' in role ? { ...role, grant: name } : role;
}

function inWords({ place, claim, test, text }: ClaimRule, role: Role): string {
  return `${place}: ${claim} ${test} "${text}" gives ${nameOfRole(role)}`;
}

/** The value at a path. The whole path may be one name, as in GitLab's `https://gitlab.org/claims/groups/owner`. */
export function claimAt(claims: unknown, path: string): unknown {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return undefined;
  if (Object.hasOwn(claims, path)) return (claims as Claims)[path];
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const head = path.slice(0, dot);
    const found = Object.hasOwn(claims, head)
      ? claimAt((claims as Claims)[head], path.slice(dot + 1))
      : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The claims that rules compare, by their paths. The portal keeps no others (P10). */
export function claimsInRules(rules: readonly ClaimRule[], issuer: string, claims: Claims): Claims {
  const paths = new Set(rules.flatMap((rule) => (rule.issuer === issuer ? rule.claim : [])));
  return Object.fromEntries(
    [...paths].flatMap((path) => {
      const value = claimAt(claims, path);
      return value === undefined ? [] : [[path, value]];
    }),
  );
}
