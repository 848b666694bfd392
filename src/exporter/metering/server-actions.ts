/** An action on a server, as Nova recorded it. */
export interface ServerAction {
  /** Nova's name of the action, such as `stop`. */
  name: string;
  startMs: number;
  /** When the last of its events ended. */
  updatedMs: number;
  failed: boolean;
  /** Undefined if the events were not read. */
  events?: readonly ActionEvent[] | undefined;
}

export interface ActionEvent {
  /** Nova's name of the event, such as `compute_shelve_instance`. */
  name: string;
  /** Undefined while the event is under way. */
  finishedMs: number | undefined;
}

/** A server's state from an instant on, as far as it is known. */
export interface StateStep {
  atMs: number;
  /** Undefined if the action does not tell the state. */
  state: string | undefined;
  /** If the state is undefined: the only states that are possible, of which later evidence may tell one. */
  possible?: readonly string[] | undefined;
}

/** The facts that an action's result depends on. */
export interface ActionContext {
  /** The state before the action; undefined if it is not known. */
  state: string | undefined;
  /** The state before the resize that waits to be confirmed or reverted; undefined if it is not known. */
  beforeResize: string | undefined;
  /** When the action launched the server, as far as it is known. */
  launchMs: number | undefined;
  /** The action's effects had come by then. */
  latestMs: number;
  endedMs: number | undefined;
}

/** States that always follow an action. */
const STATE_AFTER: Readonly<Record<string, string>> = {
  create: 'active',
  start: 'active',
  unpause: 'active',
  resume: 'active',
  unrescue: 'active',
  restore: 'active',
  unshelve: 'active',
  stop: 'stopped',
  pause: 'paused',
  suspend: 'suspended',
  shelveOffload: 'shelved_offloaded',
  rescue: 'rescued',
  resize: 'resized',
  migrate: 'resized',
};

/** Nova refuses these actions in any other state. */
const STATE_BEFORE: Readonly<Record<string, string>> = {
  start: 'stopped',
  pause: 'active',
  suspend: 'active',
  unpause: 'paused',
  resume: 'suspended',
  unrescue: 'rescued',
  confirmResize: 'resized',
  revertResize: 'resized',
  restore: 'soft-delete',
  shelveOffload: 'shelved',
};

const DEPENDENT = new Set([
  'confirmResize',
  'revertResize',
  'reboot',
  'rebuild',
  'evacuate',
  'shelve',
  'resetState',
  'delete',
]);
const ACCEPTED_IN_ERROR = new Set([
  'stop',
  'reboot',
  'rebuild',
  'rescue',
  'evacuate',
  'resetState',
  'delete',
]);
const ACCEPTED_WHILE_BUSY = new Set(['delete', 'evacuate', 'reboot', 'resetState']);
const LAUNCHING = new Set([
  'create',
  'resize',
  'migrate',
  'revertResize',
  'rebuild',
  'evacuate',
  'unshelve',
  'rescue',
]);
const SHELVED = ['shelved', 'shelved_offloaded'];

/** Whether the action can change the state of a server. */
export function changesState({ name }: ServerAction): boolean {
  return name in STATE_AFTER || DEPENDENT.has(name);
}

/** Whether the action gives the server a new launch time. */
export function isLaunch({ name }: ServerAction): boolean {
  return LAUNCHING.has(name);
}

/** Whether only the action's events tell the state before or after it. */
export function needsEvents({ name, updatedMs }: ServerAction, endedMs: number | undefined): boolean {
  return name === 'shelve' || name === 'unshelve' || (name === 'delete' && updatedMs < (endedMs ?? 0));
}

/**
 * The place of the first action whose events may tell a state from `fromMs` on: the last action before that time which
 * set a state.
 */
export function firstInForce(actions: readonly ServerAction[], fromMs: number): number {
  return Math.max(
    0,
    actions.findLastIndex((action) => changesState(action) && !action.failed && action.updatedMs <= fromMs),
  );
}

/** When the action came into effect. Nova writes a launch time together with the state. */
export function effectMs(
  action: ServerAction,
  { launchMs, latestMs }: Pick<ActionContext, 'launchMs' | 'latestMs'>,
): number {
  return launchMs ?? Math.min(action.updatedMs, Math.max(action.startMs, latestMs));
}

/** Nova also notes an error if an action succeeded on the second host that it tried. Then the server was launched. */
export function hasFailed(action: ServerAction, launchMs: number | undefined): boolean {
  return action.failed && launchMs === undefined;
}

/**
 * When the effects of each action had come at the latest. Nova accepts most actions only from a server that no action is at
 * work on, although it may note the end of the last one many seconds later.
 */
export function latestEffectsMs(actions: readonly ServerAction[]): number[] {
  const latest: number[] = [];
  let boundMs = Infinity;
  for (const action of actions.toReversed()) {
    latest.push(boundMs);
    if (changesState(action) && !ACCEPTED_WHILE_BUSY.has(action.name)) boundMs = action.startMs;
  }
  return latest.toReversed();
}

