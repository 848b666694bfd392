import type { Labels } from '../../prometheus/sample.ts';

/** Where a series comes from, as its labels say. */
export interface Origin {
  /** Value of the label that names the site; empty where there is none. */
  site: string;
  job: string;
  instance: string;
}

/** So many targets of a sender are looked at, and so many origins of usage. */
const MOST_ORIGINS = 1000;
const LONGEST_ORIGIN = 1000;
/** A target that is gone for so long, as after a change of the sender's configuration, is forgotten. */
const KEPT_MS = 3_600_000;
/** The `up` of a scrape comes in another request than its usage, at most so much later. */
const PATIENCE_MS = 15_000;

export function originOf({ job = '', instance = '' }: Labels, site: string): Origin {
  return { site, job, instance };
}

/**
 * Learns which sites of a sender come through a job that other sites come through as well, and that keeps the labels which a
 * site sends (`honor_labels`): there one site can write as another. Each target has a series `up`, with the target's own labels.
 * Usage whose job and instance are those of no such target has them from the site, and so the label that names the site too.
 */
export class SharedJobs {
  readonly #targets = new Origins();
  readonly #usage = new Origins();

  learn(targets: readonly Origin[], usage: readonly Origin[], nowMs: number): void {
    for (const origin of targets) this.#targets.see(origin, nowMs);
    for (const origin of usage) this.#usage.see(origin, nowMs);
  }

  /** Sites that another site can write as. A site with a job of its own is safe. */
  exposedSites(nowMs: number): string[] {
    this.#targets.forgetBefore(nowMs - KEPT_MS);
    this.#usage.forgetBefore(nowMs - KEPT_MS);
    const claimed = this.#usage
      .since(nowMs - PATIENCE_MS)
      .filter((origin) => !this.#targets.has(origin))
      .map(({ site }) => site);
    const targets = this.#targets.since(nowMs);
    return [...new Set(claimed)].filter((site) => sharesAllJobs(site, targets)).toSorted();
  }
}

function sharesAllJobs(site: string, targets: readonly Origin[]): boolean {
  const own = new Set(targets.filter((target) => target.site === site).map(({ job }) => job));
  const others = new Set(targets.filter((target) => target.site !== site).map(({ job }) => job));
  return own.size > 0 && [...own].every((job) => others.has(job));
}

/** A bounded number of origins, with when each was seen first and last. */
class Origins {
  readonly #seen = new Map<string, { origin: Origin; firstMs: number; lastMs: number }>();

  see(origin: Origin, nowMs: number): void {
    const key = keyOf(origin);
    const known = this.#seen.get(key);
    if (known !== undefined) known.lastMs = nowMs;
    else if (this.#seen.size < MOST_ORIGINS && key.length <= LONGEST_ORIGIN)
      this.#seen.set(key, { origin, firstMs: nowMs, lastMs: nowMs });
  }

  has(origin: Origin): boolean {
    return this.#seen.has(keyOf(origin));
  }

  /** Those that are known since an instant, or longer. */
  since(ms: number): Origin[] {
    return [...this.#seen.values()].filter(({ firstMs }) => firstMs <= ms).map(({ origin }) => origin);
  }

  forgetBefore(ms: number): void {
    for (const [key, { lastMs }] of this.#seen) if (lastMs < ms) this.#seen.delete(key);
  }
}

function keyOf({ site, job, instance }: Origin): string {
  return `${site}\0${job}\0${instance}`;
}
