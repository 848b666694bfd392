// `npm run verify`: all that can be said of a change without starting a server.
import { bin, install, run, say } from './prepare.mjs';

const steps = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'tsc', ['-p', '.']],
  ['types of the pages', 'tsc', ['-p', 'web']],
  ['import rules', 'depcruise', ['src', 'web/src', '--config', '.dependency-cruiser.cjs']],
  ['dead code', 'knip', ['--no-progress']],
  ['unit tests', 'vitest', ['run', '--project', 'unit', '--reporter', 'dot']],
];

install();
for (const [name, program, args] of steps) {
  say(`verify: ${name}`);
  run(bin(program), args);
}
say('verify: all is well');
