import pLimit from 'p-limit';
import type { FlavorFacts } from '../../prometheus/flavor-facts.ts';
import { LastingFailure } from '../../runtime/lasting-failure.ts';
import type { Logger } from '../../runtime/logger.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';
import { sameSizes, type Amounts } from '../metering/amounts.ts';
import { flavorOf, isComplete, tellsMore, type Flavor } from '../metering/flavor.ts';
import { devicesOfFlavor } from '../metering/gpus.ts';
import { forgottenLaunches } from '../metering/launch-history.ts';
import type { MeterState, RememberedServer, ServerLife } from '../metering/meter-state.ts';
import { firstInForce, needsEvents, type ServerAction } from '../metering/server-actions.ts';
import { UNKNOWN_STATE, type StateChange } from '../metering/server-hours.ts';
import { recordSince, statesOf } from '../metering/server-states.ts';
import { readActionEvents, readInstanceActions } from '../openstack/nova-instance-actions.ts';
import { readServersAs, type NovaServer, type ServersQuery } from '../openstack/nova-servers.ts';
import type { ServerUsage } from '../openstack/nova-usage.ts';
import { NotFound, ServiceForbidden } from '../openstack/session/service-error.ts';
import type { Session } from '../openstack/session/session.ts';
import type { MeteredCloud } from './metered-cloud.ts';

const REQUESTS_AT_ONCE = 4;
/** A refresh stops to ask for actions after so many failures: each may take as long as its timeout. */
const MOST_FAILURES = 5;

const SAYS = {
  failed: 'the history of servers cannot be read: their state counts as unknown since they were last counted',
  recovered: 'the history of servers can be read again',
};

/** A server as Nova's list shows it. */
interface ListedServer {
  state: string;
  isBusy: boolean;
  changedMs: number;
  launchedMs: number | undefined;
  endedMs: number | undefined;
  flavor: Flavor;
}

/** The answers of one refresh. */
interface Reading {
  cloud: Pick<MeteredCloud, 'views'>;
  /** The servers that changed since then. Infinity while there are none. */
  sinceMs: number;
  changed: ReadonlyMap<string, ListedServer>;
  all: ReadonlyMap<string, ListedServer>;
  /** By server id. Undefined if they could not be read. */
  actions: Map<string, readonly ServerAction[] | undefined>;
  failures: number;
  isForbidden: boolean;
}

/** A server whose actions have to be read, and its state when it was last counted. */
interface ChangedServer {
  usage: ServerUsage;
  fromMs: number;
  state: string | undefined;
}

/**
 * The own flavors of servers, and their states since they were last counted. Reads all servers once, for their flavors,
 * and then only the changed servers and the actions on them.
 */
export class ServerHistories {
  readonly #failure: LastingFailure;
  readonly #flavors = new Map<string, Flavor>();
  #hasReadAll = false;
  #reading: Reading | undefined;
  #single: readonly StateChange[] = [];

  constructor(logger: Logger) {
    this.#failure = new LastingFailure(logger, SAYS, 'warn');
  }

  /** Asks Nova for the changed servers of an answer. Never throws: what cannot be read is unknown. */
  async learn(
    usages: readonly ServerUsage[],
    meter: MeterState,
    cloud: Pick<MeteredCloud, 'views'>,
  ): Promise<void> {
    const reading = this.#readingOf(cloud);
    try {
      const changed = await this.#read(usages, meter, reading);
      const failure = await readActions(changed, reading);
      if (failure !== undefined) this.#failure.failed(failure);
      else if (changed.length > 0) this.#failure.succeeded(); // else nobody knows whether actions can be read
    } catch (error) {
      this.#failure.failed(error);
    }
  }

  /** Forgets the answers of the refresh. */
  endRefresh(): void {
    this.#reading = undefined;
  }

