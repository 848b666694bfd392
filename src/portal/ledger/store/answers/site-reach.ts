import type { Queryable } from '../../../database/sql.ts';
import { RefusedQuestionError } from '../../question-errors.ts';
import type { SiteStatus } from '../../ledger.ts';
import { isNodeDown } from '../database/reach.ts';
import { declaredSites, siteStatuses } from './site-queries.ts';

/** Runs one question in a transaction of its own. */
type Ask = <T>(answer: (trx: Queryable) => Promise<T>) => Promise<T>;

/** Answers for the sites of living nodes, if the database has several nodes (Citus) and one of them is down. */
export class SiteReach {
  #unavailable: readonly string[] = [];
  #eachSite: Promise<SiteStatus[]> | undefined;

  /** The sites whose node was down when the states were read last. */
  get unavailable(): readonly string[] {
    return this.#unavailable;
  }

  /** The state of each site. A site whose node is down has no figures, and a `lastError` that says so. */
  async statuses(ask: Ask): Promise<SiteStatus[]> {
    try {
      const all = await ask(async (trx) => await siteStatuses(trx));
      this.#unavailable = [];
      return all;
    } catch (error) {
      if (!isNodeDown(error)) throw error;
    }
    return await (this.#eachSite ??= this.#askEachSite(ask).finally(() => {
      this.#eachSite = undefined;
    }));
  }

  /** Turns the failure of a question because of a node into a refusal that names the node's sites. */
  async refusal(error: unknown, ask: Ask): Promise<unknown> {
    if (!isNodeDown(error)) return error;
    await this.statuses(ask);
    const names = this.#unavailable.join(', ') || 'some';
    return new RefusedQuestionError(
      'unavailable',
      `the database node of these sites is down: ${names}: ask for one other site, or later`,
      error,
    );
  }

  async #askEachSite(ask: Ask): Promise<SiteStatus[]> {
    const statuses: SiteStatus[] = [];
    const unavailable: string[] = [];
    for (const { id, status } of await ask(async (trx) => await declaredSites(trx)))
      try {
        statuses.push(...(await ask(async (trx) => await siteStatuses(trx, id))));
      } catch (error) {
        if (!isNodeDown(error)) throw error;
        statuses.push(status);
        unavailable.push(status.name);
      }
    this.#unavailable = unavailable;
    return statuses;
  }
}
