import { checkExporter } from '../../exporter/cloud/check.ts';
import { readExporterConfigs, type ExporterConfig } from '../../exporter/settings/config.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { SettingsSources } from '../../runtime/settings/settings.ts';
import { notOk, ok, type Finding } from './finding.ts';
import { faultOf } from './fault.ts';

/** Signs in to each cloud of the exporter, and reads once, as `stackmeter exporter --check` does. */
export async function lookAtOpenStack(sources: SettingsSources, clock: Clock): Promise<Finding[]> {
  try {
    const configs = readExporterConfigs(sources);
    return await Promise.all(configs.map(async (config) => await lookAtCloud(config, clock)));
  } catch (error) {
    return [notOk('OpenStack', faultOf(error), 'correct the credentials of the exporter')];
  }
}

async function lookAtCloud(config: ExporterConfig, clock: Clock): Promise<Finding> {
  const name = config.cloud === undefined ? '' : `${config.cloud}: `;
  try {
    return ok('OpenStack', name + checkWords(await checkExporter(config, { clock })));
  } catch (error) {
    return notOk('OpenStack', name + faultOf(error), 'stackmeter exporter --check tries it again');
  }
}

/** The sign-in and the servers, and what cannot be read: the exporter goes on without it. */
export function checkWords(lines: readonly string[]): string {
  const of = (label: string) =>
    lines.filter((line) => line.startsWith(label.padEnd(10))).map((line) => line.slice(10));
  const missing = of('cannot').map((right) => right.replace(/, which costs .*/s, ''));
  return [
    ...of('Danger'),
    ...of('Keystone'),
    ...of('Nova'),
    ...missing.map((right) => `it cannot ${right}`),
  ].join('; ');
}
