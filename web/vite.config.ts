import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { budget } from './budget.ts';
import { uplotParts } from './uplot-parts.ts';

/** Writes each file as `.br` and `.gz` too, so that the portal compresses no page when it is asked for one. */
const packed: Plugin = {
  name: 'packed',
  generateBundle: {
    // After the plugin that completes the imports of pages.
    order: 'post',
    handler(_options, bundle) {
      for (const { fileName, ...file } of Object.values(bundle)) {
        const source = Buffer.from(file.type === 'chunk' ? file.code : file.source);
        this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source: brotliCompressSync(source) });
        this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(source, { level: 9 }) });
      }
    },
  },
};

/** All URLs are relative, so that a portal also works under a path of a proxy. */
export default defineConfig({
  base: './',
  plugins: [uplotParts, packed, budget],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    sourcemap: false,
    target: 'es2022',
    // The portal serves the pages with `default-src 'self'`, which forbids data: URLs.
    assetsInlineLimit: 0,
    // Pages would otherwise carry code that loads files ahead, which is larger than what it saves here.
    modulePreload: false,
    cssCodeSplit: false,
    // The first file has the overview and what pages share. Two larger files pack better than many small ones.
    rolldownOptions: {
      // Packing takes most of a short build, and that is no fault.
      checks: { pluginTimings: false },
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'start',
              test: /node_modules|web\/src\/(?!pages\/(project|grant|totals|prices|site|access)\/)/,
            },
            { name: 'more', test: /web\/src\/pages\// },
          ],
        },
      },
    },
  },
  // Calls of h pack better than those of the automatic runtime.
  oxc: {
    jsx: { runtime: 'classic', pragma: 'h', pragmaFrag: 'Fragment', development: false },
    jsxInject: `import { h, Fragment } from 'preact'`,
  },
  server: { host: '127.0.0.1', proxy: { '/api': 'http://127.0.0.1:8000' } },
});
