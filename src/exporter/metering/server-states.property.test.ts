import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstInForce, type ActionEvent, type ServerAction } from './server-actions.ts';
import { stateAt } from './server-hours.ts';
import { recordSince, statesOf } from './server-states.ts';

const START_MS = 1_000_000_000_000;
/** A state counts up to so long before Nova is asked (rule M5). */
const SETTLING_S = 2;

/** The actions that Nova accepts in each state, with the state after them. */
const ACTIONS: Record<string, readonly (readonly [name: string, after: string])[]> = {
  active: [
    ['stop', 'stopped'],
    ['pause', 'paused'],
    ['suspend', 'suspended'],
    ['shelve', 'shelved'],
    ['shelve at once', 'shelved_offloaded'],
    ['resize', 'resized'],
    ['migrate', 'resized'],
    ['rebuild', 'active'],
    ['reboot', 'active'],
    ['rescue', 'rescued'],
    ['attach_volume', 'active'],
    ['live-migration', 'active'],
  ],
  stopped: [
    ['start', 'active'],
    ['resize', 'resized'],
    ['rebuild', 'stopped'],
    ['reboot', 'active'],
    ['rescue', 'rescued'],
    ['shelve', 'shelved'],
  ],
  paused: [['unpause', 'active']],
  suspended: [['resume', 'active']],
  shelved: [
    ['shelveOffload', 'shelved_offloaded'],
    ['offloaded by Nova', 'shelved_offloaded'],
    ['unshelve', 'active'],
  ],
  shelved_offloaded: [['unshelve', 'active']],
  resized: [
    ['confirmResize', 'before'],
    ['revertResize', 'before'],
  ],
  rescued: [
    ['unrescue', 'active'],
    ['reboot', 'rescued'],
  ],
  error: [
    ['reboot', 'active'],
    ['rebuild', 'active'],
  ],
};
const LAUNCHING = new Set(['resize', 'migrate', 'revertResize', 'rebuild', 'rescue']);

/** A server second by second, beside Nova's record of its actions. */
class Life {
  readonly seconds: string[] = [];
  readonly record: ServerAction[] = [];
  readonly launchesMs: number[] = [];
  state = 'active';
  changedS = 0;
  isBusy = false;
  #beforeResize = 'active';

  constructor() {
    this.record.push({ name: 'create', startMs: START_MS - 5000, updatedMs: START_MS, failed: false });
    this.launchesMs.push(START_MS);
  }

  pass(seconds: number): void {
    for (let second = 0; second < seconds; second++) this.seconds.push(this.state);
  }

  nowMs(): number {
    return START_MS + this.seconds.length * 1000;
  }

  act(pick: number, tookS: number, look: () => void): void {
    const accepted = ACTIONS[this.state] ?? [];
    const [name, after] = accepted[pick % accepted.length] as readonly [string, string];
    const startMs = this.nowMs();
    const from = this.state;
    this.isBusy = true;
    this.record.push({ name: recordedName(name), startMs, updatedMs: startMs, failed: false });
    if (name === 'offloaded by Nova') this.record.pop();
    this.pass(Math.floor(tookS / 2));
    look();
    this.pass(Math.ceil(tookS / 2));
    this.isBusy = false;
    this.#become(after === 'before' ? this.#beforeResize : after);
    if (this.state === 'resized') this.#beforeResize = from;
    if (name === 'offloaded by Nova') this.#offloadedLater();
    else this.#finish(name, startMs, from);
  }

  /** The target of a reset is not recorded. */
  reset(state: string): void {
    this.record.push({ name: 'resetState', startMs: this.nowMs(), updatedMs: this.nowMs(), failed: false });
    this.#become(state);
  }

  /** An action that fails leaves the state, or an error. */
  fail(leavesError: boolean): void {
    this.record.push({ name: 'resize', startMs: this.nowMs(), updatedMs: this.nowMs(), failed: true });
    if (leavesError) this.#become('error');
  }

  #become(state: string): void {
    this.state = state;
    this.changedS = this.seconds.length;
  }

  #finish(name: string, startMs: number, from: string): void {
    const updatedMs = this.nowMs();
    const isLaunch = LAUNCHING.has(name) || (name === 'unshelve' && from === 'shelved_offloaded');
    if (isLaunch) this.launchesMs.push(updatedMs);
    const events: ActionEvent[] = [{ name: 'compute_shelve_instance', finishedMs: updatedMs }];
    const unshelved = from === 'shelved' ? 'compute_start_instance' : 'compute_unshelve_instance';
    this.record.pop();
    this.record.push({
      name: recordedName(name),
      startMs,
      updatedMs,
      failed: false,
      ...(name.startsWith('shelve') && name !== 'shelveOffload' ? { events } : {}),
      ...(name === 'unshelve' ? { events: [{ name: unshelved, finishedMs: updatedMs }] } : {}),
    });
  }

  /** Nova adds the event to the last action, which stays as it was. */
  #offloadedLater(): void {
    const last = this.record.pop() as ServerAction;
    const event = { name: 'compute_shelve_offload_instance', finishedMs: this.nowMs() };
    this.record.push({ ...last, events: [...(last.events ?? []), event] });
  }
}

