// A site's sweep parsed, folded and committed, PostgreSQL included. `tsx bench/sweep.ts [METERS…]`
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedDatabase } from '../src/portal/database/embedded-database.ts';
import { readSweep } from '../src/portal/ledger/accounting/readings.ts';
import { openLedger } from '../src/portal/ledger/store/open-ledger.ts';
import { parseExposition } from '../src/prometheus/text-format-parser.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLogger } from '../src/runtime/logger.ts';

const counts = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'stackmeter-bench-'));
const database = createEmbeddedDatabase({ dataFolder: folder, logger: silentLogger() });
const logger = silentLogger();
const ledger = await openLedger({ connection: await database.start(), clock: systemClock, logger });

/** What a gate answers about three resources of each project. */
function exposition(meters: number, total: number, atMs: number): string {
  const lines: string[] = [];
  for (let index = 0; index < meters; index += 1) {
    const resource = ['vcpu', 'mb', 'instance'][index % 3] ?? 'vcpu';
    const id = `${Math.floor(index / 3)}`.padStart(32, '0');
    lines.push(
      `project_${resource}_usage{job="project_usages",instance="e:8080",project_id="${id}",project_name="project ${id.slice(-6)}",domain_id="default",domain_name="Default"} ${total + index / 7} ${atMs}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

for (const meters of counts.length > 0 ? counts : [10_000, 100_000, 300_000]) {
  const site = `site-${meters}`;
  await ledger.declareSites([{ name: site, labels: {} }]);
  const times: number[] = [];
  for (let sweep = 0; sweep < 4; sweep += 1) {
    const atMs = Date.now() - 600_000 + sweep * 60_000;
    const text = exposition(meters, 1000 + sweep, atMs);
    const start = performance.now();
    await ledger.fold(site, readSweep(parseExposition(text), Date.now()));
    times.push(performance.now() - start);
  }
  const [first = 0, ...later] = times.map((ms) => ms / 1000);
  const usual = later.reduce((sum, s) => sum + s, 0) / later.length;
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(
    `${meters} meters: first sweep ${first.toFixed(1)} s, later ones ${usual.toFixed(2)} s; peak memory so far ${memory} MB\n`,
  );
}
await ledger.close();
await database.close();
rmSync(folder, { recursive: true, force: true });
