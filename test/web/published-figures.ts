import type { CannedUsage } from './canned-prices.ts';

/** The charge that a cloud publishes for usage; docs/prices.md has its book. */
export interface PublishedFigure {
  cloud: string;
  usage: CannedUsage[];
  charge: string;
}

const [TINY, LARGE] = ['de.NBI tiny/1/2048/20/0/0/0', 'de.NBI large/28/65536/20/0/0/0'];
const [GPU, CPU] = ['gpu/24/97280/0/0/0/a100=1', 'cpu/3/20480/0/0/0/0'];
const MEDIUM = 'm3.medium/8/30720/60/0/0/0';

const deNbi = (charge: string, ...usage: CannedUsage[]) => ({ cloud: 'de.NBI Cloud', charge, usage });
const nerc = (charge: string, ...usage: CannedUsage[]) => ({ cloud: 'NERC', charge, usage });
const jetstream2 = (charge: string, ...usage: CannedUsage[]) => ({ cloud: 'Jetstream2', charge, usage });
const servers = (flavor: string, hours: number, state = 'active'): CannedUsage => ({ flavor, hours, state });

/** All published figures that are linear in time. */
export const PUBLISHED_FIGURES: readonly PublishedFigure[] = [
  deNbi('1.6 credits', servers(TINY, 1)),
  deNbi('104.0 credits', servers(LARGE, 1)),
  deNbi('107.2 credits', servers(TINY, 2), servers(LARGE, 1)),
  deNbi('78041.6 credits', servers(TINY, 2 * 728), servers(LARGE, 728)),
  deNbi('726.4 credits', servers(TINY, 12), servers(LARGE, 6.8)),
  nerc('360.60 USD', servers(GPU, 200)),
  nerc('46.80 USD', servers(CPU, 720)),
  nerc('64.80 USD', { resource: 'volume_gb', hours: 10_000 * 720 }),
  nerc('46.80 USD', servers(GPU, 200, 'stopped'), servers(CPU, 720)),
  jetstream2('4160.00 SU', servers(MEDIUM, 520)),
  jetstream2('12480.00 SU', servers(MEDIUM, 3 * 520)),
  jetstream2(
    '1261440.00 SU',
    servers('m3.large/16/61440/60/0/0/0', 8760),
    servers('r3.large/64/512000/60/0/0/0', 8760),
  ),
  jetstream2('560640.00 SU', servers('g3.large/16/61440/60/0/0/0', 8760)),
  jetstream2('3120.00 SU', servers(MEDIUM, 520, 'suspended')),
  jetstream2('2080.00 SU', servers(MEDIUM, 520, 'stopped')),
  jetstream2('0.00 SU', servers(MEDIUM, 520, 'shelved')),
];
