// `npm pack`, also on a fresh clone: builds the package's files. It first removes dist/, so that no file of an older build
// gets into the package.
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

install();
rmSync(join(root, 'dist'), { recursive: true, force: true });
build();
// `npm link` makes a link to it in a shell's path.
chmodSync(join(root, 'dist/cli/main.js'), 0o755);
