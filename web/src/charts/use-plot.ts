import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { followSurroundings } from './follow.ts';

/**
 * Keeps a plot of a picture in the element of the returned ref. Another `shape` needs a new plot; new numbers in the same
 * shape do not.
 */
export function usePlot<P>(
  picture: P,
  shape: string,
  create: (host: HTMLElement, latest: () => P) => uPlot,
  dataOf: (picture: P) => uPlot.AlignedData,
): RefObject<HTMLDivElement | null> {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(picture);
  latest.current = picture;
  useEffect(() => {
    if (host.current === null) return undefined;
    const created = create(host.current, () => latest.current);
    plot.current = created;
    const stopFollowing = followSurroundings(created, host.current);
    return () => {
      stopFollowing();
      created.destroy();
      plot.current = undefined;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf(picture)), [picture]);
  return host;
}
