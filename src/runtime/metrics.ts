import { Counter, Gauge, Registry } from 'prom-client';

/** One of a role's own metrics. docs/metrics.md lists them all. */
export interface MetricDeclaration {
  type: 'counter' | 'gauge' | 'summary';
  /** The name without the role's prefix. */
  name: string;
  help: string;
  labels: readonly string[];
}

export function counter<const L extends string = never>(name: string, help: string, ...labels: readonly L[]) {
  return { type: 'counter', name, help, labels } as const;
}

export function gauge<const L extends string = never>(name: string, help: string, ...labels: readonly L[]) {
  return { type: 'gauge', name, help, labels } as const;
}

/** The classes of prom-client for the types that roles use. */
const CLASSES = { counter: Counter, gauge: Gauge } as const;

type CounterOrGauge = MetricDeclaration & { type: keyof typeof CLASSES };

type Metric<D extends CounterOrGauge> = D['type'] extends 'counter'
  ? Counter<D['labels'][number]>
  : Gauge<D['labels'][number]>;

/** A metric for each declaration, by its key, and the registry that writes all of them. */
export type Metrics<D extends Record<string, CounterOrGauge>> = { registry: Registry } & {
  readonly [K in keyof D]: Metric<D[K]>;
};

/** Makes the metrics in the order of their declarations. `registry` writes its earlier metrics before them. */
export function createMetrics<D extends Record<string, CounterOrGauge>>(
  prefix: string,
  declarations: D,
  registry = new Registry(),
): Metrics<D> {
  const metrics = Object.entries(declarations).map(([key, { type, name, help, labels: labelNames }]) => {
    const options = { name: `${prefix}${name}`, help, labelNames, registers: [registry] };
    return [key, new CLASSES[type](options)];
  });
  return { registry, ...Object.fromEntries(metrics) } as Metrics<D>;
}
