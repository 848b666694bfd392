import { colourProperty } from './colours.ts';

/** The colour of a layer beside its name. */
export function Swatch({ colour }: { colour: number | undefined }) {
  return (
    <span class="swatch" style={{ backgroundColor: `var(${colourProperty(colour)})` }} aria-hidden="true" />
  );
}
