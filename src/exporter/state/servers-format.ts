import { z } from 'zod';
import type { Amounts } from '../metering/amounts.ts';
import type { Flavor } from '../metering/flavor.ts';
import type { Launch, RememberedServer } from '../metering/meter-state.ts';
import { flavorAt, type FlavorTable } from './hours-format.ts';

const count = z.int().nonnegative();
const amountsSchema = z.strictObject({
  vcpu: count,
  mb: count,
  disk_gb: count,
  instance: count,
  gpu: z.number().nonnegative().exactOptional(),
  unread_flavor: z.string().exactOptional(),
  /** Its place among the flavors of the state. */
  flavor: count.exactOptional(),
});
const launchSchema = z.strictObject({ at_ms: z.int(), amounts: amountsSchema });

export const serverSchema = z.strictObject({
  project: z.string(),
  launches: z.tuple([launchSchema], launchSchema),
  /** Left out where it is `until`. */
  counted_until_ms: z.int().optional(),
  announced: launchSchema.optional(),
  absent_since_ms: z.int().optional(),
  state: z.string().min(1).optional(),
});

// Of most of these there are tens of thousands, at every refresh: their JSON is put together as text, for speed.

export function formatServer(server: RememberedServer, untilMs: number, flavors: FlavorTable): string {
  const { projectId, launches, countedUntilMs, announced, absentSinceMs, state } = server;
  const counted = countedUntilMs === untilMs ? '' : `,"counted_until_ms":${countedUntilMs}`;
  const next = announced === undefined ? '' : `,"announced":${formatLaunch(announced, flavors)}`;
  const absent = absentSinceMs === undefined ? '' : `,"absent_since_ms":${absentSinceMs}`;
  const last = state === undefined ? '' : `,"state":${quote(state)}`;
  const all = launches.map((launch) => formatLaunch(launch, flavors)).join(',');
  return `{"project":${quote(projectId)},"launches":[${all}]${counted}${next}${absent}${last}}`;
}

export function parseServer(
  server: z.output<typeof serverSchema>,
  untilMs: number,
  flavors: readonly Flavor[],
): RememberedServer {
  const { project: projectId, launches, announced } = server;
  const [first, ...rest] = launches;
  return {
    projectId,
    launches: [parseLaunch(first, flavors), ...rest.map((launch) => parseLaunch(launch, flavors))],
    countedUntilMs: server.counted_until_ms ?? untilMs,
    ...(announced === undefined ? {} : { announced: parseLaunch(announced, flavors) }),
    ...(server.absent_since_ms === undefined ? {} : { absentSinceMs: server.absent_since_ms }),
    ...(server.state === undefined ? {} : { state: server.state }),
  };
}

function formatLaunch({ atMs, amounts }: Launch, flavors: FlavorTable): string {
  return `{"at_ms":${atMs},"amounts":${formatAmounts(amounts, flavors)}}`;
}

function parseLaunch(
  { at_ms: atMs, amounts }: z.output<typeof launchSchema>,
  flavors: readonly Flavor[],
): Launch {
  return { atMs, amounts: parseAmounts(amounts, flavors) };
}

function formatAmounts(amounts: Amounts, flavors: FlavorTable): string {
  const { vcpu, mb, disk_gb, instance, gpu, unreadFlavor, flavor } = amounts;
  const gpus = gpu === undefined ? '' : `,"gpu":${gpu}`;
  const unread = unreadFlavor === undefined ? '' : `,"unread_flavor":${quote(unreadFlavor)}`;
  const place = flavor === undefined ? '' : `,"flavor":${flavors.placeOf(flavor)}`;
  return `{"vcpu":${vcpu},"mb":${mb},"disk_gb":${disk_gb},"instance":${instance}${gpus}${unread}${place}}`;
}

function parseAmounts(
  { unread_flavor: unreadFlavor, flavor, ...amounts }: z.output<typeof amountsSchema>,
  flavors: readonly Flavor[],
): Amounts {
  return {
    ...amounts,
    ...(unreadFlavor === undefined ? {} : { unreadFlavor }),
    ...(flavor === undefined ? {} : { flavor: flavorAt(flavor, flavors) }),
  };
}

function quote(text: string): string {
  return JSON.stringify(text);
}
