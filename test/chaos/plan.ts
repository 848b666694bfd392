import { Draws } from '../../src/simulation/generated/draws.ts';

/** The next fault, its length, and the pause before the fault after it. */
export interface Step<Fault> {
  fault: Fault;
  lastsMs: number;
  pauseMs: number;
}

/** An endless plan, the same for the same seed: in each round every fault comes once, in a random order. */
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
