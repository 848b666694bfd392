import { useState } from 'preact/hooks';
import { ChartTip } from './chart-tip.tsx';
import type { Picture, PointedAt } from './picture.ts';
import { createPlot, plotData } from './plot.ts';
import { usePlot } from './use-plot.ts';

/** The chart of a picture. Pages show the same numbers in a table, because a canvas is not accessible. */
export function UsageChart({ picture, label }: { picture: Picture; label: string }) {
  const [pointedAt, setPointedAt] = useState<PointedAt>();
  const hasEarlier = picture.earlier !== undefined;
  const shape = [hasEarlier, ...picture.stack.layers.map(({ key }) => key)].join('\n');
  const host = usePlot(
    picture,
    shape,
    (element, latest) => createPlot(element, latest, setPointedAt),
    plotData,
  );
  return (
    <div class="chart" role="img" aria-label={label}>
      <div ref={host} class="chart-canvas" />
      {pointedAt !== undefined && <ChartTip picture={picture} pointedAt={pointedAt} />}
    </div>
  );
}
