import uPlot from 'uplot';
import type { AmountScale } from '../units.ts';
import { amountAxis, property, timeAxis } from './plot.ts';
import { usePlot } from './use-plot.ts';

interface Point {
  atMs: number;
  amount: number;
}

/** Usage so far as an area, and the allowance as a line with steps. */
export interface AllowancePicture {
  fromMs: number;
  toMs: number;
  used: readonly Point[];
  granted: readonly Point[];
  scale: AmountScale;
}

export function AllowanceChart({ picture, label }: { picture: AllowancePicture; label: string }) {
  const host = usePlot(picture, '', createPlot, plotData);
  return (
    <div class="chart" role="img" aria-label={label}>
      <div ref={host} class="chart-canvas" />
    </div>
  );
}

function createPlot(host: HTMLElement, picture: () => AllowancePicture): uPlot {
  const colour = (name: string) => (plot: uPlot) => property(plot, name);
  const options: uPlot.Options = {
    width: host.clientWidth,
    height: host.clientHeight,
    padding: [14, 18, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: false, range: () => [picture().fromMs, picture().toMs] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.06 : 1] },
    },
    series: [
      {},
      {
        stroke: colour('--series-1'),
        width: 2,
        fill: (plot) => `${property(plot, '--series-1')}33`,
        points: { show: false },
        spanGaps: true,
      },
      {
        stroke: colour('--series-2'),
        width: 2,
        dash: [6, 4],
        points: { show: false },
        spanGaps: true,
        paths: (plot, ...range) => uPlot.paths.stepped?.({ align: 1 })(plot, ...range) ?? null,
      },
    ],
    axes: [timeAxis(), amountAxis(() => false)],
    cursor: { show: false },
  };
  return new uPlot(options, plotData(picture()), host);
}

/** Both lines over the instants of both. The allowance goes on to the end of the period. */
function plotData({ toMs, used, granted, scale }: AllowancePicture): uPlot.AlignedData {
  const last = granted.at(-1);
  const line = last === undefined ? granted : [...granted, { atMs: toMs, amount: last.amount }];
  const instants = [...new Set([...used, ...line].map(({ atMs }) => atMs))].sort((a, b) => a - b);
  return [instants, ...[used, line].map((points) => valuesAt(instants, points, scale.divisor))];
}

function valuesAt(instants: readonly number[], points: readonly Point[], divisor: number): (number | null)[] {
  const amounts = new Map(points.map(({ atMs, amount }) => [atMs, amount / divisor]));
  return instants.map((atMs) => amounts.get(atMs) ?? null);
}
