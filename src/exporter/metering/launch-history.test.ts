import { describe, expect, it } from 'vitest';
import type { Amounts } from './amounts.ts';
import { forgottenLaunches } from './launch-history.ts';
import type { Launch } from './meter-state.ts';
import type { ServerAction } from './server-actions.ts';

const at = (second: number) => 1_000_000_000_000 + second * 1000;
const size = (vcpu: number): Amounts => ({ vcpu, mb: vcpu, disk_gb: 0, instance: 1 });
const launch = (second: number, vcpu: number): Launch => ({ atMs: at(second), amounts: size(vcpu) });
const actions = (...named: [string, number][]): ServerAction[] =>
  named.map(([name, second]) => ({ name, startMs: at(second), updatedMs: at(second), failed: false }));

/** `10 × 2`: from second 10 on with two vCPUs. */
const told = (record: readonly ServerAction[], last: Launch, known?: Launch) =>
  forgottenLaunches({ actions: record, known, last }).map(
    ({ atMs, amounts: { vcpu } }) => `${(atMs - at(0)) / 1000} × ${vcpu}`,
  );

describe('launches that Nova has forgotten', () => {
  it('are those of a server that was rebuilt before anybody saw it', () => {
    expect(told(actions(['create', 10], ['stop', 20], ['rebuild', 30]), launch(30, 2))).toEqual(['10 × 2']);
  });

  it('had come before the next action, even if the end of their own was noted later', () => {
    const [create, ...rest] = actions(['create', 10], ['stop', 20], ['rebuild', 30]) as [ServerAction];
    expect(told([{ ...create, updatedMs: at(40) }, ...rest], launch(30, 2))).toEqual(['20 × 2']);
  });

  it('have the flavor of the last launch since the last resize', () => {
    const record = actions(['resize', 20], ['confirmResize', 25], ['rebuild', 30]);
    expect(told(record, launch(30, 4), launch(0, 2))).toEqual(['20 × 4']);
  });

  it('have the flavor of before again after a revert', () => {
    const record = actions(['create', 10], ['resize', 20], ['revertResize', 30], ['rebuild', 40]);
    expect(told(record, launch(40, 2))).toEqual(['10 × 2', '30 × 2']);
  });

  it('are left out if nobody can know their flavor', () => {
    expect(told(actions(['create', 10], ['resize', 20]), launch(20, 4))).toEqual([]);
    expect(told(actions(['resize', 20], ['resize', 30]), launch(30, 4), launch(0, 2))).toEqual([]);
  });

  it('are only those after the last launch that is known', () => {
    expect(told(actions(['create', 10], ['rebuild', 30]), launch(30, 2), launch(10, 2))).toEqual([]);
  });
});
