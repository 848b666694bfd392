import uPlot from 'uplot';
import { bucketEnd, type Span } from '../period.ts';
import { colourProperty } from './colours.ts';
import { drawCorrections, drawCoverage } from './coverage-marks.ts';
import type { Picture, PointedAt } from './picture.ts';
import { cumulated } from './stack.ts';
import { spanTickLabel, spanTicks, tickLabel, timeTicks } from './time-axis.ts';

const TICK_SPACE_PX = 64;
const AXIS_FONT = '12px system-ui, sans-serif';

/** A plot of stacked bars. Each bar starts at zero; lower layers are drawn later and cover the bottom of higher ones. */
export function createPlot(
  host: HTMLElement,
  picture: () => Picture,
  onPoint: (pointedAt: PointedAt | undefined) => void,
): uPlot {
  const options: uPlot.Options = {
    width: host.clientWidth,
    height: host.clientHeight,
    padding: [14, 18, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: false, range: () => [picture().span.fromMs, picture().span.toMs] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.04 : 1] },
    },
    series: [
      {},
      ...layersFromTop(picture()).map(({ key }) => barSeries(() => picture().colours.get(key))),
      ...earlierSeries(picture()),
    ],
    axes: [timeAxis(() => picture().span), amountAxis(() => picture().stack.layers.length === 0)],
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    hooks: {
      drawAxes: [(plot) => drawCoverage(plot, picture()), (plot) => drawCorrections(plot, picture())],
      setCursor: [(plot) => onPoint(pointedAt(plot))],
    },
  };
  return new uPlot(options, plotData(picture()), host);
}

/** The data of the plot. A bar is centred on its hour, day or month. */
export function plotData({ span, stack, scale, earlier }: Picture): uPlot.AlignedData {
  const middles = stack.starts.map((start, index) => (start + bucketEnd(span, index)) / 2);
  const scaled = (heights: readonly (number | null)[]) =>
    heights.map((height) => (height === null ? null : height / scale.divisor));
  const before = earlier === undefined ? [] : [middles.map((_, index) => earlier[index] ?? null)];
  return [middles, ...cumulated(stack.layers).toReversed().map(scaled), ...before.map(scaled)];
}

/** The time before is a light line over the bars. */
function earlierSeries({ earlier }: Picture): uPlot.Series[] {
  if (earlier === undefined) return [];
  return [{ stroke: (plot) => property(plot, '--text'), width: 1.5, dash: [4, 4], points: { show: false } }];
}

function layersFromTop({ stack }: Picture) {
  return stack.layers.toReversed();
}

/** Bars with gaps between them, or without gaps if the bars are narrow: gaps would then be wider than bars. */
function barSeries(colour: () => number | undefined): uPlot.Series {
  const fill = (plot: uPlot) => property(plot, colourProperty(colour()));
  const apart = uPlot.paths.bars?.({ size: [0.86, 48, 1] });
  const together = uPlot.paths.bars?.({ size: [1, Infinity, 1] });
  return {
    paths: (plot, ...range) => (isNarrow(plot) ? together : apart)?.(plot, ...range) ?? null,
    fill,
    stroke: (plot) => (isNarrow(plot) ? fill(plot) : property(plot, '--surface')),
    width: 0.75,
    points: { show: false },
  };
}

const NARROW_BAR_PX = 7;

function isNarrow(plot: uPlot): boolean {
  return plot.bbox.width / devicePixelRatio / (plot.data[0]?.length ?? 1) < NARROW_BAR_PX;
}

/** The axis of a span, or of any instants (UTC). */
export function timeAxis(span?: () => Span): uPlot.Axis {
  return {
    font: AXIS_FONT,
    stroke: (plot) => property(plot, '--muted'),
    grid: { show: false },
    ticks: { stroke: (plot) => property(plot, '--line'), size: 5, width: 1 },
    size: 30,
    gap: 4,
    splits: (plot, _axis, fromMs, toMs) =>
      span === undefined
        ? timeTicks(fromMs, toMs, plot.width / TICK_SPACE_PX)
        : spanTicks(span(), plot.width / TICK_SPACE_PX),
    values: (_plot, ticks) =>
      ticks.map((tick) => (span === undefined ? tickLabel(tick) : spanTickLabel(tick, span()))),
  };
}

export function amountAxis(isEmpty: () => boolean): uPlot.Axis {
  const number = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 2 });
  return {
    font: AXIS_FONT,
    stroke: (plot) => property(plot, '--muted'),
    grid: { stroke: (plot) => property(plot, '--line'), width: 1 },
    ticks: { show: false },
    size: (_plot, values) => 14 + 7 * Math.max(2, ...(values ?? []).map((text) => text.length)),
    gap: 6,
    space: 44,
    values: (_plot, ticks) => ticks.map((tick) => (isEmpty() ? '' : number.format(tick))),
  };
}

function pointedAt(plot: uPlot): PointedAt | undefined {
  const { idx, left } = plot.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) return undefined;
  return { index: idx, leftPx: plot.valToPos(plot.data[0]?.[idx] ?? 0, 'x') + plot.over.offsetLeft };
}

/** The value of a style property. A canvas ignores style sheets, so each drawing reads the current colours. */
export function property(plot: uPlot, name: string): string {
  return getComputedStyle(plot.root).getPropertyValue(name).trim();
}
