import type { FlavorRow, UsageRow } from '../../api.ts';
import { assignColours } from '../../charts/colours.ts';
import { stackOf, type CoverageWithoutRow, type Stack } from '../../charts/stack.ts';
import { grouped } from './grouped.ts';
import { compareStates, STATE_COLOURS, stateLabel, UNKNOWN_STATE } from '../../server-states.ts';

/** The server hours of a project over time. */
export interface ServerHours {
  unit: string;
  /** The states that occur, in the order of the pages. */
  states: string[];
  /** By state. `unknown` has no colour of its own. */
  colours: ReadonlyMap<string, number>;
  /** The flavors, the one with the most server hours first. */
  flavors: FlavorHours[];
  /** The sums over all flavors, by state. */
  totals: ReadonlyMap<string, number>;
  total: number;
  /** A layer for each state. */
  stack: Stack;
}

export interface FlavorHours {
  flavor: FlavorRow;
  /** By state. */
  amounts: ReadonlyMap<string, number>;
  total: number;
}

/** Server hours by flavor and state, from rows by both; undefined without rows. */
export function serverHours(
  starts: readonly number[],
  rows: readonly UsageRow[],
  withoutRow: CoverageWithoutRow,
): ServerHours | undefined {
  if (rows.length === 0) return undefined;
  const byState = grouped(rows, ({ state }) => state ?? UNKNOWN_STATE);
  const states = [...byState.keys()].sort(compareStates);
  const layers = states.map((state) => ({
    key: state,
    label: stateLabel(state),
    rows: byState.get(state) ?? [],
  }));
  return {
    unit: rows[0]?.unit ?? '',
    states,
    colours: stateColours(states),
    flavors: flavorsOf(rows),
    totals: amountsByState(rows),
    total: sum(rows),
    stack: stackOf(starts, rows, layers, withoutRow),
  };
}

/** The colours of states. States without a colour of their own get those that are free. */
function stateColours(states: readonly string[]): Map<string, number> {
  const known = states.filter((state) => state !== UNKNOWN_STATE);
  const fixed = known.filter((state) => STATE_COLOURS.has(state));
  return assignColours(STATE_COLOURS, [...fixed, ...known.filter((state) => !STATE_COLOURS.has(state))]);
}

function flavorsOf(rows: readonly UsageRow[]): FlavorHours[] {
  return [...grouped(rows, ({ flavor }) => flavor?.label ?? '').values()]
    .flatMap((ofFlavor) => {
      const flavor = ofFlavor[0]?.flavor;
      return flavor === undefined
        ? []
        : [{ flavor, amounts: amountsByState(ofFlavor), total: sum(ofFlavor) }];
    })
    .sort((a, b) => b.total - a.total || a.flavor.label.localeCompare(b.flavor.label));
}

function amountsByState(rows: readonly UsageRow[]): Map<string, number> {
  const amounts = new Map<string, number>();
  for (const { state = UNKNOWN_STATE, amount } of rows)
    amounts.set(state, (amounts.get(state) ?? 0) + amount);
  return amounts;
}

function sum(rows: readonly UsageRow[]): number {
  return rows.reduce((total, { amount }) => total + amount, 0);
}
