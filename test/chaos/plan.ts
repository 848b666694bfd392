import { Draws } from '../../src/simulation/generated/draws.ts';

/** What goes wrong next, for how long, and how long after that it is before the next. */
export interface Step<Fault> {
  fault: Fault;
  lastsMs: number;
  pauseMs: number;
}

/** Endless, and the same for the same seed: each fault comes once, in an order of its own, before any comes again. */
export function* planOf<Fault extends string>(
  seed: string,
  faults: readonly Fault[],
): Generator<Step<Fault>> {
  for (let round = 0; ; round += 1) {
    const draws = new Draws(`${seed}/${round}`);
    const drawn = faults.map((fault) => ({ fault, place: draws.next() }));
    for (const { fault } of drawn.toSorted((one, other) => one.place - other.place))
      yield { fault, lastsMs: draws.between(300, 4000), pauseMs: draws.between(100, 1700) };
  }
}
