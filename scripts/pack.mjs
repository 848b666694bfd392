// `npm pack`, also on a fresh clone: builds the package's files. It first removes dist/, so that no file of an older build
// gets into the package.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

install();
rmSync(join(root, 'dist'), { recursive: true, force: true });
build();
