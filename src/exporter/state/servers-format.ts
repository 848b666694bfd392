import { z } from 'zod';
import { sameAmounts, type Amounts } from '../metering/amounts.ts';
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

export type ServerFormat = (server: RememberedServer) => string;

export function serverFormat(flavors: FlavorTable): ServerFormat {
  const amountsText = amountsFormat(flavors);
  return (server) => formatServer(server, amountsText);
}

function formatServer(server: RememberedServer, amountsText: AmountsFormat): string {
  const { projectId, launches, countedUntilMs, announced, absentSinceMs, state } = server;
  const counted = countedUntilMs === undefined ? '' : `,"counted_until_ms":${countedUntilMs}`;
  const next = announced === undefined ? '' : `,"announced":${formatLaunch(announced, amountsText)}`;
  const absent = absentSinceMs === undefined ? '' : `,"absent_since_ms":${absentSinceMs}`;
  const last = state === undefined ? '' : `,"state":${quote(state)}`;
  const [first, ...later] = launches;
  const all = later.reduce(
    (text, launch) => `${text},${formatLaunch(launch, amountsText)}`,
    formatLaunch(first, amountsText),
  );
  return `{"project":${quote(projectId)},"launches":[${all}]${counted}${next}${absent}${last}}`;
}

export function parseServer(
  server: z.output<typeof serverSchema>,
  flavors: readonly Flavor[],
): RememberedServer {
  const { project: projectId, launches, announced } = server;
  const [first, ...rest] = launches;
  return {
    projectId,
    launches: [parseLaunch(first, flavors), ...rest.map((launch) => parseLaunch(launch, flavors))],
    ...(server.counted_until_ms === undefined ? {} : { countedUntilMs: server.counted_until_ms }),
    ...(announced === undefined ? {} : { announced: parseLaunch(announced, flavors) }),
    ...(server.absent_since_ms === undefined ? {} : { absentSinceMs: server.absent_since_ms }),
    ...(server.state === undefined ? {} : { state: server.state }),
  };
}

function formatLaunch({ atMs, amounts }: Launch, amountsText: AmountsFormat): string {
  return `{"at_ms":${atMs},"amounts":${amountsText(amounts)}}`;
}

function parseLaunch(
  { at_ms: atMs, amounts }: z.output<typeof launchSchema>,
  flavors: readonly Flavor[],
): Launch {
  return { atMs, amounts: parseAmounts(amounts, flavors) };
}

type AmountsFormat = (amounts: Amounts) => string;

/** Remembers the last text for each number of vCPUs: there are many servers and few flavors. */
function amountsFormat(flavors: FlavorTable): AmountsFormat {
  const byVcpus = new Map<number, { amounts: Amounts; text: string }>();
  return (amounts) => {
    const last = byVcpus.get(amounts.vcpu);
    if (last !== undefined && sameAmounts(last.amounts, amounts)) return last.text;
    const text = formatAmounts(amounts, flavors);
    byVcpus.set(amounts.vcpu, { amounts, text });
    return text;
  };
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
