import { createHash } from 'node:crypto';
import { z } from 'zod';
import { textPieces } from '../../runtime/text-pieces.ts';
import type { Usage } from '../metering/amounts.ts';
import type { MeterState } from '../metering/meter-state.ts';
import type { SampledState } from '../metering/sampled.ts';
import type { ServerHours } from '../metering/server-hours.ts';
import { flavorSchema, FlavorTable, formatStateTotals, hoursSchema, parseHours } from './hours-format.ts';
import { parseServer, serverFormat, serverSchema } from './servers-format.ts';

/** The content of the state file: the meter's state, the last known names of projects with usage, and sampled totals. */
export interface ExporterState {
  meter: MeterState;
  /** True if the totals are of all projects of the cloud. */
  allProjects: boolean;
  names: ReadonlyMap<string, ProjectNames>;
  /** Sampled totals, by the resource in `--resources`. */
  sampled: ReadonlyMap<string, SampledState>;
  /** The GPUs of a flavor, by its name. Deleted flavors are included. */
  flavorGpus: ReadonlyMap<string, number>;
}

export interface ProjectNames {
  name: string;
  domainId: string;
  domainName: string;
  /**
   * Folded-until time since which Keystone does not list the project and it uses nothing; undefined for a listed
   * project.
   */
  goneSinceMs?: number;
}

const FORMAT = 'stackmeter exporter state';
/** States end with a checksum from version 2 on. Only a state with server hours is of version 3. */
export const VERSION = 3;
const VERSION_WITHOUT_HOURS = 2;

const total = z
  .string()
  .regex(/^\d{1,40}$/)
  .transform(BigInt);
const usageSchema = z.strictObject({
  vcpu: total,
  mb: total,
  disk_gb: total,
  instance: total,
  gpu: total.exactOptional(),
});
const sampledSchema = z.strictObject({
  until: z.iso.datetime().transform((text) => Date.parse(text)),
  totals: z.record(z.string(), z.record(z.string(), total)),
});
const instant = z.iso.datetime().transform((text) => Date.parse(text));

const namesSchema = z.strictObject({
  name: z.string(),
  domain_id: z.string(),
  domain_name: z.string(),
  gone_since_ms: z.int().optional(),
});

const stateSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.int().min(1),
  epoch: z.string().min(1),
  start: instant,
  until: instant,
  all_projects: z.boolean().default(false),
  /** Amount × milliseconds, by project id. */
  totals: z.record(z.string(), usageSchema),
  names: z.record(z.string(), namesSchema),
  sampled: z.record(z.string(), sampledSchema).default({}),
  flavor_gpus: z.record(z.string(), z.number().nonnegative()).default({}),
  /** Milliseconds, by flavor and by project id. */
  unread_flavors: z.record(z.string(), z.record(z.string(), total)).default({}),
  flavors: z.array(flavorSchema).default([]),
  server_hours: hoursSchema.optional(),
  servers: z.record(z.string(), serverSchema),
  /** Checksum of all text before it, in hexadecimal. */
  sha256: z.string().exactOptional(),
});

/** The state as JSON in short pieces of UTF-8. The checksum of the text before it is at the end. */
export function* formatState(state: ExporterState): Generator<Buffer> {
  const hash = createHash('sha256');
  for (const text of textPieces(formatContent(state))) {
    const piece = Buffer.from(text);
    hash.update(piece);
    yield piece;
  }
  yield Buffer.from(`,"sha256":"${hash.digest('hex')}"}\n`);
}

/** The parts of the state. Instants are readable, and totals are text, because they are too large for JSON's numbers. */
function* formatContent(state: ExporterState): Generator<string> {
  const { meter, allProjects, names, sampled, flavorGpus } = state;
  const head = {
    format: FORMAT,
    version: meter.hours === undefined ? VERSION_WITHOUT_HOURS : VERSION,
    epoch: meter.epoch,
    start: new Date(meter.startMs).toISOString(),
    until: new Date(meter.untilMs).toISOString(),
    all_projects: allProjects,
    ...(flavorGpus.size === 0 ? {} : { flavor_gpus: Object.fromEntries(flavorGpus) }),
  };
  yield JSON.stringify(head).slice(0, -1);
  yield* formatMembers('totals', meter.totals, formatUsage);
  yield* formatMembers('names', names, formatNames);
  if (sampled.size > 0) yield* formatMembers('sampled', sampled, formatSampled);
  if (meter.unreadFlavors !== undefined)
    yield* formatMembers('unread_flavors', meter.unreadFlavors, formatTotals);
  const flavors = FlavorTable.of(meter);
  if (meter.hours !== undefined) yield* formatHours(meter.hours, flavors);
  yield* formatMembers('servers', meter.servers, serverFormat(flavors));
}

function* formatHours({ sinceMs, totals }: ServerHours, flavors: FlavorTable): Generator<string> {
  yield `,"flavors":${flavors.format()},"server_hours":{"since":"${new Date(sinceMs).toISOString()}"`;
  yield* formatMembers('totals', totals, (ofProject) => formatStateTotals(ofProject, flavors));
  yield '}';
}

