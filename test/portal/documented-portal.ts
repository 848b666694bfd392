import { grantsFile } from '../../src/portal/accounts/grants/documents.ts';
import { HOUR, sweep, type FreshLedger } from '../ledger/fixture.ts';
import { reading } from '../ledger/in-memory-book.ts';
import { accessPortalOn } from '../support/access-portal.ts';

const START = Date.UTC(2026, 9, 1);
const HOURS = 13;
const HOURS_BEFORE = 4;
const OWNER = { who: 'owner root', by: 'socket' as const, rights: [] };

/** The book.json of docs/api.md. */
export const BOOK = {
  name: 'example',
  unit: 'EUR',
  scale: 2,
  rounding: 'half-even',
  version: [
    {
      from: '2026-01-01',
      reason: 'first prices',
      server: [{ name: 'all servers', sum: [{ price: '0.02', per: { vcpu: 1 } }] }],
    },
  ],
};

/** The names of docs/api.md and of the examples in the OpenAPI document. */
const FILE = {
  person: [{ id: 'p-17', name: 'Ada' }],
  price_book: [BOOK],
  account: [{ name: 'university', cost_centre: 'cc-4711' }],
  grant: [
    {
      name: 'climate',
      title: 'Klimamodelle',
      account: 'university',
      from: '2026-01-01',
      to: '2027-01-01',
      labels: { field: 'climate science' },
      people: [{ person: 'p-17', role: 'lead' }],
      projects: [{ site: 'site-a', id: '0f6c4a1e' }],
      allowances: [
        { resource: 'vcpu', amount: '120000', kind: 'initial', at: '2026-01-01', reason: 'call 7' },
      ],
    },
  ],
};

/** A portal with the usage of a night and half a day, server hours, a grant and an account. `ask` has the token of an operator. */
export async function documentedPortal(freshLedger: FreshLedger) {
  const fixture = await freshLedger(['site-a', 'site-b']);
  for (const site of ['site-a', 'site-b'])
    for (let hour = -HOURS_BEFORE; hour <= HOURS; hour++)
      await fixture.ledger.fold(site, sweep(readingsAt(hour)));
  fixture.time.nowMs = START + HOURS * HOUR + HOUR / 4;
  const { url, access, accounts } = await accessPortalOn(fixture, [], []);
  await accounts.apply(grantsFile.parse(FILE), { author: 'root', origin: 'command' });
  const { secret } = await access.tokens.create(
    { name: 'report', owner: { kind: 'installation' }, roles: [{ role: 'operator' }] },
    OWNER,
  );
  const ask = async (address: string, options: RequestInit = {}) => {
    const headers = { ...(options.headers as Record<string, string>), authorization: `Bearer ${secret}` };
    return await fetch(`${url}${address}`, { ...options, headers });
  };
  return { url, secret, ask };
}

function readingsAt(hour: number) {
  const project = { projectId: '0f6c4a1e', projectName: 'Größe' };
  const servers = { flavor: 'gpu.large/8/65536/80/0/0/a100=2', state: 'stopped' };
  const [atMs, usedMs] = [START + hour * HOUR, (hour + HOURS_BEFORE) * HOUR];
  return [
    reading(atMs, 8 * usedMs, project),
    reading(atMs, 65_536 * usedMs, { ...project, resource: 'mb' }),
    reading(atMs, usedMs, { ...project, resource: 'server', servers }),
  ];
}
