import { describe, expect, it } from 'vitest';
import { accountDocument, grantDocument, grantParts, type GrantDocument } from './documents.ts';
import { markDocument } from './marks.ts';
import { editOfFile, fileOf, planOf } from './plan.ts';
import { RuleError } from './rules.ts';
import type { Edit, StoredGrant, StoredState } from './stored.ts';

const NOW = Date.UTC(2026, 5, 1, 12, 30);
const BY = { author: 'ada', nowMs: NOW };

type Input = Record<string, unknown>;

const grantOf = (table: Input): GrantDocument => grantDocument.parse({ name: 'climate', ...table });
const INITIAL = { resource: 'vcpu', amount: 1000, kind: 'initial', at: '2026-01-01', reason: 'call 7' };

function stored(document: GrantDocument): StoredGrant {
  const [written, author] = ['2026-01-01T00:00:00Z', 'bob'];
  return {
    ...document,
    allowances: document.allowances.map((one) => ({ ...one, at: one.at ?? written, written, author })),
  };
}

/** A state with these grants, a person, an account, and the sites a and b. */
function stateOf(...grants: GrantDocument[]): StoredState {
  const versioned = <D>(document: D) => ({ document, version: 1, changedMs: 0, author: 'bob' });
  return {
    grants: new Map(grants.map((grant) => [grant.name, versioned(stored(grant))])),
    accounts: new Map([
      ['university', versioned(accountDocument.parse({ name: 'university', contacts: ['p-17'] }))],
    ]),
    books: new Map(),
    published: new Map(),
    marks: new Map(),
    people: new Map([
      ['p-17', { id: 'p-17', name: 'Ada' }],
      ['p-18', { id: 'p-18', erasedMs: Date.UTC(2026, 3, 2) }],
    ]),
    sites: ['site-a', 'site-b'],
  };
}

const editOf = (...grants: GrantDocument[]): Edit => ({
  grants: new Map(grants.map((grant) => [grant.name, grant])),
});

function words(state: StoredState, edit: Edit): readonly string[] {
  try {
    return planOf(state, edit, BY).words;
  } catch (error) {
    if (error instanceof RuleError) return [error.message];
    throw error;
  }
}

const P = { site: 'site-a', id: 'p1' };

