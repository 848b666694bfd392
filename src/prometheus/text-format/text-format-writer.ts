import { isPlainLabelName, isPlainMetricName } from '../metric-names.ts';
import { remembered } from '../remembered.ts';
import type { Labels, Sample } from '../sample.ts';

/** The content type of what `expositionLines` writes. */
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
export function* expositionLines(families: Iterable<MetricFamily>): Generator<string> {
  const format = createSeriesFormat(new Map());
  for (const family of families) {
    let head = familyHead(family);
    for (const sample of family.samples) {
      yield `${head}${formatWith(format, sample)}\n`;
      head = '';
    }
  }
}

/** The lines that stand before the samples of a family. */
export function familyHead({ name, help, type }: Omit<MetricFamily, 'samples'>): string {
  const shown = isPlainMetricName(name) ? name : quote(name);
  const helpLine = help === '' ? '' : `# HELP ${shown} ${escapeHelp(help)}\n`;
  return `${helpLine}# TYPE ${shown} ${type}\n`;
}

/** A sample as one line, without the newline. */
export function formatSample(sample: Sample): string {
  return formatWith(createSeriesFormat(), sample);
}

function formatWith(formatSeries: SeriesFormat, { name, labels, value, timestampMs }: Sample): string {
  return formatSeries(name, labels) + formatPoint(value, timestampMs);
}

/** What stands behind a series: its value and, if there is one, its time. */
export function formatPoint(value: number, timestampMs: number | undefined): string {
  return timestampMs === undefined ? ` ${formatValue(value)}` : ` ${formatValue(value)} ${timestampMs}`;
}

/** Writes a series as it stands before its value. */
export type SeriesFormat = (name: string, labels: Labels) => string;

/** An answer may have a new name in each line. */
const REMEMBERED_NAMES_BYTES = 262_144;

/**
 * A format that remembers how each name is written: there are few names and many series.
 * @param labelLists takes how labels are written, where the same object stands behind many names.
 */
export function createSeriesFormat(labelLists?: Map<Labels, string>): SeriesFormat {
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

/** Empty for a name that needs no quotes: it stands before the braces. */
function quotedMetricName(name: string): string {
  return isPlainMetricName(name) ? '' : quote(name);
}

function shownLabelName(label: string): string {
  return isPlainLabelName(label) ? label : quote(label);
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
