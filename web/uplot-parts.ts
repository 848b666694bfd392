import type { Plugin } from 'vite';

/** What uPlot hangs on its class for others, and no page calls. A bundler cannot tell, and would keep it. */
const UNUSED =
  /^\s*\(?(?:uPlot\.(?:assign|fmtNum|range\w+|orient|join|fmtDate|tzDate|sync|addGap|clipGaps)|paths\.spline)\s*=.*;$/gm;

/** Leaves out the parts of uPlot that the pages do not need. */
export const uplotParts: Plugin = {
  name: 'uplot-parts',
  transform: {
    filter: { id: /uPlot\.esm\.js$/ },
    handler(code) {
      const kept = code.replaceAll(UNUSED, '');
      if (kept === code) this.error('uPlot has other parts than before: look at them again');
      return { code: kept, map: null };
    },
  },
};
