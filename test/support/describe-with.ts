import { describe, it } from 'vitest';
import { find, isRequired } from './requirements.mjs';

/**
 * A suite that needs other programs, given to it by path. Without them it is skipped, or, where
 * STACKMETER_TEST_REQUIRE names them, it fails.
 */
export function describeWith<N extends string>(
  needs: readonly N[],
  name: string,
  suite: (paths: Record<N, string>) => void,
): void {
  const paths = Object.fromEntries(needs.map((need) => [need, find(need)])) as Record<N, string | undefined>;
  const absent = needs.filter((need) => paths[need] === undefined);
  if (absent.length === 0) describe(name, () => suite(paths as Record<N, string>));
  else if (absent.some(isRequired)) {
    describe(name, () => {
      it(`finds ${absent.join(', ')}`, () => {
        throw new Error(`${absent.join(', ')} is required here and not there`);
      });
    });
  } else {
    // The suite itself is not called: it may use its paths at once.
    describe.skip(name, () => {
      it(`needs ${absent.join(', ')}`, () => undefined);
    });
  }
}