  /** The server with its flavor and its history. */
  withHistory(life: ServerLife, usage: ServerUsage, meter: MeterState): ServerLife {
    const known = meter.servers.get(usage.id);
    const { id, projectId, launchedMs, endedMs } = life;
    const amounts = sharedAmounts(life, this.#flavorOf(usage, known), known);
    const states = this.#statesOf(usage, known, meter.untilMs);
    const actions = this.#reading?.actions.get(usage.id);
    const counted: ServerLife = { id, projectId, launchedMs, endedMs, amounts, states };
    if (actions === undefined) return counted;
    const last = { atMs: launchedMs, amounts };
    const earlierLaunches = forgottenLaunches({ actions, known: known?.launches.at(-1), last });
    return earlierLaunches.length === 0 ? counted : { ...counted, earlierLaunches };
  }

  #readingOf(cloud: Pick<MeteredCloud, 'views'>): Reading {
    const isNew = this.#reading?.cloud !== cloud;
    const fresh = { sinceMs: Infinity, failures: 0, isForbidden: false };
    if (isNew || this.#reading === undefined)
      this.#reading = { cloud, ...fresh, changed: new Map(), all: new Map(), actions: new Map() };
    return this.#reading;
  }

  /** Reads the lists of servers, and returns the servers whose actions have to be read. */
  async #read(usages: readonly ServerUsage[], meter: MeterState, reading: Reading): Promise<ChangedServer[]> {
    const fromMs = ({ id }: ServerUsage) => meter.servers.get(id)?.countedUntilMs ?? meter.untilMs;
    const sinceMs = usages.reduce((earliest, usage) => Math.min(earliest, fromMs(usage)), meter.untilMs);
    if (sinceMs < reading.sinceMs) {
      reading.sinceMs = Infinity; // if this fails
      reading.changed = await this.#list(reading, { changesSinceMs: sinceMs });
      reading.sinceMs = sinceMs;
    }
    const lacksFacts = (usage: ServerUsage) =>
      !isComplete(this.#flavorOf(usage, meter.servers.get(usage.id)));
    if (!this.#hasReadAll && usages.some(lacksFacts)) reading.all = await this.#list(reading, {});
    this.#hasReadAll = true;
    return usages.flatMap((usage) => {
      const listed = reading.changed.get(usage.id);
      const isChanged =
        listed !== undefined && (listed.changedMs > fromMs(usage) || listed.endedMs !== undefined);
      const { state } = meter.servers.get(usage.id) ?? {};
      return isChanged ? [{ usage, fromMs: fromMs(usage), state }] : [];
    });
  }

  async #list(
    { cloud: { views } }: Reading,
    query: Partial<ServersQuery>,
  ): Promise<Map<string, ListedServer>> {
    const entry = (server: NovaServer) => [server.id, this.#describe(server)] as const;
    const found = await pLimit(REQUESTS_AT_ONCE).map(
      views,
      async ({ session, allProjects }) => await readServersAs(session, { allProjects, ...query }, entry),
    );
    return new Map(found.flat());
  }

  #describe({ flavor, state, isBusy, changedMs, launchedMs, endedMs }: NovaServer): ListedServer {
    const { name, vcpus, memoryMb, diskGb, ephemeralGb, swapMb, extraSpecs } = flavor;
    const facts = this.#same({
      name,
      vcpu: vcpus,
      mb: memoryMb,
      disk_gb: diskGb + ephemeralGb,
      ephemeral_gb: ephemeralGb,
      swap_mb: swapMb,
      ...(extraSpecs === undefined ? {} : { devices: devicesOfFlavor(extraSpecs) }),
    });
    return { state, isBusy, changedMs, launchedMs, endedMs, flavor: facts };
  }

  /** One object for equal facts: there are many servers and few flavors. */
  #same(facts: FlavorFacts): Flavor {
    const flavor = flavorOf(facts);
    const known = this.#flavors.get(flavor.key);
    if (known === undefined) this.#flavors.set(flavor.key, flavor);
    return known ?? flavor;
  }

  /** The server's own flavor; else the flavor that it was counted with since its launch; else what usage tells of it. */
  #flavorOf(usage: ServerUsage, known: RememberedServer | undefined): Flavor {
    const { flavorName: name, vcpus: vcpu, memoryMb: mb, diskGb: disk_gb } = usage;
    const listed = this.#reading?.changed.get(usage.id) ?? this.#reading?.all.get(usage.id);
    const own = listed !== undefined && isOf(usage, listed) ? listed.flavor : undefined;
    const counted = countedFlavor(usage, known);
    if (own !== undefined && !tellsMore(own, counted)) return own;
    return counted?.name === undefined ? this.#same({ name, vcpu, mb, disk_gb }) : counted;
  }

  #statesOf(
    usage: ServerUsage,
    known: RememberedServer | undefined,
    untilMs: number,
  ): readonly StateChange[] {
    const fromMs = known?.countedUntilMs ?? untilMs;
    const before = known?.state;
    if (this.#reading === undefined || fromMs < this.#reading.sinceMs)
      return this.#only(UNKNOWN_STATE, fromMs);
    const listed = this.#reading.changed.get(usage.id);
    if (listed === undefined) {
      const isSame = before === undefined || before === usage.state;
      const state = usage.endedMs === undefined && isSame ? usage.state : UNKNOWN_STATE;
      return this.#only(state, fromMs);
    }
    const launchesMs = [...(known?.launches ?? []).map(({ atMs }) => atMs), usage.launchedMs];
    const endedMs = listed.endedMs ?? usage.endedMs;
    const seen = endedMs === undefined ? listed : undefined;
    const actions = this.#reading.actions.get(usage.id);
    return statesOf({ fromMs, before, launchesMs, endedMs, seen, actions });
  }

  /** One list for all servers in a row that have only one state: that is most servers. */
  #only(state: string, atMs: number): readonly StateChange[] {
    const [last] = this.#single;
    if (last?.state !== state || last.atMs !== atMs) this.#single = [{ atMs, state }];
    return this.#single;
  }
}

