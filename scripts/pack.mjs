// `npm pack`, on a fresh clone too: makes what the package consists of. Of an older build, files would be left over.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

install();
rmSync(join(root, 'dist'), { recursive: true, force: true });
build();
