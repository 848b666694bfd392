// `npm run lock`: writes package-lock.json again, from package.json only. If npm updates a lock file beside an installed
// node_modules, it leaves out the packages of other platforms, and `npm ci` then refuses the file.
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
