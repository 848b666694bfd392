// `npm run verify`: all checks that need no server.
import { bin, install, run, say } from './prepare.mjs';

/** @type {[name: string, program: string, args: string[], evidence?: RegExp][]} */
const steps = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'tsc', ['-p', '.']],
  ['types of the pages', 'tsc', ['-p', 'web']],
  [
    'import rules',
    'depcruise',
    ['src', 'web/src', 'bench', 'test', '--config', '.dependency-cruiser.cjs'],
    /[1-9]\d* modules/,
  ],
  ['dead code', 'knip', ['--no-progress']],
  [
    'unit tests',
    'vitest',
    ['run', '--project', 'unit', '--reporter', 'dot', '--reporter', './test/stuck-files.ts'],
  ],
];

install();
say('verify: lock file (npm run lock writes it again)');
run('npm', ['ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
  evidence: /./,
});
say('verify: rooms, rules and prose');
run(process.execPath, ['scripts/check-house.mjs'], { evidence: /[1-9]\d* rooms/ });
run(process.execPath, ['scripts/check-rules.mjs'], { evidence: /[1-9]\d* places/ });
run(process.execPath, ['scripts/check-prose.mjs'], { evidence: /[1-9]\d* files/ });
for (const [name, program, args, evidence] of steps) {
  say(`verify: ${name}`);
  run(bin(program), args, { evidence });
}
say('verify: all is well');
