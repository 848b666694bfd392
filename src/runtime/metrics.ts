import { Counter, Gauge, Registry } from 'prom-client';

/** A metric that a role says about itself; docs/metrics.md lists the same. */
export interface MetricDeclaration {
  type: 'counter' | 'gauge' | 'summary';
  /** What stands after the prefix of the role. */
  name: string;
  help: string;
  labels: readonly string[];
}

/** What prom-client keeps for the roles. */
const KEPT = { counter: Counter, gauge: Gauge } as const;

type KeptDeclaration = MetricDeclaration & { type: keyof typeof KEPT };

type Metric<D extends KeptDeclaration> = D['type'] extends 'counter'
  ? Counter<D['labels'][number]>
  : Gauge<D['labels'][number]>;

/** A metric for each declaration, by its key, and the registry that writes all of them. */
export type Metrics<D extends Record<string, KeptDeclaration>> = { registry: Registry } & {
  readonly [K in keyof D]: Metric<D[K]>;
};

/** Makes the metrics in the order in which they are declared; `registry` writes what it has already before them. */
export function createMetrics<const D extends Record<string, KeptDeclaration>>(
  prefix: string,
  declarations: D,
  registry = new Registry(),
): Metrics<D> {
  const metrics = Object.entries(declarations).map(([key, { type, name, help, labels: labelNames }]) => {
    const options = { name: `${prefix}${name}`, help, labelNames, registers: [registry] };
    return [key, new KEPT[type](options)];
  });
  return { registry, ...Object.fromEntries(metrics) } as Metrics<D>;
}