describe('the plan of an edit', () => {
  it('says each change in words, and writes new versions of what changes only', () => {
    const before = grantOf({
      title: 'Old',
      projects: [P],
      people: [{ person: 'p-17', role: 'member' }],
      allowances: [INITIAL],
    });
    const after = grantOf({
      title: 'New',
      account: 'university',
      to: '2027-01-01',
      projects: [
        { ...P, to: '2026-07-01' },
        { site: 'site-b', id: 'p2', cloud: 'west', from: '2026-07-01T02:00Z' },
      ],
      people: [{ person: 'p-17', role: 'lead' }],
      labels: { field: 'climate science' },
      allowances: [
        INITIAL,
        { ...INITIAL, kind: 'top-up', amount: '1234567.5', at: undefined, reason: 'more' },
      ],
    });
    const plan = planOf(stateOf(before), editOf(after), BY);
    expect(plan.words).toEqual([
      'grant climate: title "Old" → "New"',
      'grant climate: account none → "university"',
      'grant climate: to open → 2027-01-01',
      'grant climate: project p1 at site-a: to open → 2026-07-01',
      'grant climate: project p2 at site-b (cloud west): added from 2026-07-01T02:00Z',
      'grant climate: person p-17: member → lead',
      'grant climate: label field: none → "climate science"',
      'grant climate: top-up of 1,234,567.5 vCPU-hours from 2026-06-01T12:30Z ("more")',
    ]);
    expect(plan.versions).toMatchObject([
      {
        kind: 'grant',
        name: 'climate',
        document: {
          allowances: [
            { at: '2026-01-01T00:00:00Z', written: '2026-01-01T00:00:00Z', author: 'bob' },
            { at: '2026-06-01T12:30:00Z', written: '2026-06-01T12:30:00Z', author: 'ada' },
          ],
        },
      },
    ]);
    expect(planOf(stateOf(after), editOf(after), BY)).toEqual({ versions: [], people: [], words: [] });
  });

  it('removes a grant, and begins a new one with all its parts', () => {
    const plan = planOf(
      stateOf(grantOf({})),
      {
        grants: new Map([
          ['climate', null],
          ['new', grantOf({ name: 'new', projects: [P] })],
        ]),
      },
      BY,
    );
    expect(plan.words).toEqual([
      'grant climate: removed',
      'grant new: new',
      'grant new: project p1 at site-a: added',
    ]);
  });

  it.each<[string, GrantDocument]>([
    [
      "grant 'climate': account: there is no account 'universty'; did you mean 'university'?",
      grantOf({ account: 'universty', allowances: [INITIAL] }),
    ],
    [
      "grant 'climate': people[1]: there is no person 'x'; add a [[person]]",
      grantOf({ people: [{ person: 'x', role: 'lead' }], allowances: [INITIAL] }),
    ],
    [
      "grant 'climate': projects[1].site: the portal knows no site 'site-aa'; did you mean 'site-a'?",
      grantOf({ projects: [{ ...P, site: 'site-aa' }], allowances: [INITIAL] }),
    ],
    [
      'grant \'climate\': allowances[1] was the initial of 1,000 vCPU-hours from 2026-01-01 ("call 7"), and is missing; allowances stay: put it back, and add a cut or a top-up after it',
      grantOf({}),
    ],
    [
      'grant \'climate\': allowances[1] was the initial of 1,000 vCPU-hours from 2026-01-01 ("call 7"), and is another one; allowances stay: put it back, and add a cut or a top-up after it',
      grantOf({ allowances: [{ ...INITIAL, amount: 999 }] }),
    ],
    [
      "project 'p1' at 'site-a': grants 'climate' and 'other' both have it from 2026-02-01 until 2026-03-01; a project is in one grant at a time: set from or to",
      grantOf({ name: 'other', projects: [{ ...P, cloud: 'west', from: '2026-02-01' }] }),
    ],
    [
      "project 'p2' at 'site-a': grant 'other' has it twice all the time; a project is in one grant at a time: set from or to",
      grantOf({
        name: 'other',
        projects: [
          { ...P, id: 'p2' },
          { ...P, id: 'p2', cloud: 'west' },
        ],
      }),
    ],
  ])('refuses what breaks a rule: %s', (message, grant) => {
    const present = grantOf({ to: '2026-03-01', projects: [P], allowances: [INITIAL] });
    expect(words(stateOf(present), editOf(grant))).toEqual([message]);
  });

  it('lets a project move between grants at an hour, and be in different grants by cloud', () => {
    const one = grantOf({
      name: 'one',
      projects: [
        { ...P, to: '2026-02-01T13:00Z' },
        { ...P, id: 'p2', cloud: 'west' },
      ],
    });
    const other = grantOf({
      name: 'other',
      projects: [
        { ...P, from: '2026-02-01T13:00Z' },
        { ...P, id: 'p2', cloud: 'east' },
      ],
    });
    expect(planOf(stateOf(), editOf(one, other), BY).versions).toHaveLength(2);
    expect(planOf(stateOf(), editOf(other, one), BY).versions).toHaveLength(2);
  });

  it('tells clouds of a project apart, in words too', () => {
    const inCloud = (cloud: string) => grantOf({ projects: [{ ...P, cloud }] });
    expect(words(stateOf(inCloud('west')), editOf(inCloud('east')))).toEqual([
      'grant climate: project p1 at site-a (cloud west): removed',
      'grant climate: project p1 at site-a (cloud east): added',
    ]);
  });

  it('takes projects with the same id at two sites for two projects', () => {
    const there = grantOf({ name: 'other', projects: [{ ...P, site: 'site-b' }] });
    expect(planOf(stateOf(grantOf({ projects: [P] })), editOf(there), BY).versions).toHaveLength(1);
  });

  it('frees the projects of a grant that it removes, and removes no account that a grant names', () => {
    const state = stateOf(grantOf({ account: 'university', projects: [P] }));
    const next = grantOf({ name: 'next', projects: [P] });
    const grants = new Map([['climate', null], ...(editOf(next).grants ?? [])]);
    expect(words(state, { grants })).toHaveLength(3);
    expect(words(state, { accounts: new Map([['university', null]]) })).toEqual([
      "grant 'climate': account: names account 'university', which you remove: change or remove grant 'climate' first",
    ]);
  });

  it('removes no account that a mark names, and says what to do', () => {
    const mark = markDocument.parse({
      name: 'trial',
      reason: 'test',
      account: 'university',
      from: '2026-01-01',
    });
    const marks = new Map([['trial', { document: mark, version: 1, changedMs: 0, author: 'ada' }]]);
    expect(words({ ...stateOf(), marks }, { accounts: new Map([['university', null]]) })).toEqual([
      "mark 'trial': account: names account 'university', which you remove: change or remove mark 'trial' first",
    ]);
  });

  it('knows every contact of an account, also one that comes with it', () => {
    const account = accountDocument.parse({ name: 'institute', contacts: ['p-19'] });
    const accounts = new Map([['institute', account]]);
    expect(words(stateOf(), { accounts })).toEqual([
      "account 'institute': contacts[1]: there is no person 'p-19'; did you mean 'p-17'?",
    ]);
    expect(words(stateOf(), { accounts, people: [{ id: 'p-19' }] })).toHaveLength(3);
  });

  it('keeps an erased person without name and mail, and keeps the id in grants', () => {
    const grant = grantOf({ people: [{ person: 'p-18', role: 'lead' }] });
    const named = { people: [{ id: 'p-18', name: 'Bo' }] };
    expect(words(stateOf(grant), named)).toEqual([
      "person 'p-18' was erased on 2026-04-02, and stays without name and mail: remove both, or give a new person a new id",
    ]);
    expect(words(stateOf(grant), { people: [{ id: 'p-18', mail: 'a@b' }] })).toEqual(
      words(stateOf(grant), named),
    );
    expect(words(stateOf(grant), { ...editOf(grant), people: [{ id: 'p-18' }] })).toEqual([]);
    expect(planOf(stateOf(), { people: [{ id: 'p-17', name: 'Ada' }] }, BY).people).toEqual([]);
    expect(fileOf(stateOf(grant)).person).toEqual([{ id: 'p-17', name: 'Ada' }]);
  });
});

