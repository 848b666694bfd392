import { Gauge, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

it('writes metrics in the order of their declarations, after the earlier metrics of the registry', async () => {
  const registry = new Registry();
  new Gauge({ name: 'process', help: 'What there is', registers: [registry] }).set(1);
  const metrics = createMetrics(
    'a_role_',
    {
      asked: { type: 'counter', name: 'asked_total', help: 'Questions', labels: ['result'] },
      open: { type: 'gauge', name: 'open', help: 'What is open', labels: [] },
    },
    registry,
  );
  metrics.open.set(3);
  metrics.asked.inc({ result: 'ok' }, 2);
  expect(await metrics.registry.metrics()).toBe(
    `# HELP process What there is
# TYPE process gauge
process 1

# HELP a_role_asked_total Questions
# TYPE a_role_asked_total counter
a_role_asked_total{result="ok"} 2

# HELP a_role_open What is open
# TYPE a_role_open gauge
a_role_open 3
`,
  );
});
