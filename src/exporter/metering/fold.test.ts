import { describe, expect, it } from 'vitest';
import { ABSENCE_MS, ANNOUNCEMENT_MS, foldWindow } from './fold.ts';
import { newMeterState, type MeterState, type ServerLife } from './meter-state.ts';

const second = 1000;
const small = { vcpu: 1, mb: 512, disk_gb: 1, instance: 1 };
const large = { vcpu: 4, mb: 8192, disk_gb: 80, instance: 1 };

function server(life: Partial<ServerLife>): ServerLife {
  return { id: 's1', projectId: 'p1', launchedMs: 0, endedMs: undefined, amounts: small, ...life };
}

/** Folds answers in turn, each up to its end, which is also Nova's time. */
function fold(...answers: { endS: number; servers: ServerLife[] }[]): MeterState {
  return answers.reduce(
    (state, { endS, servers }) =>
      foldWindow(state, { servers, endMs: endS * second, novaNowMs: endS * second }).state,
    newMeterState('epoch', 0),
  );
}

/** vCPU-seconds by project. */
function vcpuSeconds(state: MeterState): Record<string, number> {
  return Object.fromEntries([...state.totals].map(([id, usage]) => [id, Number(usage.vcpu) / second]));
}

describe('the usage of a window', () => {
  it('is amount times milliseconds between the later of launch and start and the earlier of end and deletion', () => {
    const state = fold({
      endS: 100,
      servers: [server({ launchedMs: 10_500, endedMs: 30_501, amounts: large })],
    });
    expect(state.totals.get('p1')).toEqual({
      vcpu: 80_004n,
      mb: 163_848_192n,
      disk_gb: 1_600_080n,
      instance: 20_001n,
    });
  });

  it('is added to the usage of earlier windows', () => {
    const running = server({ launchedMs: 10_000 });
    expect(vcpuSeconds(fold({ endS: 100, servers: [running] }, { endS: 150, servers: [running] }))).toEqual({
      p1: 140,
    });
  });

  it('is kept by project, also for servers that started and ended within the window', () => {
    const servers = [
      server({ launchedMs: 0 }),
      server({ id: 's2', projectId: 'p2', launchedMs: 20_000, endedMs: 25_000 }),
    ];
    expect(vcpuSeconds(fold({ endS: 100, servers }))).toEqual({ p1: 100, p2: 5 });
  });

  it('leaves out the part of an answer after the end of the window', () => {
    const servers = [
      server({ launchedMs: 90_000, endedMs: 130_000 }),
      server({ id: 's2', launchedMs: 110_000 }),
    ];
    const state = fold({ endS: 100, servers });
    expect(vcpuSeconds(state)).toEqual({ p1: 10 });
    expect(state.servers.get('s1')).toEqual({
      projectId: 'p1',
      launches: [{ atMs: 90_000, amounts: small }],
    });
  });

  it('leaves a server that does not change the same object in memory', () => {
    const first = fold({ endS: 100, servers: [server({})] });
    const input = { servers: [server({})], endMs: 200_000, novaNowMs: 200_000 };
    expect(foldWindow(first, input).state.servers.get('s1')).toBe(first.servers.get('s1'));
  });
});

describe('a relaunched server', () => {
  it('counts with its old flavor up to the new launch, and then with the new flavor', () => {
    const state = fold(
      { endS: 100, servers: [server({})] },
      { endS: 200, servers: [server({ launchedMs: 130_000, amounts: large })] },
    );
    expect(vcpuSeconds(state)).toEqual({ p1: 100 + 30 + 4 * 70 });
  });

  it('counts up to its deletion in the same window', () => {
    const state = fold(
      { endS: 100, servers: [server({})] },
      { endS: 200, servers: [server({ launchedMs: 130_000, endedMs: 150_000, amounts: large })] },
    );
    expect(vcpuSeconds(state)).toEqual({ p1: 100 + 30 + 4 * 20 });
    expect(state.servers.size).toBe(0);
  });

  it('that an answer lacks because of its relaunch is counted in full when it is seen again', () => {
    const state = fold(
      { endS: 100, servers: [server({})] },
      { endS: 200, servers: [] },
      { endS: 300, servers: [server({ launchedMs: 210_000, amounts: large })] },
    );
    expect(vcpuSeconds(state)).toEqual({ p1: 210 + 4 * 90 });
  });

  it('with a launch in each of two windows counts each flavor in its time, even if answers go beyond their window', () => {
    const state = fold(
      { endS: 100, servers: [server({ launchedMs: 110_000 })] },
      { endS: 105, servers: [server({ launchedMs: 120_000, amounts: large })] },
      { endS: 200, servers: [server({ launchedMs: 150_000 })] },
    );
    expect(vcpuSeconds(state)).toEqual({ p1: 10 + 4 * 30 + 50 });
    expect(state.servers.get('s1')?.launches).toEqual([{ atMs: 150_000, amounts: small }]);
  });

  it('counts with the old flavor while Nova shows the new flavor without its launch', () => {
    const state = fold(
      { endS: 100, servers: [server({})] },
      { endS: 200, servers: [server({ amounts: large })] },
      { endS: 300, servers: [server({ launchedMs: 205_000, amounts: large })] },
    );
    expect(vcpuSeconds(state)).toEqual({ p1: 205 + 4 * 95 });
  });

  it('counts with a flavor without a launch when answers agree on it for longer than a resize takes', () => {
    const changed = server({ amounts: large });
    const waitedS = ANNOUNCEMENT_MS / second;
    const state = fold(
      { endS: 100, servers: [server({})] },
      { endS: 200, servers: [changed] },
      { endS: 199 + waitedS, servers: [changed] },
      { endS: 200 + waitedS, servers: [changed] },
    );
    expect(vcpuSeconds(state)).toEqual({ p1: 199 + waitedS + 4 });
  });
});

describe('a server that the answers lack', () => {
  it('is remembered for a day, then given up, and its usage stays in the totals', () => {
    const absent = fold({ endS: 100, servers: [server({})] }, { endS: 200, servers: [] });
    const dayLater = { servers: [], endMs: 200_000 + ABSENCE_MS, novaNowMs: 200_000 + ABSENCE_MS };
    const kept = foldWindow(absent, dayLater);
    const given = foldWindow(kept.state, { ...dayLater, endMs: dayLater.endMs + second });
    expect([kept.dropped, kept.state.servers.size]).toEqual([0, 1]);
    expect([given.dropped, given.state.servers.size, vcpuSeconds(given.state)]).toEqual([1, 0, { p1: 100 }]);
  });
});