/** The state that the server had just before the action; undefined if the action does not tell. */
export function stateBefore(
  action: ServerAction,
  { state, possible }: StateStep,
  context: ActionContext,
): string | undefined {
  const { name, events } = action;
  if (name in STATE_BEFORE) return STATE_BEFORE[name];
  if (state !== undefined) return state;
  if (name === 'unshelve') {
    const wasOffloaded = events?.some((event) => event.name === 'compute_unshelve_instance');
    if (wasOffloaded !== undefined) return wasOffloaded ? 'shelved_offloaded' : 'shelved';
    return context.launchMs === undefined ? undefined : 'shelved_offloaded';
  }
  const others = possible?.filter((one) => one !== 'error') ?? [];
  const isFailure = possible?.includes('error') ?? false;
  return isFailure && others.length === 1 && !ACCEPTED_IN_ERROR.has(name) ? others[0] : undefined;
}

/** The states that follow from an action, in order of time; none if it changes nothing. */
export function stepsAfter(action: ServerAction, context: ActionContext): StateStep[] {
  const latestMs = Math.max(action.startMs, context.latestMs);
  return recordedSteps(action, context).map((step) => ({ ...step, atMs: Math.min(step.atMs, latestMs) }));
}

function recordedSteps(action: ServerAction, context: ActionContext): StateStep[] {
  const { state, launchMs } = context;
  const atMs = effectMs(action, context);
  if (!changesState(action)) return [];
  if (hasFailed(action, launchMs))
    return [{ atMs, state: undefined, possible: state === undefined ? undefined : [state, 'error'] }];
  const certain = STATE_AFTER[action.name];
  if (certain !== undefined) return [{ atMs, state: certain }];
  return dependentSteps(action, context, atMs);
}

function dependentSteps(action: ServerAction, context: ActionContext, atMs: number): StateStep[] {
  const { state, beforeResize } = context;
  switch (action.name) {
    case 'confirmResize':
    case 'revertResize':
      return [{ atMs, state: beforeResize, possible: ['active', 'stopped'] }];
    case 'reboot':
      return [
        { atMs, state: state && (state === 'rescued' ? state : 'active'), possible: ['active', 'rescued'] },
      ];
    case 'rebuild':
    case 'evacuate':
      return [
        { atMs, state: state && (state === 'stopped' ? state : 'active'), possible: ['active', 'stopped'] },
      ];
    case 'shelve':
      return stepsOfShelve(action, atMs);
    case 'delete':
      return isSoft(action, context) ? [{ atMs, state: 'soft-delete' }] : [];
    default:
      return [{ atMs, state: undefined }];
  }
}

/** The action also has the event of an offload that Nova did by itself, perhaps much later. */
function stepsOfShelve({ events = [] }: ServerAction, atMs: number): StateStep[] {
  const finished = (name: string) => events.find((event) => event.name === name)?.finishedMs;
  const shelvedMs = finished('compute_shelve_instance') ?? atMs;
  const offloadedMs = finished('compute_shelve_offload_instance');
  if (offloadedMs === undefined) return [{ atMs: shelvedMs, state: undefined, possible: SHELVED }];
  return [
    { atMs: shelvedMs, state: 'shelved' },
    { atMs: offloadedMs, state: 'shelved_offloaded' },
  ];
}

/** A server that goes on after its deletion is kept for a while. */
function isSoft({ events }: ServerAction, { endedMs }: ActionContext): boolean {
  if (events === undefined) return endedMs === undefined;
  return events.some(({ name }) => name === 'compute_soft_delete_instance');
}

/**
 * Returns the launch that each action wrote, by the action's index. Nova may write an action up to a second before its
 * launch, and takes the next one only after the launch. Times are whole seconds, so the next action may start in the second
 * of a launch. Then the launch is that of the earlier one, unless that one ended before, failed, or wrote another launch.
 */
export function launchesByAction(
  actions: readonly ServerAction[],
  launchesMs: readonly number[],
): (index: number) => number | undefined {
  const launches = new Map<number, number>();
  const latestMs = latestEffectsMs(actions);
  for (const atMs of [...new Set(launchesMs)].sort((a, b) => a - b)) {
    const latest = actions.findLastIndex((action) => isLaunch(action) && action.startMs <= atMs);
    const isFree = (index: number) => {
      const { updatedMs, failed } = actions[index] as ServerAction;
      return Math.min(updatedMs, latestMs[index] ?? Infinity) >= atMs && !failed && !launches.has(index);
    };
    const writer = startedInSecond(actions, latest, atMs).find(isFree) ?? latest;
    const { updatedMs = -Infinity } = actions[writer] ?? {};
    if (atMs <= updatedMs + 1000 && !launches.has(writer)) launches.set(writer, atMs);
  }
  return (index) => launches.get(index);
}

/** The launching actions up to `latest` that started in the second, and the one before them, in order of time. */
function startedInSecond(actions: readonly ServerAction[], latest: number, atMs: number): number[] {
  const found: number[] = [];
  for (let index = latest; index >= 0; index--) {
    const action = actions[index] as ServerAction;
    if (isLaunch(action)) found.unshift(index);
    if (isLaunch(action) && action.startMs < atMs) break;
  }
  return found;
}