describe('the edit of a file', () => {
  const present = grantOf({ title: 'Old', people: [{ person: 'p-17', role: 'lead' }], projects: [P] });
  const other = grantOf({ name: 'other' });
  const file = { person: [], account: [], grant: [grantOf({ projects: [P] })], price_book: [], mark: [] };

  it('changes what the file names, and leaves the rest', () => {
    expect(words(stateOf(present, other), editOfFile(file, stateOf(present, other), {}))).toEqual([
      'grant climate: title "Old" → none',
      'grant climate: person p-17: lead → none',
    ]);
  });

  it('removes what the file does not name only if asked to, and keeps parts that the file cannot say', () => {
    const options = { removeMissing: true, keep: ['title', 'people'] as const };
    expect(words(stateOf(present, other), editOfFile(file, stateOf(present, other), options))).toEqual([
      'account university: removed',
      'grant other: removed',
    ]);
  });
});

describe('a file whose allowances of a grant are top-ups and cuts', () => {
  const LATER = { ...INITIAL, kind: 'top-up', amount: 500, at: '2026-03-01', reason: 'call 8' };
  const present = grantOf({ title: 'Old', projects: [P], allowances: [INITIAL, LATER] });
  const fileOfAllowances = (name: string, ...allowances: object[]) => ({
    person: [],
    account: [],
    price_book: [],
    mark: [],
    grant: [grantOf({ name, allowances })],
  });
  const keep = grantParts.filter((part) => part !== 'allowances');
  const lines = (name: string, ...allowances: object[]) => {
    try {
      return words(
        stateOf(present),
        editOfFile(fileOfAllowances(name, ...allowances), stateOf(present), { keep }),
      );
    } catch (error) {
      return [(error as Error).message];
    }
  };

  it.each<[object[], string[]]>([
    [[{ ...LATER, at: '2026-04-01' }], ['top-up of 500 vCPU-hours from 2026-04-01 ("call 8")']],
    [
      [{ ...LATER, reason: 'call 9', at: undefined }],
      ['top-up of 500 vCPU-hours from 2026-06-01T12:30Z ("call 9")'],
    ],
    [[{ ...LATER, kind: 'cut' }], ['cut of 500 vCPU-hours from 2026-03-01 ("call 8")']],
    [[{ ...LATER, resource: 'gpu' }], ['top-up of 500 GPU-hours from 2026-03-01 ("call 8")']],
    [[LATER, LATER], ['top-up of 500 vCPU-hours from 2026-03-01 ("call 8")']],
    [[{ ...LATER, at: undefined }, LATER], ['top-up of 500 vCPU-hours from 2026-06-01T12:30Z ("call 8")']],
    [[LATER, { ...LATER, amount: 600 }], ['top-up of 600 vCPU-hours from 2026-03-01 ("call 8")']],
  ])('adds those that the grant does not have: %j', (allowances, added) => {
    expect(lines('climate', ...allowances)).toEqual(added.map((line) => `grant climate: ${line}`));
  });

  it.each([[[LATER]], [[{ ...LATER, at: undefined }]], [[]]])(
    'changes nothing by those that it has: %j',
    (allowances) => {
      expect(lines('climate', ...allowances)).toEqual([]);
    },
  );

  it.each<[string, object[], string]>([
    [
      'climate',
      [{ ...LATER, amount: 600 }],
      'grant \'climate\': the top-up of 600 vCPU-hours from 2026-03-01 ("call 8") differs from the top-up of 500 vCPU-hours from 2026-03-01 ("call 8") by its amount only; allowances stay: give a new one a reason or an at of its own',
    ],
    [
      'climate',
      [{ ...INITIAL, reason: 'call 9' }],
      'grant \'climate\': allowances[1] was the initial of 1,000 vCPU-hours from 2026-01-01 ("call 7"), and is another one; allowances stay: put it back, and add a cut or a top-up after it',
    ],
    ['climat', [LATER], "there is no grant 'climat' to add allowances to; did you mean 'climate'?"],
    ['other', [LATER], "there is no grant 'other' to add allowances to; add its projects to the file"],
  ])('is refused if it is not clear what it adds: %s %j', (name, allowances, message) => {
    expect(lines(name, ...allowances)).toEqual([message]);
  });
});
