import type { Queryable } from '../../../database/sql.ts';
import { RefusedQuestionError } from '../../question-errors.ts';
import { EVERYTHING } from '../../../access/rights/scope.ts';
import { seesSite } from '../../grant-links.ts';
import type { ScopedQuestion, SiteStatus } from '../../ledger.ts';
import { isNodeDown } from '../database/reach.ts';
import { declaredSites, siteStatuses } from './site-queries.ts';
import { everyLink } from './view/view.ts';

/** Runs one question in a transaction of its own. */
type Ask = <T>(answer: (trx: Queryable) => Promise<T>) => Promise<T>;

interface Reach {
  statuses: SiteStatus[];
  /** The sites whose node is down. */
  unavailable: string[];
}

/** Answers for the sites of living nodes, if the database has several nodes (Citus) and one of them is down. */
export class SiteReach {
  #eachSite: Promise<Reach> | undefined;

  /**
   * The state of each site that a question sees. A site whose node is down has no figures, and a `lastError` that says so;
   * a site of which only projects are seen is not there then.
   */
  async statuses(question: ScopedQuestion, ask: Ask): Promise<SiteStatus[]> {
    try {
      return await ask(async (trx) => await siteStatuses(trx, question));
    } catch (error) {
      if (!isNodeDown(error)) throw error;
    }
    const isAll = question.scope.everything === true;
    const { statuses } = await (isAll ? this.#askAll(ask) : askEachSite(question, ask));
    return statuses;
  }

  /** Turns the failure of a question because of a node into a refusal that names those of the node's sites that it sees. */
  async refusal(error: unknown, question: ScopedQuestion, ask: Ask): Promise<unknown> {
    if (!isNodeDown(error)) return error;
    const { unavailable } = await this.#askAll(ask);
    const names = unavailable.filter(namedBy(question)).join(', ') || 'some';
    return new RefusedQuestionError(
      'unavailable',
      `the database node of these sites is down: ${names}: ask for one other site, or later`,
      error,
    );
  }

  async #askAll(ask: Ask): Promise<Reach> {
    return await (this.#eachSite ??= askEachSite({ scope: EVERYTHING }, ask).finally(() => {
      this.#eachSite = undefined;
    }));
  }
}

async function askEachSite(question: ScopedQuestion, ask: Ask): Promise<Reach> {
  const statuses: SiteStatus[] = [];
  const unavailable: string[] = [];
  const declared = await ask(async (trx) => await declaredSites(trx));
  const isNamed = namedBy(question);
  for (const status of declared.filter(({ name }) => isNamed(name)))
    try {
      statuses.push(
        ...(await ask(async (trx) => await siteStatuses(trx, { ...question, site: status.name }))),
      );
    } catch (error) {
      if (!isNodeDown(error)) throw error;
      if (seesSite(question.scope, status.name)) statuses.push(status);
      unavailable.push(status.name);
    }
  return { statuses, unavailable };
}

/** Returns whether the scope of a question names a site, or one of its grants does. */
function namedBy(question: ScopedQuestion): (site: string) => boolean {
  const ofGrants = new Set(everyLink(question).map(({ site }) => site));
  return (site) => seesSite(question.scope, site) || ofGrants.has(site);
}
