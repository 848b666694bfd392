import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Snapshot } from './exposition.ts';
import { foldWindow, type FoldInput } from './metering/fold.ts';
import type { ServerLife } from './metering/meter-state.ts';
import { askedEnd, clockSkew, nextWindow, settledEnd, settledUntil, type Window } from './metering/window.ts';
import { readDomains, readProjects, type DomainFilter, type Project } from './openstack/keystone.ts';
import { readServerUsage, type ServerUsage } from './openstack/nova-usage.ts';
import type { Session } from './openstack/session.ts';
import type { ExporterState } from './state-format.ts';
import type { StateStore } from './state-store.ts';

interface RefreshSettings {
  domains: DomainFilter;
  settlingDelayMs: number;
  /** The longest window that is asked for at once. */
  longestWindowMs: number;
  /** Servers a page; Nova's own limit where undefined. */
  pageSize: number | undefined;
}

export interface RefreshOptions {
  settings: RefreshSettings;
  session: Session;
  openStore(): Promise<StateStore>;
  clock: Clock;
  logger: Logger;
  /** Is told how many servers were given up. */
  onDropped(servers: number): void;
}

/** Reads projects and usage up to now and folds it in, window by window. Throws without folding what is not complete. */
export type Refresher = () => Promise<Snapshot>;

export function createRefresher(options: RefreshOptions): Refresher {
  const { settings, session, clock } = options;
  /** Of Nova's clock, as its last answer had it. */
  let skewMs = 0;

  async function foldUpTo(targetMs: number, projects: readonly Project[], store: StateStore): Promise<void> {
    for (;;) {
      const window = nextWindow(store.current().meter.untilMs, targetMs, settings.longestWindowMs);
      if (window === undefined) return;
      const endMs = await foldOne(window, targetMs, projects, store);
      if (endMs < window.endMs) return; // Nova's clock is behind: that is all there is for now
      if (endMs < targetMs) reportProgress(endMs, targetMs, options.logger);
    }
  }

  /** Returns the end up to which the window was folded in. */
  async function foldOne(
    window: Window,
    targetMs: number,
    projects: readonly Project[],
    store: StateStore,
  ): Promise<number> {
    const { pageSize, settlingDelayMs } = settings;
    const askedEndMs = askedEnd(window.endMs, targetMs, clock.nowMs() + skewMs);
    const answer = await readServerUsage(session, { startMs: window.startMs, endMs: askedEndMs, pageSize });
    const { timing, stopMs } = answer;
    skewMs = clockSkew(timing);
    const endMs = settledEnd({ windowEndMs: window.endMs, askedEndMs, settlingDelayMs }, timing, stopMs);
    if (endMs > window.startMs) {
      const servers = answer.servers.map(serverLife);
      await foldAnswer({ servers, endMs, novaNowMs: timing.sentMs + skewMs }, projects, store);
    }
    return endMs;
  }

  async function foldAnswer(
    input: FoldInput,
    projects: readonly Project[],
    store: StateStore,
  ): Promise<void> {
    const { meter, names } = store.current();
    const { state, dropped } = foldWindow(meter, input);
    await store.save(withNames({ meter: state, names }, projects));
    options.onDropped(dropped);
  }

  return async () => {
    const startedMs = clock.nowMs();
    const store = await options.openStore();
    const domains = await readDomains(session, settings.domains);
    const projects = await readProjects(session, domains, settings.domains);
    await foldUpTo(settledUntil(clock.nowMs() + skewMs, settings.settlingDelayMs), projects, store);
    const completedMs = clock.nowMs();
    const durationMs = Math.max(0, completedMs - startedMs);
    return { meter: store.current().meter, projects, completedMs, durationMs };
  };
}

function serverLife({ vcpus, memoryMb, diskGb, ...server }: ServerUsage): ServerLife {
  return { ...server, amounts: { vcpu: vcpus, mb: memoryMb, disk_gb: diskGb, instance: 1 } };
}

/** Names of projects with usage, as Keystone has them now, or had them when it last knew them. */
function withNames({ meter, names }: ExporterState, projects: readonly Project[]): ExporterState {
  const next = new Map([...names].filter(([id]) => meter.totals.has(id)));
  for (const { id, name, domain } of projects) {
    if (meter.totals.has(id)) next.set(id, { name, domainId: domain.id, domainName: domain.name });
  }
  return { meter, names: next };
}

function reportProgress(untilMs: number, targetMs: number, logger: Logger): void {
  const until = new Date(untilMs).toISOString();
  logger.info({ until, target: new Date(targetMs).toISOString() }, 'catching up');
}
