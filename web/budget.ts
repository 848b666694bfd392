import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

/** The most bytes of scripts and style sheets of all pages, in gzip. */
const MOST_BYTES = 75_000;

/** Says how large the code of the pages is, in gzip, and fails the build if it is too large. */
export const budget: Plugin = {
  name: 'budget',
  generateBundle: {
    // After the plugin that completes the imports of pages.
    order: 'post',
    handler(_options, bundle) {
      const files = Object.values(bundle);
      const code = files.filter(({ fileName }) => /\.(js|css)$/.test(fileName));
      const said = `the pages have ${kilobytes(code)} of code in gzip, ${kilobytes(firstFiles(code, bundle))} of them at first`;
      if (bytesOf(code) > MOST_BYTES) this.error(`${said}: ${MOST_BYTES / 1000} kB are the most`);
      else this.environment.logger.info(said);
    },
  },
};

type File = Rolldown.OutputAsset | Rolldown.OutputChunk;

/** The code that a browser loads first: what the HTML names, and what that imports. */
function firstFiles(code: readonly File[], bundle: Rolldown.OutputBundle): File[] {
  const page = bundle['index.html'];
  const html = page?.type === 'asset' ? String(page.source) : '';
  const found = new Set(code.filter(({ fileName }) => html.includes(fileName)));
  for (const file of found)
    for (const name of file.type === 'chunk' ? file.imports : []) found.add(bundle[name] ?? file);
  return [...found];
}

function kilobytes(files: readonly File[]): string {
  return `${(bytesOf(files) / 1000).toFixed(1)} kB`;
}

function bytesOf(files: readonly File[]): number {
  return files
    .map((file) => gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 }).length)
    .reduce((sum, bytes) => sum + bytes, 0);
}
