import { createHash } from 'node:crypto';
import { z } from 'zod';
import { textPieces } from '../../runtime/text-pieces.ts';
import type { Amounts, Usage } from '../metering/amounts.ts';
import type { Launch, MeterState, RememberedServer } from '../metering/meter-state.ts';
import type { SampledState } from '../metering/sampled.ts';

/** What the state file holds: the meter's state, the last known names of projects that have usage, and sampled totals. */
export interface ExporterState {
  meter: MeterState;
  /** Whether the totals are of all projects of the cloud. */
  allProjects: boolean;
  names: ReadonlyMap<string, ProjectNames>;
  /** By the resource that is asked for with `--resources`. */
  sampled: ReadonlyMap<string, SampledState>;
  /** How many GPUs a flavor has, by its name; also of flavors that are gone. */
  flavorGpus: ReadonlyMap<string, number>;
}

export interface ProjectNames {
  name: string;
  domainId: string;
  domainName: string;
  /** Usage is folded up to here since Keystone lists it no more and it used something last; undefined where it is listed. */
  goneSinceMs?: number;
}

const FORMAT = 'stackmeter exporter state';
/** From 2 on a state ends with a checksum. */
const VERSION = 2;

const count = z.int().nonnegative();
const amountsSchema = z.strictObject({
  vcpu: count,
  mb: count,
  disk_gb: count,
  instance: count,
  gpu: z.number().nonnegative().exactOptional(),
  unread_flavor: z.string().exactOptional(),
});
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

const launchSchema = z.strictObject({ at_ms: z.int(), amounts: amountsSchema });

const serverSchema = z.strictObject({
  project: z.string(),
  launches: z.tuple([launchSchema], launchSchema),
  /** Left out where it is `until`. */
  counted_until_ms: z.int().optional(),
  announced: launchSchema.optional(),
  absent_since_ms: z.int().optional(),
});

const stateSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.int().min(1),
  epoch: z.string().min(1),
  start: instant,
  until: instant,
  all_projects: z.boolean().default(false),
  /** Amount × milliseconds by project id. */
  totals: z.record(z.string(), usageSchema),
  names: z.record(z.string(), namesSchema),
  sampled: z.record(z.string(), sampledSchema).default({}),
  flavor_gpus: z.record(z.string(), z.number().nonnegative()).default({}),
  /** Milliseconds by project id by flavor. */
  unread_flavors: z.record(z.string(), z.record(z.string(), total)).default({}),
  servers: z.record(z.string(), serverSchema),
  /** Of all that stands before it, in hexadecimal. */
  sha256: z.string().exactOptional(),
});

/** The state as JSON, in pieces that are short beside it, and at its end the checksum of what stands before. */
export function* formatState(state: ExporterState): Generator<string> {
  const hash = createHash('sha256');
  for (const piece of textPieces(formatContent(state))) {
    hash.update(piece);
    yield piece;
  }
  yield `,"sha256":"${hash.digest('hex')}"}\n`;
}

/** In its many parts: instants readable, totals as text because they outgrow JSON's numbers. */
function* formatContent(state: ExporterState): Generator<string> {
  const { meter, allProjects, names, sampled, flavorGpus } = state;
  const head = {
    format: FORMAT,
    version: VERSION,
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
  yield* formatMembers('servers', meter.servers, (server) => formatServer(server, meter.untilMs));
}

/** A member of the state, behind others, that has a member of its own, as JSON, for each of a map. */
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

/** Reads what `formatState` wrote. Throws an error that says what is wrong with anything else. */
export function parseState(text: string): ExporterState {
  const json: unknown = JSON.parse(text);
  const version = (json as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version > VERSION)
    throw new Error(`it is of version ${version}, written by a newer stackmeter`);
  const parsed = stateSchema.safeParse(json);
  if (!parsed.success) throw new Error(firstIssue(parsed.error));
  requireWhole(text, parsed.data);
  const { epoch, start: startMs, until: untilMs, totals, names, servers, sampled } = parsed.data;
  const { all_projects: allProjects, flavor_gpus: flavorGpus, unread_flavors: unread } = parsed.data;
  const unreadFlavors = Object.entries(unread).map(([flavor, owed]) => [flavor, parseTotals(owed)] as const);
  return {
    meter: {
      epoch,
      startMs,
      untilMs,
      totals: new Map(Object.entries(totals)),
      servers: new Map(Object.entries(servers).map(([id, server]) => [id, parseServer(server, untilMs)])),
      ...(unreadFlavors.length === 0 ? {} : { unreadFlavors: new Map(unreadFlavors) }),
    },
    allProjects,
    names: new Map(Object.entries(names).map(([id, found]) => [id, parseNames(found)])),
    sampled: new Map(Object.entries(sampled).map(([id, found]) => [id, parseSampled(found)])),
    flavorGpus: new Map(Object.entries(flavorGpus)),
  };
}

/** A digit that a disk or a person has changed is a total that nobody used. States of version 1 have no checksum. */
function requireWhole(text: string, { version, sha256 }: z.output<typeof stateSchema>): void {
  if (version === 1 && sha256 === undefined) return;
  const content = text.slice(0, text.lastIndexOf(',"sha256":"'));
  if (createHash('sha256').update(content).digest('hex') !== sha256)
    throw new Error('it is damaged or was edited: its checksum does not match');
}

// Of most of these there are tens of thousands, at every refresh: their JSON is put together as text, for speed.

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

function formatServer(server: RememberedServer, untilMs: number): string {
  const { projectId, launches, countedUntilMs, announced, absentSinceMs } = server;
  const counted = countedUntilMs === untilMs ? '' : `,"counted_until_ms":${countedUntilMs}`;
  const next = announced === undefined ? '' : `,"announced":${formatLaunch(announced)}`;
  const absent = absentSinceMs === undefined ? '' : `,"absent_since_ms":${absentSinceMs}`;
  const all = launches.map(formatLaunch).join(',');
  return `{"project":${quote(projectId)},"launches":[${all}]${counted}${next}${absent}}`;
}

function parseServer(server: z.output<typeof serverSchema>, untilMs: number): RememberedServer {
  const { project: projectId, launches, announced } = server;
  const [first, ...rest] = launches;
  return {
    projectId,
    launches: [parseLaunch(first), ...rest.map(parseLaunch)],
    countedUntilMs: server.counted_until_ms ?? untilMs,
    ...(announced === undefined ? {} : { announced: parseLaunch(announced) }),
    ...(server.absent_since_ms === undefined ? {} : { absentSinceMs: server.absent_since_ms }),
  };
}

function formatLaunch({ atMs, amounts }: Launch): string {
  return `{"at_ms":${atMs},"amounts":${formatAmounts(amounts)}}`;
}

function parseLaunch({ at_ms: atMs, amounts }: z.output<typeof launchSchema>): Launch {
  return { atMs, amounts: parseAmounts(amounts) };
}

function formatAmounts({ vcpu, mb, disk_gb, instance, gpu, unreadFlavor }: Amounts): string {
  const gpus = gpu === undefined ? '' : `,"gpu":${gpu}`;
  const unread = unreadFlavor === undefined ? '' : `,"unread_flavor":${quote(unreadFlavor)}`;
  return `{"vcpu":${vcpu},"mb":${mb},"disk_gb":${disk_gb},"instance":${instance}${gpus}${unread}}`;
}

function parseAmounts({ unread_flavor: unreadFlavor, ...amounts }: z.output<typeof amountsSchema>): Amounts {
  return unreadFlavor === undefined ? amounts : { ...amounts, unreadFlavor };
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? 'it is not a state' : `${issue.path.join('.')}: ${issue.message}`;
}
