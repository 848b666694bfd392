/** Differences of documents in words, for a dry run, for answers and for the history. */
import { unitOfResource } from '../../../prometheus/usage-metrics.ts';
import { instantOf } from '../fields.ts';
import { changed, quoted, timeOr, timeWords } from '../wording.ts';
import type {
  AccountDocument,
  AllowanceDocument,
  GrantDocument,
  PersonDocument,
  ProjectDocument,
} from './documents.ts';

/** `top-up of 1,000 vCPU-hours from 2026-07-01 ("call 7")` */
export function allowanceWords({
  kind,
  amount,
  resource,
  price_book,
  at,
  reason,
}: AllowanceDocument): string {
  const [whole = '', ...fraction] = amount.split('.');
  const shown = [whole.replaceAll(/\B(?=(\d{3})+$)/g, ','), ...fraction].join('.');
  const unit = unitOfResource(resource);
  const what =
    price_book !== undefined
      ? `by price book ${price_book}`
      : unit === 'hours'
        ? `${resource}-hours`
        : unit === 'GiB-hours'
          ? `${unit} of ${resource}`
          : unit;
  return `${kind} of ${shown} ${what}${at === undefined ? '' : ` from ${timeWords(instantOf(at))}`} (${quoted(reason)})`;
}

const NO_GRANT: Omit<GrantDocument, 'name'> = { projects: [], people: [], labels: {}, allowances: [] };

/** What `after` changes, one line for each thing. Null means that the grant is removed. No line means no change. */
export function grantDifference(
  name: string,
  before: GrantDocument | undefined,
  after: GrantDocument | null,
): string[] {
  const subject = `grant ${name}`;
  if (after === null) return before === undefined ? [] : [`${subject}: removed`];
  const old = before ?? { name, ...NO_GRANT };
  return [
    ...(before === undefined ? [`${subject}: new`] : []),
    ...[
      ...changed('title', quoted(old.title), quoted(after.title)),
      ...changed('account', quoted(old.account), quoted(after.account)),
      ...changed('from', timeOr(old.from, 'open'), timeOr(after.from, 'open')),
      ...changed('to', timeOr(old.to, 'open'), timeOr(after.to, 'open')),
      ...projectsDifference(old.projects, after.projects),
      ...peopleDifference(old.people, after.people),
      ...labelsDifference(old.labels, after.labels),
      ...after.allowances.slice(old.allowances.length).map(allowanceWords),
    ].map((line) => `${subject}: ${line}`),
  ];
}

/** A project whose one window changes is one line; otherwise windows come and go. */
function projectsDifference(before: readonly ProjectDocument[], after: readonly ProjectDocument[]): string[] {
  const [old, now] = [grouped(before), grouped(after)];
  return [...new Map([...old, ...now])].flatMap(([key, { label }]) => {
    const [olds, nows] = [old.get(key)?.windows ?? [], now.get(key)?.windows ?? []];
    const gone = olds.filter((one) => !nows.some((other) => windowWords(one) === windowWords(other)));
    const come = nows.filter((one) => !olds.some((other) => windowWords(one) === windowWords(other)));
    const [from, to] = [gone[0], come[0]];
    if (from !== undefined && to !== undefined && gone.length === 1 && come.length === 1)
      return [
        ...changed(`${label}: from`, timeOr(from.from, 'open'), timeOr(to.from, 'open')),
        ...changed(`${label}: to`, timeOr(from.to, 'open'), timeOr(to.to, 'open')),
      ];
    return [
      ...gone.map((one) => `${label}: removed${windowWords(one)}`),
      ...come.map((one) => `${label}: added${windowWords(one)}`),
    ];
  });
}

interface ProjectWindows {
  label: string;
  windows: ProjectDocument[];
}

function grouped(projects: readonly ProjectDocument[]): Map<string, ProjectWindows> {
  const groups = new Map<string, ProjectWindows>();
  for (const project of projects) {
    const { site, id, cloud } = project;
    const key = JSON.stringify([site, id, cloud]);
    const label = `project ${id} at ${site}${cloud === undefined ? '' : ` (cloud ${cloud})`}`;
    const group = groups.get(key) ?? { label, windows: [] };
    group.windows.push(project);
    groups.set(key, group);
  }
  return groups;
}

function windowWords({ from, to }: ProjectDocument): string {
  const words = [
    ...(from === undefined ? [] : [` from ${timeOr(from, '')}`]),
    ...(to === undefined ? [] : [` until ${timeOr(to, '')}`]),
  ];
  return words.join('');
}

type Members = GrantDocument['people'];

function peopleDifference(before: Members, after: Members): string[] {
  const [old, now] = [roles(before), roles(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((person) =>
    changed(`person ${person}:`, old.get(person) ?? 'none', now.get(person) ?? 'none'),
  );
}

function roles(people: Members): Map<string, string> {
  return new Map(people.map(({ person, role }) => [person, role]));
}

function labelsDifference(before: GrantDocument['labels'], after: GrantDocument['labels']): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) =>
    changed(`label ${key}:`, quoted(valueOf(before, key)), quoted(valueOf(after, key))),
  );
}

/** A label may have a name that every object has, such as `constructor`. */
function valueOf(labels: GrantDocument['labels'], key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

export function accountDifference(
  name: string,
  before: AccountDocument | undefined,
  after: AccountDocument | null,
): string[] {
  const subject = `account ${name}`;
  if (after === null) return before === undefined ? [] : [`${subject}: removed`];
  const contacts = (account: AccountDocument | undefined) =>
    account?.contacts.map(quoted).join(', ') || 'none';
  return [
    ...(before === undefined ? [`${subject}: new`] : []),
    ...[
      ...changed('institution', quoted(before?.institution), quoted(after.institution)),
      ...changed('cost centre', quoted(before?.cost_centre), quoted(after.cost_centre)),
      ...changed('time zone', before?.time_zone ?? 'UTC', after.time_zone),
      ...changed('contacts', contacts(before), contacts(after)),
      ...changed('price books', billingWords(before), billingWords(after)),
    ].map((line) => `${subject}: ${line}`),
  ];
}

/** `EUR from 2026-01-01, credits from 2027-01-01` */
function billingWords(account: AccountDocument | undefined): string {
  const books = account?.price_books ?? [];
  return books.map(({ book, from }) => `${book} from ${timeOr(from, '')}`).join(', ') || 'none';
}

export function personDifference(before: PersonDocument | undefined, after: PersonDocument): string[] {
  return [
    ...(before === undefined ? [`person ${after.id}: new`] : []),
    ...changed(`person ${after.id}: name`, quoted(before?.name), quoted(after.name)),
    ...changed(`person ${after.id}: mail`, quoted(before?.mail), quoted(after.mail)),
  ];
}
