import { ratioOf, reachesGoal, spreadOf, type Figure, type Spread } from './figures.ts';

/** Lines of a table in Markdown, one for each figure that is no point of a curve, or the largest one of its curve. */
export function tableOf(figures: readonly Figure[]): string[] {
  return [
    '| figure | here | beside it | ratio | goal | |',
    '| --- | --- | --- | --- | --- | --- |',
    ...figures.filter((figure) => isLargest(figure, figures)).map(rowOf),
  ];
}

function isLargest({ curve }: Figure, figures: readonly Figure[]): boolean {
  return figures.every(
    (other) =>
      other.curve?.name !== curve?.name || curve === undefined || (other.curve?.size ?? 0) <= curve.size,
  );
}

function rowOf(figure: Figure): string {
  const { name, unit, values, peer, goal } = figure;
  const ratio = ratioOf(figure);
  const bound = unit.includes('/s') ? 'at least' : 'at most';
  const goalText =
    goal === undefined ? '' : `${bound} ${readable(goal)}${ratio === undefined ? ` ${unit}` : ''}`;
  const reached = { true: 'reached', false: 'missed', undefined: '' }[`${reachesGoal(figure)}`];
  const beside = peer === undefined ? '' : `${peer.name}: ${spreadText(spreadOf(peer.values))} ${unit}`;
  const cells = [
    name,
    `${spreadText(spreadOf(values))} ${unit}`,
    beside,
    ratio === undefined ? '' : spreadText(ratio),
    goalText,
    reached,
  ];
  return `| ${cells.join(' | ')} |`;
}

function spreadText({ median, least, greatest }: Spread): string {
  const text = readable(median);
  return least === greatest ? text : `${text} (${readable(least)} to ${readable(greatest)})`;
}

/** Three significant digits, and thousands with commas. */
function readable(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 3 });
}
