import { expect, it } from 'vitest';
import type { ClaimRule } from './claim-rules.ts';
import { explainClaims } from './explain.ts';

const issuer = 'https://id.example.org';
const rule = (line: number, more: Partial<ClaimRule>): ClaimRule => ({
  place: `access.rule[${line}]`,
  issuer,
  claim: 'groups',
  test: 'includes',
  text: 'staff',
  role: { role: 'auditor' },
  ...more,
});
const RULES = [
  rule(1, { text: 'operators', role: { role: 'operator' } }),
  rule(2, { text: 'usage/{site}', role: { role: 'site', site: '' } }),
  rule(3, { claim: 'level', test: 'equals', text: '2', role: { role: 'auditor' } }),
  rule(4, { claim: 'unit', test: 'equals', text: 'physics', role: { role: 'lead', grant: 'climate' } }),
  rule(5, { issuer: 'https://other.example.org' }),
];

it('says for each rule whether it fits and why not, and what all of them allow', () => {
  const claims = { groups: ['usage/b', 'usage/a', 'usage/a/b', 'usage/'], level: 2 };
  expect(explainClaims(RULES, issuer, claims)).toEqual([
    'access.rule[1]: groups includes "operators": no, the claim is ["usage/b","usage/a","usage/a/b","usage/"]',
    'access.rule[2]: groups includes "usage/{site}": yes, so site b, site a',
    'access.rule[3]: level equals "2": no, the claim is neither a text nor a list of texts',
    'access.rule[4]: unit equals "physics": no, the claim is missing',
    '1 more for other issuers',
    'reads site a',
    'reads site b',
  ]);
});

it('tells an operator, an auditor and a person without roles apart', () => {
  const last = (claims: object) => explainClaims(RULES, issuer, { ...claims }).at(-1);
  expect(last({ groups: 'operators' })).toBe('reads and changes everything');
  expect(last({ level: '2' })).toBe('reads everything, changes nothing');
  expect(last({ unit: 'physics' })).toBe('reads grant climate');
  expect(last({})).toBe('sees nothing');
});
