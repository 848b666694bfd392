import type uPlot from 'uplot';

/** Redraws the plot when its host's size or the colour scheme changes. */
export function followSurroundings(plot: uPlot, host: HTMLElement): () => void {
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

/** Resizes the plot to its host. */
function fitPlot(plot: uPlot, { clientWidth: width, clientHeight: height }: HTMLElement): void {
  if (width > 0 && height > 0 && (width !== plot.width || height !== plot.height))
    plot.setSize({ width, height });
}
