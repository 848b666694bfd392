import { z } from 'zod';
import { flavorOf, type Flavor } from '../metering/flavor.ts';
import type { MeterState } from '../metering/meter-state.ts';
import type { ServerHours, StateTotal } from '../metering/server-hours.ts';

const count = z.int().nonnegative();
const total = z
  .string()
  .regex(/^\d{1,40}$/)
  .transform(BigInt);

export const flavorSchema = z
  .strictObject({
    name: z.string().exactOptional(),
    vcpu: count,
    mb: count,
    disk_gb: count,
    ephemeral_gb: count.exactOptional(),
    swap_mb: count.exactOptional(),
    devices: z.record(z.string(), count).exactOptional(),
  })
  .transform(flavorOf);

export const hoursSchema = z.strictObject({
  since: z.iso.datetime().transform((text) => Date.parse(text)),
  /** By project id: the place of the flavor among `flavors`, the state, and milliseconds. */
  totals: z.record(z.string(), z.array(z.tuple([count, z.string().min(1), total]))),
});

/** The flavors of a state, each once. The other members name them by their place. */
export class FlavorTable {
  readonly #places = new Map<string, number>();
  readonly #flavors: Flavor[] = [];

  /** All flavors of the totals and of the remembered servers. */
  static of({ hours, servers }: MeterState): FlavorTable {
    const table = new FlavorTable();
    for (const totals of hours?.totals.values() ?? []) for (const { flavor } of totals) table.#add(flavor);
    for (const { launches, announced } of servers.values()) {
      for (const { amounts } of launches) table.#add(amounts.flavor);
      table.#add(announced?.amounts.flavor);
    }
    return table;
  }

  placeOf({ key }: Flavor): number {
    return this.#places.get(key) as number; // every flavor of the state was added
  }

  format(): string {
    return JSON.stringify(this.#flavors.map((flavor) => ({ ...flavor, key: undefined })));
  }

  #add(flavor: Flavor | undefined): void {
    if (flavor === undefined || this.#places.has(flavor.key)) return;
    this.#places.set(flavor.key, this.#flavors.length);
    this.#flavors.push(flavor);
  }
}

export function formatStateTotals(totals: readonly StateTotal[], flavors: FlavorTable): string {
  let text = '';
  for (const { flavor, state, durationMs } of totals)
    text += `${text === '' ? '' : ','}[${flavors.placeOf(flavor)},${JSON.stringify(state)},"${durationMs}"]`;
  return `[${text}]`;
}

export function parseHours(
  { since: sinceMs, totals }: z.output<typeof hoursSchema>,
  flavors: readonly Flavor[],
): ServerHours {
  const byProject = Object.entries(totals).map(([projectId, entries]) => {
    const parsed = entries.map(([place, state, durationMs]) => ({
      flavor: flavorAt(place, flavors),
      state,
      durationMs,
    }));
    return [projectId, parsed] as const;
  });
  return { sinceMs, totals: new Map(byProject) };
}

/** The flavor at a place. Throws if there is none. */
export function flavorAt(place: number, flavors: readonly Flavor[]): Flavor {
  const flavor = flavors[place];
  if (flavor === undefined) throw new Error(`it names flavor ${place}, but has ${flavors.length}`);
  return flavor;
}
