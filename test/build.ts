import { build } from '../scripts/prepare.mjs';

/** Tests that start processes start the compiled program, which begins in a third of the time that its sources take. */
export function setup(): void {
  build();
}