function recordedName(name: string): string {
  return name === 'shelve at once' ? 'shelve' : name;
}

type Step =
  | { kind: 'act'; pick: number; tookS: number; looksWithin: boolean }
  | { kind: 'look' }
  | { kind: 'reset'; state: string }
  | { kind: 'fail'; leavesError: boolean };

const act: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('act' as const),
  pick: fc.nat({ max: 20 }),
  tookS: fc.nat({ max: 9 }),
  looksWithin: fc.boolean(),
});
const look: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('look' as const) });
const trouble: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('reset' as const), state: fc.constantFrom('active', 'error') }),
  fc.record({ kind: fc.constant('fail' as const), leavesError: fc.boolean() }),
);

const lived = (step: fc.Arbitrary<Step>) =>
  fc.array(fc.record({ afterS: fc.nat({ max: 30 }), step }), { maxLength: 25 });

/** The record without the events that nobody has to read. */
function withFewEvents(actions: readonly ServerAction[], fromMs: number): ServerAction[] {
  const first = firstInForce(actions, fromMs);
  return actions.map((action, index) => (index < first ? { ...action, events: undefined } : action));
}

/** Lives through the steps, looks at each `look`, and returns what the looks told of each second. */
function live(
  steps: readonly { afterS: number; step: Step }[],
  oldestActions = 0,
): { told: string[]; life: Life } {
  const life = new Life();
  const told: string[] = [];
  let before: string | undefined;
  const launchesMs: number[] = []; // Nova shows the last launch to each look, and forgets it at the next one
  const lookAt = () => {
    const fromMs = START_MS + told.length * 1000;
    const { state, isBusy, changedS } = life;
    launchesMs.push(life.launchesMs.at(-1) ?? START_MS);
    const seen = { state, isBusy, changedMs: START_MS + changedS * 1000 };
    const whole = life.record.slice(oldestActions);
    const sinceMs = recordSince(before, fromMs) ?? -Infinity;
    const actions = whole.filter(({ updatedMs }) => updatedMs >= sinceMs);
    const asked = { fromMs, before, launchesMs, endedMs: undefined, seen };
    const changes = statesOf({ ...asked, actions });
    expect(changes).toEqual(statesOf({ ...asked, actions: withFewEvents(whole, fromMs) }));
    const untilMs = Math.max(fromMs, life.nowMs() - SETTLING_S * 1000);
    for (let atMs = fromMs; atMs < untilMs; atMs += 1000) told.push(stateAt(changes, atMs) ?? 'unknown');
    before = stateAt(changes, untilMs);
  };
  let wasInstant = false;
  for (const { afterS, step } of [...steps, { afterS: 5, step: { kind: 'look' } as const }]) {
    // Times are whole seconds: nobody can tell the order of an action within one second and another in that second.
    const isInstant = step.kind !== 'look' && !(step.kind === 'act' && step.tookS > 0);
    life.pass(Math.max(afterS, isInstant || wasInstant ? 1 : 0));
    wasInstant = isInstant;
    if (step.kind === 'look') lookAt();
    if (step.kind === 'act') life.act(step.pick, step.tookS, step.looksWithin ? lookAt : () => undefined);
    if (step.kind === 'reset') life.reset(step.state);
    if (step.kind === 'fail' && ['active', 'stopped'].includes(life.state)) life.fail(step.leavesError);
  }
  return { told, life };
}

describe('the states that actions tell', () => {
  it('are those of each second, however often somebody looks, if every action succeeds', () => {
    fc.assert(
      fc.property(lived(fc.oneof({ weight: 4, arbitrary: act }, look)), (steps) => {
        const { told, life } = live(steps);
        expect(told).toEqual(life.seconds.slice(0, told.length));
      }),
      { numRuns: 2000 },
    );
  });

  it('are right or unknown if resets and failures are among them', () => {
    const step = fc.oneof({ weight: 4, arbitrary: act }, look, trouble);
    fc.assert(
      fc.property(lived(step), (steps) => {
        const { told, life } = live(steps);
        expect(told.filter((state, second) => state !== 'unknown' && state !== life.seconds[second])).toEqual(
          [],
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('are never a state that the server had at no time if the oldest actions are purged', () => {
    fc.assert(
      fc.property(
        lived(fc.oneof({ weight: 4, arbitrary: act }, look)),
        fc.nat({ max: 20 }),
        (steps, purged) => {
          const { told, life } = live(steps, purged);
          expect(told.filter((state) => state !== 'unknown' && !life.seconds.includes(state))).toEqual([]);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
