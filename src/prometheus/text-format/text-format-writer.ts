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
  samples: Iterable<WrittenSample>;
}

/** A sample whose labels may be in two objects. The text of an object that many samples share is made only once. */
export interface WrittenSample extends Sample {
  /** Labels after `labels`. */
  moreLabels?: Labels | undefined;
}

/**
 * Writes families in the Prometheus text format 0.0.4, in the given order, without families that have no samples. Names
 * that are not plain are written in quotes, which Prometheus reads since version 3.0.
 */
export function* expositionLines(families: Iterable<MetricFamily>): Generator<string> {
  const listOf = sharedLabelLists();
  for (const family of families) {
    let head = familyHead(family);
    const quotedFamily = quotedMetricName(family.name);
    for (const { name, labels, moreLabels, value, timestampMs } of family.samples) {
      const quotedName = name === family.name ? quotedFamily : quotedMetricName(name);
      const list = moreLabels === undefined ? listOf(labels) : joinLists(listOf(labels), listOf(moreLabels));
      yield `${head}${seriesText(name, quotedName, list)}${formatPoint(value, timestampMs)}\n`;
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

/** The end of a line: the value of a series and, if known, its time. */
export function formatPoint(value: number, timestampMs: number | undefined): string {
  return timestampMs === undefined ? ` ${formatValue(value)}` : ` ${formatValue(value)} ${timestampMs}`;
}

/** The start of a line: a series without its value. */
export type SeriesFormat = (name: string, labels: Labels) => string;

/** A limit, because an answer may have a new name in each line. */
const REMEMBERED_NAMES_BYTES = 262_144;

/** A format that remembers the text of each name: there are few names and many series. */
export function seriesFormat(): SeriesFormat {
  const listOf = labelListFormat();
  const quotedMetric = remembered(quotedMetricName, REMEMBERED_NAMES_BYTES);
  return (name, labels) => seriesText(name, quotedMetric(name), listOf(labels));
}

function seriesText(name: string, quotedName: string, list: string): string {
  if (quotedName !== '') return `{${joinLists(quotedName, list)}}`;
  return list === '' ? name : `${name}{${list}}`;
}

/** Labels as text, without braces. */
function labelListFormat(): (labels: Labels) => string {
  const shownLabel = remembered(shownLabelName, REMEMBERED_NAMES_BYTES);
  return (labels) => {
    let list = '';
    for (const label of Object.keys(labels))
      list = joinLists(list, `${shownLabel(label)}=${quote(labels[label] ?? '')}`);
    return list;
  };
}

/** Remembers the text of each `Labels` object. */
function sharedLabelLists(): (labels: Labels) => string {
  const listOf = labelListFormat();
  const lists = new Map<Labels, string>();
  return (labels) => {
    const known = lists.get(labels);
    if (known !== undefined) return known;
    const list = listOf(labels);
    lists.set(labels, list);
    return list;
  };
}

function joinLists(one: string, other: string): string {
  return one === '' || other === '' ? one + other : `${one},${other}`;
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
