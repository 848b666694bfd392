import { cleanId, cleanName } from '../../../../prometheus/label-text.ts';
import type { Labels, Sample } from '../../../../prometheus/sample.ts';
import { resourceOfMetric, SERVER_METRICS } from '../../../../prometheus/usage-metrics.ts';
import type { Reading } from '../../ledger.ts';
import { meterKey, projectKey } from '../meters/identity.ts';
import type { RefusalReason } from './refusals.ts';
import { ServerKinds } from './server-kinds.ts';
import { ExporterKeys, Texts, type Size } from './texts.ts';

/** The facts that all samples of a series share. */
export interface Series {
  /** The name of its metric. */
  name: string;
  /** A reading with a total, a time and an epoch that are still unknown. */
  reading: Reading;
  /** By `exporterKey`. */
  exporter: string;
}

/** About 20 MB. */
const MOST_KNOWN = 50_000;

/**
 * Series by the object of their labels. A reader of many instants gets the same object with each sample of a series, and
 * need not read its labels again.
 */
export type KnownSeries = Map<Labels, Series>;

/** Reads the labels of series. Keeps one copy of each text, because most series share most of their texts. */
export class SeriesReader {
  readonly #pools: ReadonlySet<string>;
  readonly #known: KnownSeries | undefined;
  readonly #texts: Size = { bytes: 0 };
  readonly #names = new Texts(cleanName, this.#texts);
  readonly #ids = new Texts(cleanId, this.#texts);
  // Each of these by itself, because most readings have the same one as the reading before.
  readonly #clouds = new Texts(cleanId, this.#texts);
  readonly #domainIds = new Texts(cleanName, this.#texts);
  readonly #domainNames = new Texts(cleanName, this.#texts);
  readonly #resources = new Texts(cleanName, this.#texts);
  readonly #keys = new ExporterKeys(this.#texts);
  readonly #serverKinds = new ServerKinds();

  constructor(pools: ReadonlySet<string>, known?: KnownSeries) {
    this.#pools = pools;
    this.#known = known;
  }

  /** The memory of texts, estimated. */
  get bytes(): number {
    return this.#texts.bytes + this.#serverKinds.bytes;
  }

  /** The series of a sample, or the reason of its refusal. */
  read(sample: Sample): Series | RefusalReason {
    const known = this.#known?.get(sample.labels);
    if (known?.name === sample.name) return known;
    const series = this.#readNew(sample);
    if (this.#known === undefined || typeof series === 'string') return series;
    const { reading } = series;
    reading.keys = { cloud: reading.cloud, project: projectKey(reading), meter: meterKey(reading) };
    if (this.#known.size < MOST_KNOWN) this.#known.set(sample.labels, series);
    return series;
  }

  #readNew({ name, labels }: Sample): Series | RefusalReason {
    const servers = name === SERVER_METRICS.usage ? this.#serverKinds.own(labels) : undefined;
    if (typeof servers === 'string') return servers;
    const reading: Reading = {
      cloud: this.#clouds.own(labels['cloud'] ?? ''),
      projectId: this.#ids.own(projectIdOf(labels, this.#pools)),
      projectName: this.#names.own(labels['project_name'] ?? ''),
      domainId: this.#domainIds.own(labels['domain_id'] ?? ''),
      domainName: this.#domainNames.own(labels['domain_name'] ?? ''),
      resource: this.#resources.own(resourceOfMetric(name) ?? ''),
      // Set when the facts of the exporter are known.
      total: 0n,
      // NaN until then: V8 would create every object again if a small integer became a large number.
      atMs: Number.NaN,
      epoch: '',
    };
    if (servers !== undefined) reading.servers = servers;
    return { name, reading, exporter: this.#keys.of(labels) };
  }
}

/** A9: if all parts of a pool carry the id of the pool, the project name tells them apart. */
function projectIdOf(labels: Labels, pools: ReadonlySet<string>): string {
  const id = labels['project_id'] ?? '';
  return pools.has(id) ? `${id}/${labels['project_name'] ?? ''}` : id;
}
