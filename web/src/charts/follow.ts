import type uPlot from 'uplot';

/** Redraws the plot when its host's size or the colour scheme changes, and for paper. */
export function followSurroundings(plot: uPlot, host: HTMLElement): () => void {
  const resizes = new ResizeObserver(() => fitPlot(plot, host));
  resizes.observe(host);
  const looks = [matchMedia('(prefers-color-scheme: dark)'), matchMedia('print')];
  const redraw = () => {
    fitPlot(plot, host);
    plot.redraw(false, true);
  };
  for (const look of looks) look.addEventListener('change', redraw);
  return () => {
    resizes.disconnect();
    for (const look of looks) look.removeEventListener('change', redraw);
  };
}

/** Resizes the plot to its host. */
function fitPlot(plot: uPlot, { clientWidth: width, clientHeight: height }: HTMLElement): void {
  if (width > 0 && height > 0 && (width !== plot.width || height !== plot.height))
    plot.setSize({ width, height });
}