/** One object for the same amounts as before: most servers stay as they are. */
function sharedAmounts(
  { amounts }: ServerLife,
  flavor: Flavor,
  known: RememberedServer | undefined,
): Amounts {
  const last = known?.launches.at(-1)?.amounts;
  const isSame = last?.flavor?.key === flavor.key && sameSizes(last, amounts);
  return isSame ? last : { ...amounts, flavor };
}

/** The flavor that the server was counted with since the same launch. */
export function countedFlavor(usage: ServerUsage, known: RememberedServer | undefined): Flavor | undefined {
  const last = known?.launches.at(-1);
  const { vcpu, mb, disk_gb, flavor } = last?.amounts ?? {};
  const isSameSize = vcpu === usage.vcpus && mb === usage.memoryMb && disk_gb === usage.diskGb;
  const isSameName = flavor?.name === undefined || flavor.name === usage.flavorName;
  return last?.atMs === usage.launchedMs && isSameSize && isSameName ? flavor : undefined;
}

/** Nova may have changed the server between the two answers. */
function isOf(usage: ServerUsage, { flavor, launchedMs = usage.launchedMs }: ListedServer): boolean {
  const isSameSize =
    flavor.vcpu === usage.vcpus && flavor.mb === usage.memoryMb && flavor.disk_gb === usage.diskGb;
  return isSameSize && flavor.name === usage.flavorName && launchedMs === usage.launchedMs;
}

/** Returns the first failure. */
async function readActions(servers: readonly ChangedServer[], reading: Reading): Promise<unknown> {
  let failure: unknown;
  await pLimit(REQUESTS_AT_ONCE).map(servers, async (server) => {
    const { id } = server.usage;
    if (reading.actions.has(id) || reading.isForbidden || reading.failures >= MOST_FAILURES) return;
    try {
      reading.actions.set(id, await readActionsOf(server, reading));
    } catch (error) {
      reading.actions.set(id, undefined);
      if (error instanceof NotFound) return; // archived since the answer
      failure ??= withoutId(error);
      reading.failures += 1;
      reading.isForbidden ||= error instanceof ServiceForbidden;
    }
  });
  return failure;
}

/** The same words for every server, so that a failure that lasts is logged once. */
function withoutId(error: unknown): Error {
  const words = describeError(error);
  return new UserError(words.replace(/(\/servers\/)[^/]+(\/os-instance-actions)[^:\s]*/, '$1ID$2'));
}

async function readActionsOf(
  { usage, fromMs, state }: ChangedServer,
  reading: Reading,
): Promise<ServerAction[] | undefined> {
  const session = sessionOf(usage, reading);
  const endedMs = reading.changed.get(usage.id)?.endedMs ?? usage.endedMs;
  const sinceMs = recordSince(state, fromMs);
  const recent = await readInstanceActions(session, usage.id, sinceMs);
  const isWhole = sinceMs === undefined || recent.length > 0;
  const actions = isWhole ? recent : await readInstanceActions(session, usage.id);
  if (actions.length === 0) return undefined; // every server was created: its record is purged
  const first = firstInForce(actions, fromMs);
  const complete: ServerAction[] = [];
  for (const [index, { requestId, ...action }] of actions.entries()) {
    const isAsked = index >= first && needsEvents(action, endedMs);
    const events = isAsked ? await readActionEvents(session, usage.id, requestId) : undefined;
    complete.push({ ...action, events });
  }
  return complete;
}

function sessionOf({ projectId }: ServerUsage, { cloud }: Reading): Session {
  const [first, ...others] = cloud.views;
  const own = others.find(({ projects }) => projects.some(({ id }) => id === projectId));
  return (own ?? first).session;
}