/** A further member of the state: an object with one member, already in JSON, for each entry of a map. */
function* formatMembers<V>(
  name: string,
  map: ReadonlyMap<string, V>,
  format: (value: V) => string,
): Generator<string> {
  yield `,"${name}":{`;
  let separator = '';
  for (const [key, value] of map) {
    yield `${separator}${quote(key)}:${format(value)}`;
    separator = ',';
  }
  yield '}';
}

/** A newer stackmeter wrote the state. */
export class NewerStateError extends Error {
  constructor(version: number) {
    super(`its version is ${version}, this program knows ${VERSION}`);
  }
}

/** Reads the text that `formatState` wrote. Throws `NewerStateError`, or an error with the reason for any other text. */
export function parseState(text: string): ExporterState {
  const json: unknown = JSON.parse(text);
  const version = (json as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version > VERSION) throw new NewerStateError(version);
  const parsed = stateSchema.safeParse(json);
  if (!parsed.success) throw new Error(firstIssue(parsed.error));
  requireWhole(text, parsed.data);
  const { epoch, start: startMs, until: untilMs, totals, names, servers, sampled } = parsed.data;
  const { all_projects: allProjects, flavor_gpus: flavorGpus, unread_flavors: unread } = parsed.data;
  const { flavors, server_hours: hours } = parsed.data;
  const unreadFlavors = Object.entries(unread).map(([flavor, owed]) => [flavor, parseTotals(owed)] as const);
  return {
    meter: {
      epoch,
      startMs,
      untilMs,
      totals: new Map(Object.entries(totals)),
      servers: new Map(Object.entries(servers).map(([id, server]) => [id, parseServer(server, flavors)])),
      ...(unreadFlavors.length === 0 ? {} : { unreadFlavors: new Map(unreadFlavors) }),
      ...(hours === undefined ? {} : { hours: parseHours(hours, flavors) }),
    },
    allProjects,
    names: new Map(Object.entries(names).map(([id, found]) => [id, parseNames(found)])),
    sampled: new Map(Object.entries(sampled).map(([id, found]) => [id, parseSampled(found)])),
    flavorGpus: new Map(Object.entries(flavorGpus)),
  };
}

/** Throws for a wrong checksum: a changed digit would be usage that nobody had. States of version 1 have no checksum. */
function requireWhole(text: string, { version, sha256 }: z.output<typeof stateSchema>): void {
  if (version === 1 && sha256 === undefined) return;
  const content = text.slice(0, text.lastIndexOf(',"sha256":"'));
  if (createHash('sha256').update(content).digest('hex') !== sha256)
    throw new Error('it is damaged or was edited: its checksum does not match');
}

// Every refresh writes tens of thousands of these. Their JSON is built as text, for speed.

function formatUsage({ vcpu, mb, disk_gb, instance, gpu }: Usage): string {
  const gpus = gpu === undefined ? '' : `,"gpu":"${gpu}"`;
  return `{"vcpu":"${vcpu}","mb":"${mb}","disk_gb":"${disk_gb}","instance":"${instance}"${gpus}}`;
}

function formatSampled({ untilMs, totals }: SampledState): string {
  const until = new Date(untilMs).toISOString();
  const byResource = [...totals].map(
    ([resource, byProject]) => `${quote(resource)}:${formatTotals(byProject)}`,
  );
  return `{"until":"${until}","totals":{${byResource.join(',')}}}`;
}

function parseSampled({ until: untilMs, totals }: z.output<typeof sampledSchema>): SampledState {
  const maps = Object.entries(totals).map(([resource, byProject]) => {
    return [resource, parseTotals(byProject)] as const;
  });
  return { untilMs, totals: new Map(maps) };
}

function formatTotals(byProject: ReadonlyMap<string, bigint>): string {
  const members = Array.from(byProject, ([projectId, owed]) => `${quote(projectId)}:"${owed}"`);
  return `{${members.join(',')}}`;
}

function parseTotals(byProject: Readonly<Record<string, bigint>>): Map<string, bigint> {
  return new Map(Object.entries(byProject));
}

function formatNames({ name, domainId, domainName, goneSinceMs }: ProjectNames): string {
  const gone = goneSinceMs === undefined ? '' : `,"gone_since_ms":${goneSinceMs}`;
  return `{"name":${quote(name)},"domain_id":${quote(domainId)},"domain_name":${quote(domainName)}${gone}}`;
}

function parseNames(found: z.output<typeof namesSchema>): ProjectNames {
  const { name, domain_id: domainId, domain_name: domainName, gone_since_ms: goneSinceMs } = found;
  return { name, domainId, domainName, ...(goneSinceMs === undefined ? {} : { goneSinceMs }) };
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? 'it is not a state' : `${issue.path.join('.')}: ${issue.message}`;
}
