import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { stringify, parse } from 'yaml';
import { usageFamilies } from '../../src/exporter/exposition/exposition.ts';
import { OwnMetrics } from '../../src/exporter/exposition/own-metrics.ts';
import { createGateMetrics } from '../../src/gate/metrics.ts';
import { createPortalMetrics } from '../../src/portal/metrics.ts';
import { ALERT_CASES } from './alert-cases.ts';
import { describeWith } from '../support/describe-with.ts';
import { temporaryFolder } from '../support/processes.ts';

interface Rule {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

const pathOf = (name: string) =>
  fileURLToPath(new URL(`../../deploy/prometheus/${name}.rules.yml`, import.meta.url));

function rulesOf(name: string): Rule[] {
  const file = parse(readFileSync(pathOf(name), 'utf8')) as { groups: { rules: Rule[] }[] };
  return file.groups.flatMap(({ rules }) => rules);
}

const FILES = ['site', 'portal'] as const;
const allRules = FILES.flatMap(rulesOf);

/** Fills annotations. Their only templates are labels, and `with` around a label that may be empty. */
function annotationsFor({ annotations }: Rule, labels: Record<string, string>): Record<string, string> {
  const fill = (text: string) =>
    text
      .replaceAll(/\{\{ with \$labels\.(\w+) \}\}(.*?)\{\{ end \}\}/g, (_, label: string, around: string) =>
        labels[label] ? around.replaceAll('{{ . }}', labels[label]) : '',
      )
      .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? '');
  return Object.fromEntries(Object.entries(annotations).map(([key, text]) => [key, fill(text)]));
}

/** A promtool test: the alert that a rule must fire for these series, or none without `labels`. */
function testOf(rule: Rule, series: Record<string, string>, at = '2h', labels?: Record<string, string>) {
  const expected = labels && {
    exp_labels: { ...rule.labels, ...labels },
    exp_annotations: annotationsFor(rule, labels),
  };
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: at, alertname: rule.alert, exp_alerts: expected ? [expected] : [] }],
  };
}

describeWith(['promtool'], 'the alerts', ({ promtool }) => {
  it.each(FILES)('of a %s fire for bad series and only for these', (name) => {
    const tests = rulesOf(name).flatMap((rule) => {
      const found = ALERT_CASES[rule.alert];
      if (found === undefined) throw new Error(`${rule.alert} has no case in alert-cases.ts`);
      return [found]
        .flat()
        .flatMap(({ fires, quiet, at, labels }) => [
          testOf(rule, fires, at, labels),
          testOf(rule, quiet, at),
        ]);
    });
    const file = join(temporaryFolder(), 'tests.yml');
    writeFileSync(file, stringify({ rule_files: [pathOf(name)], evaluation_interval: '5m', tests }));
    const { status, stdout, stderr } = spawnSync(promtool, ['test', 'rules', file], { encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([0, expect.stringContaining('SUCCESS'), '']);
  });
});

/** The names of all metrics that exporter, gate and portal serve. */
async function servedNames(): Promise<Set<string>> {
  const texts = [
    await createPortalMetrics().registry.metrics(),
    await createGateMetrics().registry.metrics(),
  ];
  const served = texts.flatMap((text) => [...text.matchAll(/^# HELP (\S+)/gm)].map(([, name = '']) => name));
  const nothing = { epoch: 'e', startMs: 0, untilMs: 0, totals: new Map(), servers: new Map() };
  const snapshot = { meter: nothing, sampled: new Map(), projects: [], completedMs: 0, durationMs: 0 };
  const families = [...new OwnMetrics().families(), ...usageFamilies(snapshot, [])];
  return new Set([...served, ...families.map(({ name }) => name)]);
}

describe('the alert rules', () => {
  it('name only series that exporter, gate and portal serve', async () => {
    const served = await servedNames();
    const named = allRules.flatMap(
      ({ expr }) => expr.match(/\bstackmeter_(exporter|gate|portal)_\w+/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(allRules.length / 2);
    expect(named.filter((name) => !served.has(name.replace(/_(count|sum)$/, '')))).toEqual([]);
  });

  it('each have a section in docs/operations.md', () => {
    const guide = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const anchors = [...guide.matchAll(/^### (\S+)$/gm)].map(([, title = '']) => title.toLowerCase());
    expect(allRules.map(({ annotations }) => annotations['runbook_url'])).toEqual(
      anchors.map((anchor) => `docs/operations.md#${anchor}`),
    );
  });
});
