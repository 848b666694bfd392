import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { ChartTip } from './chart-tip.tsx';
import type { Picture, PointedAt } from './picture.ts';
import { followSurroundings } from './follow.ts';
import { createPlot, plotData } from './plot.ts';

/** The chart of a picture. Pages show the same numbers in a table, because a canvas is not accessible. */
export function UsageChart({ picture, label }: { picture: Picture; label: string }) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(picture);
  latest.current = picture;
  const [pointedAt, setPointedAt] = useState<PointedAt>();
  const shape = picture.stack.layers.map(({ key }) => key).join('\n');

  // Other layers need a new plot; new numbers in the same layers do not.
  useEffect(() => {
    if (host.current === null) return undefined;
    const created = createPlot(host.current, () => latest.current, setPointedAt);
    plot.current = created;
    const stopFollowing = followSurroundings(created, host.current);
    return () => {
      stopFollowing();
      created.destroy();
      plot.current = undefined;
    };
  }, [shape]);

  useEffect(() => plot.current?.setData(plotData(picture)), [picture]);

  return (
    <div class="chart" role="img" aria-label={label}>
      <div ref={host} class="chart-canvas" />
      {pointedAt !== undefined && <ChartTip picture={picture} pointedAt={pointedAt} />}
    </div>
  );
}
