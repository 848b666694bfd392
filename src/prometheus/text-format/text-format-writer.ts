import { isPlainLabelName, isPlainMetricName } from '../metric-names.ts';
import { remembered } from '../remembered.ts';
import type { Labels, Sample } from '../sample.ts';

/** The content type of the text that `expositionLines` writes. */
export const EXPOSITION_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface MetricFamily {
  name: string;
  /** If empty, the text has no HELP line. */
  help: string;
  type: 'gauge' | 'counter' | 'summary' | 'histogram' | 'untyped';
  samples: Iterable<Sample>;
  /** True if each sample has a `Labels` object of its own. The writer then keeps no text of labels in memory. */
  ownLabels?: boolean;
}

/**
 * Writes families in the Prometheus text format 0.0.4, in the given order, without families that have no samples. Names
 * that are not plain are written in quotes, which Prometheus reads since version 3.0.
 */
export function* expositionLines(families: Iterable<MetricFamily>): Generator<string> {
  const [remembering, forgetting] = [seriesFormat(new Map()), seriesFormat()];
  for (const family of families) {
    const format = family.ownLabels === true ? forgetting : remembering;
    let head = familyHead(family);
    for (const sample of family.samples) {
      yield `${head}${formatWith(format, sample)}\n`;
      head = '';
    }
  }
}

/** The HELP and TYPE lines of a family. */
export function familyHead({ name, help, type }: Pick<MetricFamily, 'name' | 'help' | 'type'>): string {
  const shown = isPlainMetricName(name) ? name : quote(name);
  const helpLine = help === '' ? '' : `# HELP ${shown} ${escapeHelp(help)}\n`;
  return `${helpLine}# TYPE ${shown} ${type}\n`;
}

/** A sample as one line, without the newline. */
export function formatSample(sample: Sample): string {
  return formatWith(seriesFormat(), sample);
}

function formatWith(formatSeries: SeriesFormat, { name, labels, value, timestampMs }: Sample): string {
  return formatSeries(name, labels) + formatPoint(value, timestampMs);
}

/** The end of a line: the value of a series and, if known, its time. */
export function formatPoint(value: number, timestampMs: number | undefined): string {
  return timestampMs === undefined ? ` ${formatValue(value)}` : ` ${formatValue(value)} ${timestampMs}`;
}

/** The start of a line: a series without its value. */
export type SeriesFormat = (name: string, labels: Labels) => string;

/** A limit, because an answer may have a new name in each line. */
const REMEMBERED_NAMES_BYTES = 262_144;

/**
 * A format that remembers the text of each name: there are few names and many series.
 * @param labelLists remembers the text of whole lists of labels, if many names share one `Labels` object.
 */
export function seriesFormat(labelLists?: Map<Labels, string>): SeriesFormat {
  const shownLabel = remembered(shownLabelName, REMEMBERED_NAMES_BYTES);
  const quotedMetric = remembered(quotedMetricName, REMEMBERED_NAMES_BYTES);
  const listOf = (labels: Labels): string => {
    let list = '';
    for (const label of Object.keys(labels)) {
      list += `${list === '' ? '' : ','}${shownLabel(label)}=${quote(labels[label] ?? '')}`;
    }
    return list;
  };
  return (name, labels) => {
    const quotedName = quotedMetric(name);
    const list = labelLists?.get(labels) ?? listOf(labels);
    labelLists?.set(labels, list);
    if (quotedName !== '') return `{${quotedName}${list === '' ? '' : `,${list}`}}`;
    return list === '' ? name : `${name}{${list}}`;
  };
}

/** Empty for a name that needs no quotes: such a name is written before the braces. */
function quotedMetricName(name: string): string {
  return isPlainMetricName(name) ? '' : quote(name);
}

function shownLabelName(label: string): string {
  return isPlainLabelName(label) ? label : quote(label);
}

/** The shortest text that reads back as the same number. */
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
