import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addUsage, NO_USAGE, type Amounts, type Usage } from './amounts.ts';
import { foldWindow } from './fold.ts';
import { newMeterState, type MeterState, type ServerLife } from './meter-state.ts';
import { askedEnd, nextWindow, settledUntil } from './window.ts';

const SETTLING_MS = 60_000;
const START_MS = 1_000_000_000_000;

/** A server with its whole life. Nova's answers show only the last launch. */
interface ModelServer {
  id: string;
  projectId: string;
  /** Launches in order of time, each with the amounts from then on. */
  launches: { atMs: number; amounts: Amounts }[];
  deletedMs: number | undefined;
  archived: boolean;
  /** The lives leave out what the meter cannot know. It must have seen a server before its relaunch … */
  seen: boolean;
  /** … and a change of flavor before the next relaunch. */
  changed: boolean;
}

type Action =
  | { kind: 'create' | 'resize'; server: number; project: number; vcpus: number }
  | { kind: 'rebuild' | 'delete' | 'archive'; server: number }
  | { kind: 'refresh'; fails: boolean; longestMs: number };

const flavor = (vcpus: number): Amounts => ({
  vcpu: vcpus,
  mb: 512 * vcpus,
  disk_gb: 10 + vcpus,
  instance: 1,
});

/** A small Nova, and a meter that reads it. */
class World {
  readonly servers: ModelServer[] = [];
  nowMs = START_MS;
  state: MeterState = newMeterState('epoch', START_MS);

  act(action: Action): void {
    if (action.kind === 'refresh') this.refresh(action);
    else if (action.kind === 'create') this.create(action);
    else {
      const server = this.servers[action.server % Math.max(1, this.servers.length)];
      if (server !== undefined) this.change(server, action);
    }
  }

  private create({ project, vcpus }: { project: number; vcpus: number }): void {
    const id = `s${String(this.servers.length)}`;
    const launches = [{ atMs: this.nowMs, amounts: flavor(vcpus) }];
    this.servers.push({
      id,
      projectId: `p${String(project)}`,
      launches,
      deletedMs: undefined,
      archived: false,
      seen: false,
      changed: false,
    });
  }

  private change(server: ModelServer, action: Action): void {
    const amounts = server.launches.at(-1)?.amounts ?? flavor(1);
    if (action.kind === 'archive' && (server.deletedMs ?? Infinity) <= this.state.untilMs)
      server.archived = true;
    if (server.deletedMs !== undefined) return;
    if (action.kind === 'delete') server.deletedMs = this.nowMs;
    if (action.kind === 'rebuild' && server.seen && !server.changed)
      server.launches.push({ atMs: this.nowMs, amounts });
    if (action.kind === 'resize' && server.seen && !server.changed) {
      server.launches.push({ atMs: this.nowMs, amounts: flavor(action.vcpus) });
      server.changed = true;
    }
  }

  /** Folds up to now, slice by slice. A failure may come after any number of slices. */
  refresh({ fails, longestMs }: { fails: boolean; longestMs: number }): void {
    const targetMs = settledUntil(this.nowMs, SETTLING_MS);
    for (let slices = 0; ; slices++) {
      const window = nextWindow(this.state.untilMs, targetMs, longestMs);
      if (window === undefined || (fails && slices === 1)) return;
      const servers = this.answer(window.startMs, askedEnd(window.endMs, targetMs, this.nowMs));
      const { state } = foldWindow(this.state, { servers, endMs: window.endMs, novaNowMs: this.nowMs });
      expectNoneFell(this.state, state);
      this.state = state;
      for (const server of servers) this.markSeen(server.id);
    }
  }

  /** False while a server was relaunched after the last answer: its usage comes later. */
  isComplete(): boolean {
    return ![...this.state.servers.values()].some((server) => server.absentSinceMs !== undefined);
  }

  private markSeen(id: string): void {
    const server = this.servers.find((candidate) => candidate.id === id);
    if (server === undefined) return;
    server.seen = true;
    server.changed = false;
  }

  /** Like Nova's own query: not archived, launched before the end, not ended before the start. */
  private answer(startMs: number, endMs: number): ServerLife[] {
    return this.servers
      .filter(({ archived, deletedMs }) => !archived && (deletedMs ?? Infinity) > startMs)
      .map(({ id, projectId, launches, deletedMs }) => ({
        id,
        projectId,
        launchedMs: launches.at(-1)?.atMs ?? 0,
        endedMs: deletedMs,
        amounts: launches.at(-1)?.amounts ?? flavor(1),
      }))
      .filter(({ launchedMs }) => launchedMs < endMs);
  }

  /** The real usage of the servers up to an instant. */
  truth(untilMs: number): Map<string, Usage> {
    const totals = new Map<string, Usage>();
    for (const { projectId, launches, deletedMs } of this.servers) {
      for (const [index, { atMs, amounts }] of launches.entries()) {
        const toMs = Math.min(launches[index + 1]?.atMs ?? untilMs, deletedMs ?? untilMs, untilMs);
        if (toMs > atMs)
          totals.set(projectId, addUsage(totals.get(projectId) ?? NO_USAGE, amounts, toMs - atMs));
      }
    }
    return totals;
  }
}

function expectNoneFell(before: MeterState, after: MeterState): void {
  for (const [id, usage] of before.totals) {
    const next = after.totals.get(id) ?? NO_USAGE;
    expect(next.vcpu >= usage.vcpu && next.mb >= usage.mb && next.disk_gb >= usage.disk_gb).toBe(true);
  }
}

const index = fc.nat({ max: 7 });
const vcpus = fc.integer({ min: 1, max: 64 });
const longestMs = fc.constantFrom(60_000, 600_000, 7 * 86_400_000);

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), server: index, project: fc.nat({ max: 2 }), vcpus }),
  fc.record({ kind: fc.constant('resize' as const), server: index, project: fc.constant(0), vcpus }),
  fc.record({
    kind: fc.constantFrom('rebuild' as const, 'delete' as const, 'archive' as const),
    server: index,
  }),
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('refresh' as const), fails: fc.boolean(), longestMs }),
  },
);

const steps = fc.array(fc.record({ afterMs: fc.integer({ min: 1, max: 200_000 }), action }), {
  maxLength: 60,
});

describe('totals that are folded window by window', () => {
  it('equal the real usage for all lives of servers and all instants of refreshes, and never fall', () => {
    fc.assert(
      fc.property(steps, (lived) => {
        const world = new World();
        for (const { afterMs, action: next } of lived) {
          world.nowMs += afterMs;
          world.act(next);
          const truth = world.truth(world.state.untilMs);
          expect(world.isComplete() ? world.state.totals : truth).toEqual(truth);
        }
        world.nowMs += 2 * SETTLING_MS;
        world.refresh({ fails: false, longestMs: 600_000 });
        expect(world.isComplete()).toBe(true);
        expect(world.state.totals).toEqual(world.truth(world.state.untilMs));
      }),
      { numRuns: 1000 },
    );
  });
});
