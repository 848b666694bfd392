// `npm start`: builds a fresh clone and runs the demo federation.
import { build, install } from './prepare.mjs';

install();
build();
process.argv = [process.execPath, 'stackmeter', 'demo', ...process.argv.slice(2)];
await import('../dist/cli/main.js');
