// Bundles each island with its stylesheet into static/dist under hashed names, and writes the manifest that pages read.
import { build } from 'esbuild';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '..', 'static', 'dist');
const islands = ['viewer', 'replay', 'modeler', 'dmn', 'diff'];

// CodeMirror writes a <style> element, which the content security policy blocks; constructed style sheets are allowed.
const styles = {
  name: 'constructed-style-sheets',
  setup(build) {
    build.onLoad({ filter: /style-mod[\\/](src|dist)[\\/]style-mod\.c?js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const changed = source.replace('!root.head && root.adoptedStyleSheets', 'root.adoptedStyleSheets');
      if (changed === source) throw new Error(`style-mod has changed, look at the patch in build.mjs: ${path}`);
      return { contents: changed, loader: 'js' };
    });
  },
};

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: islands.map((name) => `${name}.js`),
  outdir: target,
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  assetNames: '[name]-[hash]',
  publicPath: '/static/dist',
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
  loader: { '.woff': 'file', '.woff2': 'file', '.ttf': 'empty', '.eot': 'empty', '.svg': 'empty' },
  plugins: [styles],
});

const manifest = {};
for (const [path, output] of Object.entries(metafile.outputs)) {
  if (!output.entryPoint) continue;
  const name = basename(output.entryPoint, '.js');
  manifest[`${name}.js`] = basename(path);
  if (output.cssBundle) manifest[`${name}.css`] = basename(output.cssBundle);
  manifest[`${name}.preload`] = output.imports.filter((one) => one.kind === 'import-statement').map((one) => basename(one.path));
}
await writeFile(join(target, 'manifest.json'), JSON.stringify(manifest, null, 2) + '\n');
