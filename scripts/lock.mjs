// Writes package-lock.json anew from package.json alone. npm leaves the packages of other platforms out of a lock file
// that it brings up to date beside an installed node_modules, and `npm ci` then refuses it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './prepare.mjs';

const folder = mkdtempSync(join(tmpdir(), 'stackmeter-lock-'));
copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
const { status } = spawnSync(
  'npm',
  ['install', '--package-lock-only', '--ignore-scripts', '--omit-lockfile-registry-resolved'],
  {
    cwd: folder,
    stdio: 'inherit',
  },
);
if (status === 0) copyFileSync(join(folder, 'package-lock.json'), join(root, 'package-lock.json'));
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
