// The portal that bench/remote-write.ts writes to, in a child process like the InfluxDB.
import { createPortal } from '../src/portal/portal.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { collectInShortPauses } from '../src/runtime/heap-growth.ts';
import { formatAddress } from '../src/runtime/http/listen.ts';
import { silentLogger } from '../src/runtime/logger.ts';

collectInShortPauses();
const [dataFolder = '', token = ''] = process.argv.slice(2);
const portal = createPortal(
  {
    listen: { host: '127.0.0.1', port: 0 },
    dataFolder,
    databaseUrl: undefined,
    sites: [],
    senders: [{ name: 'bench', token, rule: { site: 'a' } }],
    autoSweep: true,
  },
  { clock: systemClock, logger: silentLogger() },
);
process.on('disconnect', () => void portal.close().then(() => process.exit(0)));
await portal.start();
process.send?.(`http://${formatAddress(portal.address)}`);
