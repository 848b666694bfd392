import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { ChartTip } from './chart-tip.tsx';
import type { Picture, PointedAt } from './picture.ts';
import { createPlot, fitPlot, plotData } from './plot.ts';

/** The picture of a stack; whoever shows it puts its numbers in a table beside it. */
export function UsageChart({ picture, label }: { picture: Picture; label: string }) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(picture);
  latest.current = picture;
  const [pointedAt, setPointedAt] = useState<PointedAt>();
  const shape = picture.stack.layers.map(({ key }) => key).join('\n');

  // Another number of layers needs another plot; other numbers in the same layers do not.
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

/** Redraws when the room for the plot or the colour scheme changes. */
function followSurroundings(plot: uPlot, host: HTMLElement): () => void {
  const resizes = new ResizeObserver(() => fitPlot(plot, host));
  resizes.observe(host);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const redraw = () => plot.redraw(false, true);
  scheme.addEventListener('change', redraw);
  return () => {
    resizes.disconnect();
    scheme.removeEventListener('change', redraw);
  };
}
