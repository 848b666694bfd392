import { describe, it } from 'vitest';
import { find, isRequired } from './requirements.mjs';

/**
 * Declares a suite that needs other programs, and passes it their paths. If a program is missing, the suite is skipped;
 * if STACKMETER_TEST_REQUIRE names that program, the suite fails.
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
        throw new Error(`STACKMETER_TEST_REQUIRE names ${absent.join(', ')}, but this machine has none`);
      });
    });
  } else {
    // The suite itself is not called, because it may use its paths while it is declared.
    describe.skip(name, () => {
      it(`needs ${absent.join(', ')}`, () => undefined);
    });
  }
}
