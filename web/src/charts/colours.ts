import { OTHER_KEY } from './stack.ts';

/** The number of layers with a colour of their own: `--series-1` to `--series-6` in the style sheet. */
export const COLOURS = 6;

/** The custom property with a layer's colour. */
export function colourProperty(colour: number | undefined): string {
  return colour === undefined ? '--series-other' : `--series-${colour}`;
}

/**
 * A colour (1 to `COLOURS`) for each key. A key that had a colour `before` keeps it, so that colours do not change with
 * ranks.
 */
export function assignColours(
  before: ReadonlyMap<string, number>,
  keys: readonly string[],
): Map<string, number> {
  const named = keys.filter((key) => key !== OTHER_KEY).slice(0, COLOURS);
  const kept = new Map([...before].filter(([key]) => named.includes(key)));
  const taken = new Set(kept.values());
  const free = Array.from({ length: COLOURS }, (_, index) => index + 1).filter(
    (colour) => !taken.has(colour),
  );
  return new Map(named.map((key) => [key, kept.get(key) ?? free.shift() ?? COLOURS]));
}
