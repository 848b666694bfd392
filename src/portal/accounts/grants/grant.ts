import type { GrantProject } from '../../ledger/ledger.ts';
import type { GrantDocument, ProjectDocument } from './documents.ts';
import { instantOf } from '../fields.ts';
import type { StoredGrant, StoredPerson, StoredState, DocumentVersion } from './stored.ts';

type AllowanceKind = 'initial' | 'top-up' | 'cut';

/** An amendment of a grant's right to use a resource. */
export interface Allowance {
  /** `charge` for an amount in the unit of a price book. */
  resource: string;
  priceBook?: string | undefined;
  /** Positive decimal text, amount × hours. A cut takes it away. */
  amount: string;
  kind: AllowanceKind;
  /** From when it counts, Unix milliseconds. */
  atMs: number;
  reason: string;
  author: string;
  writtenMs: number;
}

interface GrantPerson {
  person: string;
  role: 'lead' | 'member';
  /** Undefined if it is not known, or the person was erased. */
  name?: string | undefined;
  mail?: string | undefined;
}

/** The part of a grant that a site sees: its projects are those at the site. */
export interface SiteGrant {
  name: string;
  title: string | undefined;
  fromMs: number | undefined;
  /** Exclusive. */
  toMs: number | undefined;
  /** The windows are cut to the period of the grant. */
  projects: readonly GrantProject[];
}

/** A grant as it is now, as a whole. */
export interface PresentGrant extends SiteGrant {
  account: string | undefined;
  /** The institution of the account, or the account itself if it names none. */
  institution?: string | undefined;
  people: readonly GrantPerson[];
  labels: Readonly<Record<string, string>>;
  allowances: readonly Allowance[];
  /** Grows with each change; 0 for a grant of the configuration file. */
  version: number;
  changedMs: number;
  author: string;
}

/** The grants as they are now, by name. */
export function presentGrants(state: Pick<StoredState, 'grants' | 'accounts' | 'people'>): PresentGrant[] {
  const present = [...state.grants.values()].map((grant) => presentGrant(grant, state));
  return present.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function presentGrant(
  { document, version, changedMs, author }: DocumentVersion<StoredGrant>,
  { accounts, people: known }: Pick<StoredState, 'accounts' | 'people'>,
): PresentGrant {
  const { name, title, account, people, labels, allowances } = document;
  return {
    name,
    title,
    account,
    institution: account === undefined ? undefined : (accounts.get(account)?.document.institution ?? account),
    ...windowOf(document),
    projects: datedProjects(document),
    people: people.map(({ person, role }) => ({ person, role, ...contactOf(known.get(person)) })),
    labels,
    allowances: allowances.map(({ at, written, price_book, ...one }) => ({
      ...one,
      ...(price_book === undefined ? {} : { priceBook: price_book }),
      atMs: instantOf(at),
      writtenMs: instantOf(written),
    })),
    version,
    changedMs,
    author,
  };
}

function contactOf(person: StoredPerson | undefined): Pick<GrantPerson, 'name' | 'mail'> {
  return { name: person?.name, mail: person?.mail };
}

interface Window {
  fromMs: number | undefined;
  toMs: number | undefined;
}

function windowOf({ from, to }: { from?: string | undefined; to?: string | undefined }): Window {
  return {
    fromMs: from === undefined ? undefined : instantOf(from),
    toMs: to === undefined ? undefined : instantOf(to),
  };
}

/** The projects of a grant with their windows. A project that is outside the grant's period has none. */
export function datedProjects(grant: Pick<GrantDocument, 'projects' | 'from' | 'to'>): GrantProject[] {
  const period = windowOf(grant);
  return grant.projects.flatMap((project) => {
    const { fromMs, toMs } = overlapOf(windowOf(project), period);
    if (fromMs !== undefined && toMs !== undefined && toMs <= fromMs) return [];
    return [
      {
        ...identityOf(project),
        ...(fromMs === undefined ? {} : { fromMs }),
        ...(toMs === undefined ? {} : { toMs }),
      },
    ];
  });
}

function identityOf({ site, id, cloud }: ProjectDocument): GrantProject {
  return { site, projectId: id, ...(cloud === undefined ? {} : { cloud }) };
}

function overlapOf(one: Window, other: Window): Window {
  const froms = [one.fromMs, other.fromMs].filter((ms) => ms !== undefined);
  const tos = [one.toMs, other.toMs].filter((ms) => ms !== undefined);
  return {
    fromMs: froms.length === 0 ? undefined : Math.max(...froms),
    toMs: tos.length === 0 ? undefined : Math.min(...tos),
  };
}
