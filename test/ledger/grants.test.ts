import { describe, expect, it } from 'vitest';
import { reading } from './in-memory-book.ts';
import type { Grant, UsageQuery, StepUsage } from '../../src/portal/ledger/ledger.ts';
import { columns, HOUR, inPages, NOON, onEveryPostgresql, query, sweep } from './fixture.ts';

onEveryPostgresql('grants', (freshLedger) => {
  describe('usage by grant', () => {
    /** `climate` has p1 of a and p1 of b's cloud west; `imaging` has p2 of a. The other projects have no grant. */
    const GRANTS: Grant[] = [
      {
        name: 'climate',
        projects: [
          { site: 'a', projectId: 'p1' },
          { site: 'b', projectId: 'p1', cloud: 'west' },
        ],
      },
      {
        name: 'imaging',
        projects: [
          { site: 'a', projectId: 'p2' },
          { site: 'b', projectId: 'never read' },
        ],
      },
    ];

    /** Two hours of usage; vCPUs of each project: 1 for a's p1, 2 for p2, 4 for p3, 8 for b's p1 in west, 16 in east. */
    async function federation() {
      const fixture = await freshLedger(['a', 'b']);
      for (const hour of [0, 1, 2]) {
        const used = (vcpus: number, projectId: string, cloud = '') =>
          reading(NOON + hour * HOUR, vcpus * hour * HOUR, { projectId, cloud, epoch: cloud || 'a' });
        await fixture.ledger.fold('a', sweep([used(1, 'p1'), used(2, 'p2'), used(4, 'p3')]));
        await fixture.ledger.fold('b', sweep([used(8, 'p1', 'west'), used(16, 'p1', 'east')]));
      }
      fixture.time.nowMs = NOON + 2 * HOUR;
      return fixture;
    }

    const grants = (more: Partial<UsageQuery> = {}) =>
      query({ step: 'total', by: new Set(['grant', 'resource']), grants: GRANTS, ...more });

    it('adds up the projects of each grant, and shows usage without a grant as a row of its own', async () => {
      const { ledger } = await federation();
      expect(columns((await ledger.usage(grants())).data, 'grant', 'amount')).toEqual([
        [null, 2 * (4 + 16)],
        ['climate', 2 * (1 + 8)],
        ['imaging', 2 * 2],
      ]);
    });

    it('is limited to one grant by a parameter, with or without site and project', async () => {
      const { ledger } = await federation();
      const of = async (by: UsageQuery['by'], ...keys: (keyof StepUsage)[]) =>
        columns(
          (await ledger.usage(grants({ by, grant: 'climate', resource: 'vcpu' }))).data,
          ...keys,
          'amount',
        );
      expect(await of(new Set(), 'grant')).toEqual([[undefined, 18]]);
      expect(await of(new Set(['grant']), 'grant')).toEqual([['climate', 18]]);
      expect(await of(new Set(['site', 'project']), 'site', 'projectId')).toEqual([
        ['a', 'p1', 2],
        ['b', 'p1', 16],
      ]);
    });

    it('follows the present configuration: a project without a cloud belongs to the grant in every cloud', async () => {
      const { ledger } = await federation();
      const everywhere = [{ name: 'climate', projects: [{ site: 'b', projectId: 'p1' }] }];
      const { data } = await ledger.usage(grants({ grants: everywhere, grant: 'climate' }));
      expect(columns(data, 'grant', 'amount')).toEqual([['climate', 2 * (8 + 16)]]);
      expect(columns((await ledger.usage(grants({ grants: [] }))).data, 'grant', 'amount')).toEqual([
        [null, 2 * 31],
      ]);
    });

    it('comes in pages that make up the whole', async () => {
      const { ledger } = await federation();
      for (const by of [['grant'], ['grant', 'site'], ['grant', 'site', 'project']] as const) {
        const question = grants({ step: 'hour', by: new Set(by) });
        const whole = (await ledger.usage(question)).data;
        const pages = await inPages(1, (page) => ledger.usage({ ...question, ...page }));
        expect(pages).toEqual(whole);
        expect(whole.length).toBeGreaterThan(3);
      }
    });

    it('is missing if a site of the grant was not read since, but not if another site was not read', async () => {
      const { ledger, time } = await federation();
      const later = [reading(NOON + 6 * HOUR, 16 * 2 * HOUR, { cloud: 'west', epoch: 'west' })];
      await ledger.fold('b', sweep(later));
      await ledger.fold('b', sweep([reading(NOON + 6 * HOUR, 32 * HOUR, { cloud: 'east', epoch: 'east' })]));
      time.nowMs = NOON + 6 * HOUR;
      const ofB = [{ name: 'only b', projects: [{ site: 'b', projectId: 'p1' }] }];
      const coverage = async (more: Partial<UsageQuery>) =>
        columns((await ledger.usage(grants({ toMs: NOON + 5 * HOUR, ...more }))).data, 'grant', 'coverage');
      expect(await coverage({ grants: ofB })).toEqual([
        [null, 'missing'],
        ['only b', 'spread'],
      ]);
      expect(await coverage({ grant: 'climate' })).toEqual([['climate', 'missing']]);
    });
  });
});
