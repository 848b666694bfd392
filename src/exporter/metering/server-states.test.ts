import { describe, expect, it } from 'vitest';
import type { ServerAction } from './server-actions.ts';
import { statesOf, type StatesInput } from './server-states.ts';

const at = (second: number) => 1_000_000_000_000 + second * 1000;
const action = (name: string, second: number, more: Partial<ServerAction> = {}): ServerAction => ({
  name,
  startMs: at(second),
  updatedMs: at(second),
  failed: false,
  ...more,
});
const seen = (state: string, changedS: number, isBusy = false) => ({
  state,
  isBusy,
  changedMs: at(changedS),
});

/** `0 active, 60 stopped`: seconds and states. */
function told(input: Partial<StatesInput>): string {
  const rest = { fromMs: at(0), before: 'active', launchesMs: [at(-100)], endedMs: undefined };
  const changes = statesOf({ ...rest, seen: undefined, actions: [], ...input });
  return changes.map(({ atMs, state }) => `${(atMs - at(0)) / 1000} ${state}`).join(', ');
}

describe('the states of a server', () => {
  it('are the present one since Nova last wrote anything of the server', () => {
    expect(told({ seen: seen('paused', -5), before: undefined, actions: undefined })).toBe('0 paused');
    expect(told({ seen: seen('active', 50), actions: [] })).toBe('0 active');
  });

  it('are unknown up to the last change if the actions cannot be read', () => {
    expect(told({ seen: seen('stopped', 50), actions: undefined })).toBe('0 unknown, 50 stopped');
    expect(told({ endedMs: at(70), actions: undefined })).toBe('0 unknown');
  });

  it('are unknown where the record does not lead to the present state', () => {
    expect(told({ seen: seen('error', 50), actions: [action('stop', 20)] })).toBe(
      '0 active, 20 unknown, 50 error',
    );
  });

  it('are placed by the launch that came with them', () => {
    const resize = action('resize', 10, { updatedMs: at(30) });
    const input = { seen: seen('resized', 30), launchesMs: [at(-100), at(28)], actions: [resize] };
    expect(told(input)).toBe('0 active, 28 resized');
  });

  it('take an action that succeeded on a second host, in spite of its error, from its launch', () => {
    const resize = action('resize', 10, { updatedMs: at(30), failed: true });
    const input = { seen: seen('resized', 30), launchesMs: [at(-100), at(28)], actions: [resize] };
    expect(told(input)).toBe('0 active, 28 resized');
  });

  it('do not take the launch of the next action for that of a failed action just before it', () => {
    const actions = [action('resize', 10, { failed: true }), action('rebuild', 11)];
    const input = { seen: seen('active', 11), launchesMs: [at(-100), at(11)], actions };
    expect(told(input)).toBe('0 active, 10 unknown, 11 active');
  });

  it('give a launch to the action that ended with it, not to the next one that starts in its second', () => {
    const revert = action('revertResize', 11, { updatedMs: at(20) });
    const resize = action('resize', 20, { updatedMs: at(25) });
    const actions = [action('resize', 2, { updatedMs: at(10) }), revert, resize];
    const input = { seen: seen('resized', 25), actions };
    expect(told({ ...input, launchesMs: [at(-100), at(10), at(20), at(25)] })).toBe(
      '0 active, 10 resized, 20 active, 25 resized',
    );
    expect(told({ ...input, launchesMs: [at(-100), at(20)] })).toBe(
      '0 active, 10 resized, 20 active, 25 resized',
    );
  });

  it('cost the same for each action, for any number of actions', () => {
    const readsOf = (count: number) => {
      let reads = 0;
      const record = Array.from({ length: count }, (_, i) => action('rebuild', i));
      const actions = new Proxy(record, {
        get: (list, key) => ((reads += 1), Reflect.get(list, key) as unknown),
      });
      told({ seen: seen('active', count), launchesMs: [at(-100), at(count + 1)], actions });
      return reads;
    };
    expect(readsOf(8000)).toBeLessThan(6 * readsOf(2000));
  });

  it('take one reset from the present state, and leave the first of two unknown', () => {
    const reset = (second: number) => action('resetState', second);
    expect(told({ seen: seen('error', 20), actions: [reset(20)] })).toBe('0 active, 20 error');
    expect(told({ seen: seen('active', 40), actions: [reset(20), reset(40)] })).toBe(
      '0 active, 20 unknown, 40 active',
    );
  });

  it('of a server that Nova keeps after its deletion are soft-delete, by its events', () => {
    const events = [{ name: 'compute_soft_delete_instance', finishedMs: at(20) }];
    expect(told({ endedMs: at(500), actions: [action('delete', 20, { events })] })).toBe(
      '0 active, 20 soft-delete',
    );
    expect(told({ endedMs: at(21), actions: [action('delete', 21)] })).toBe('0 active');
    expect(told({ seen: seen('soft-delete', 20), actions: [action('delete', 20)] })).toBe(
      '0 active, 20 soft-delete',
    );
  });

  it('of a shelved server that is deleted depend on whether it was still on a host', () => {
    const shelve = action('shelve', 20, {
      events: [{ name: 'compute_shelve_instance', finishedMs: at(20) }],
    });
    expect(told({ endedMs: at(70), actions: [shelve] })).toBe('0 active, 20 shelved_offloaded');
    expect(told({ endedMs: at(70), actions: [shelve, action('delete', 70)] })).toBe('0 active, 20 shelved');
  });

  it('had come when Nova accepted the next action, even if the end of the last one was noted later', () => {
    const shelve = action('shelve', 20, {
      updatedMs: at(27),
      events: [{ name: 'compute_shelve_instance', finishedMs: at(27) }],
    });
    const unshelve = action('unshelve', 23, {
      updatedMs: at(30),
      events: [{ name: 'compute_unshelve_instance', finishedMs: at(30) }],
    });
    const input = { seen: seen('active', 30), launchesMs: [at(-100), at(30)] };
    expect(told({ ...input, actions: [shelve, unshelve] })).toBe('0 active, 23 shelved_offloaded, 30 active');
    expect(
      told({
        seen: seen('active', 30),
        actions: [action('stop', 20, { updatedMs: at(25) }), action('start', 24)],
      }),
    ).toBe('0 active, 24 stopped, 24 active');
  });

  it('had come before each action that waits for the one before, in any order of the noted ends', () => {
    const rebuild = action('rebuild', 10, { updatedMs: at(40) });
    const stop = action('stop', 20, { updatedMs: at(21) });
    const start = action('start', 50);
    expect(told({ seen: seen('stopped', 21), actions: [rebuild, stop] })).toBe(
      '0 active, 20 active, 21 stopped',
    );
    expect(told({ seen: seen('active', 50), actions: [rebuild, stop, start] })).toBe(
      '0 active, 20 active, 21 stopped, 50 active',
    );
  });

  it('had come before the action that is under way', () => {
    const shelve = action('shelve', 20, {
      updatedMs: at(35),
      events: [
        { name: 'compute_shelve_instance', finishedMs: at(35) },
        { name: 'compute_shelve_offload_instance', finishedMs: at(35) },
      ],
    });
    const unshelve = action('unshelve', 24, { updatedMs: at(26), events: [] });
    const input = { seen: seen('shelved_offloaded', 26, true), actions: [shelve, unshelve] };
    expect(told(input)).toBe('0 active, 24 shelved, 24 shelved_offloaded');
  });

  it('had come when Nova last wrote of the server, even if the end of the action was noted later', () => {
    const stop = action('stop', 20, { updatedMs: at(35) });
    expect(told({ seen: seen('stopped', 22), actions: [stop] })).toBe('0 active, 22 stopped');
    expect(told({ seen: seen('stopped', 15), actions: [stop] })).toBe('0 active, 35 stopped');
  });
});
