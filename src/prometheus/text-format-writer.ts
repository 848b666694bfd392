import { isPlainLabelName, isPlainMetricName } from './metric-names.ts';
import type { Labels, Sample } from './sample.ts';

/** The content type of what `writeExposition` writes. */
export const EXPOSITION_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface MetricFamily {
  name: string;
  /** Left out of the text where it is empty. */
  help: string;
  type: 'gauge' | 'counter' | 'summary' | 'histogram' | 'untyped';
  samples: Iterable<Sample>;
}

/**
 * Writes families in the Prometheus text format 0.0.4, in the order given; a family without samples is left out.
 * Names that are not plain are written in quotes, which Prometheus takes from version 3.0 on.
 */
export function writeExposition(families: Iterable<MetricFamily>): string {
  let text = '';
  for (const family of families) {
    let head = familyHead(family);
    for (const sample of family.samples) {
      text += `${head}${formatSample(sample)}\n`;
      head = '';
    }
  }
  return text;
}

function familyHead({ name, help, type }: MetricFamily): string {
  const shown = isPlainMetricName(name) ? name : quote(name);
  const helpLine = help === '' ? '' : `# HELP ${shown} ${escapeHelp(help)}\n`;
  return `${helpLine}# TYPE ${shown} ${type}\n`;
}

/** A sample as one line, without the newline. */
export function formatSample({ name, labels, value, timestampMs }: Sample): string {
  const time = timestampMs === undefined ? '' : ` ${timestampMs}`;
  return `${formatSeries(name, labels)} ${formatValue(value)}${time}`;
}

function formatSeries(name: string, labels: Labels): string {
  const plain = isPlainMetricName(name);
  let list = plain ? '' : quote(name);
  for (const label of Object.keys(labels)) {
    const shown = isPlainLabelName(label) ? label : quote(label);
    list += `${list === '' ? '' : ','}${shown}=${quote(labels[label] ?? '')}`;
  }
  if (!plain) return `{${list}}`;
  return list === '' ? name : `${name}{${list}}`;
}

/** The shortest text that is read back as the same number. */
function formatValue(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

function quote(text: string): string {
  return `"${/[\\"\n]/.test(text) ? escapeQuoted(text) : text}"`;
}

function escapeQuoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
