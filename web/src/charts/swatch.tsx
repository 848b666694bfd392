import { colourProperty } from './colours.ts';

/** A small square in the colour of a layer. */
export function Swatch({ colour }: { colour: number | undefined }) {
  return (
    <span class="swatch" style={{ backgroundColor: `var(${colourProperty(colour)})` }} aria-hidden="true" />
  );
}
