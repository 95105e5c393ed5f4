/**
 * How does the player become a page? See docs/developers/frames.md.
 *
 * Twice, with one style sheet. For the server's page, `replay.js`, which fetches what it needs of the rest: languages and
 * formulas. For a file on disk, `file.js`, which needs nothing else. That and the style sheet are pasted into an HTML
 * file, so neither may contain what would end its element there.
 *
 * So are the scripts of isolated frames (../src/isolated), which draw charts and diagrams, in the room as well: they fetch
 * what they need of their parts; for a file each is one piece.
 */
const fs = require('fs');
const path = require('path');

const rspack = require('@rspack/core');
const svgToDataUri = require('mini-svg-data-uri');

const { Contents } = require('../licenses.cjs');

const STATIC = path.resolve(__dirname, '../../jupyter_interview/static');
const OUTPUT = path.join(STATIC, 'replay');
const ISOLATED = path.join(STATIC, 'isolated');

/** Half of what diagrams need, for a layout that few ask for: a file does without. */
const LARGE = ['@mermaid-js/layout-elk'];

const contents = new Contents();

const css = {
  loader: 'css-loader',
  // Styles of widgets that JupyterLab itself has not used for years are most of its style sheet.
  options: { import: { filter: url => !/deprecated(Extra)?\.css$/.test(url) } }
};

const common = {
  mode: 'production',
  context: path.resolve(__dirname, '..'),
  devtool: false,
  performance: false,
  target: ['web', 'es2022'],
  plugins: [
    contents,
    new rspack.CssExtractRspackPlugin({ filename: '[name].css' }),
    new rspack.ProvidePlugin({ process: require.resolve('process/browser') })
  ]
};

const resolve = {
  fullySpecified: false,
  fallback: { url: false, buffer: false, crypto: false, path: require.resolve('path-browserify') }
};

const rules = [
  { test: /\.css$/, use: [rspack.CssExtractRspackPlugin.loader, css], type: 'javascript/auto' },
  // Every browser that has DecompressionStream reads WOFF2: the other formats stay away.
  { test: /\.woff2$/, type: 'asset/inline' },
  { test: /\.(woff|ttf|eot)$/, type: 'asset/inline', generator: { dataUrl: () => 'data:,' } },
  { test: /\.(png|gif|jpg)$/, type: 'asset/inline' },
  {
    test: /\.svg$/,
    issuer: /\.css$/,
    type: 'asset/inline',
    generator: { dataUrl: content => svgToDataUri(content.toString()) }
  },
  { test: /\.svg$/, issuer: /\.js$/, type: 'asset/source' },
  { test: /\.m?js$/, type: 'javascript/auto', resolve: { fullySpecified: false } }
];

const page = {
  ...common,
  entry: { replay: ['./replaypage/replay.css', './lib/replaypage/index.js'] },
  output: { path: OUTPUT, filename: '[name].js', chunkFilename: 'fetched-[id].js', publicPath: '' },
  resolve,
  module: { rules }
};

const file = {
  ...common,
  entry: { file: './lib/replaypage/index.js' },
  output: { path: OUTPUT, filename: '[name].js', publicPath: '' },
  resolve,
  module: { rules, parser: { javascript: { dynamicImportMode: 'eager' } } }
};

const INSIDE = { chart: './lib/isolated/inside/chart.js', diagram: './lib/isolated/inside/diagram.js' };

const isolated = {
  ...common,
  entry: INSIDE,
  output: { path: ISOLATED, filename: '[name].js', chunkFilename: 'fetched-[id].js', publicPath: 'auto' },
  resolve,
  module: { rules }
};

const isolatedInFile = {
  ...common,
  entry: Object.fromEntries(Object.entries(INSIDE).map(([name, script]) => [`file-${name}`, script])),
  output: { path: ISOLATED, filename: '[name].js', publicPath: '' },
  resolve: { ...resolve, alias: Object.fromEntries(LARGE.map(name => [`${name}$`, false])) },
  module: { rules, parser: { javascript: { dynamicImportMode: 'eager' } } }
};

/** Rewrite a file so that it can stand between tags. */
function enclose(place, ...replacements) {
  const text = replacements.reduce(
    (before, [what, by]) => before.replace(what, by),
    fs.readFileSync(place, 'utf8')
  );
  fs.writeFileSync(place, text);
  return text.length;
}

// In JavaScript both can only stand in strings, templates and regular expressions, where `\/` and `\x21` mean the same.
const pasted = place => enclose(place, [/<\/(script)/gi, '<\\/$1'], [/<!--/g, '<\\x21--']);

for (const folder of [OUTPUT, ISOLATED]) {
  fs.rmSync(folder, { recursive: true, force: true });
}
rspack.rspack([page, file, isolated, isolatedInFile], (error, stats) => {
  if (error || stats.hasErrors()) {
    console.error(error ?? stats.toString({ preset: 'errors-only' }));
    process.exit(1);
  }
  for (const folder of [OUTPUT, ISOLATED]) {
    for (const name of fs.readdirSync(folder)) {
      // Pictures that are in the style sheet as well, licences, and an empty style sheet for the file.
      if (!/\.(js|css)$/.test(name) || name === 'file.css') {
        fs.rmSync(path.join(folder, name), { recursive: true });
      }
    }
  }
  contents.write(OUTPUT);
  contents.write(ISOLATED);
  const sizes = {
    'replay.js': fs.statSync(path.join(OUTPUT, 'replay.js')).size,
    'file.js': pasted(path.join(OUTPUT, 'file.js')),
    'replay.css': enclose(path.join(OUTPUT, 'replay.css'), [/<\/(style)/gi, '<\\/$1'])
  };
  for (const name of Object.keys(INSIDE)) {
    sizes[`${name}.js`] = fs.statSync(path.join(ISOLATED, `${name}.js`)).size;
    sizes[`file-${name}.js`] = pasted(path.join(ISOLATED, `file-${name}.js`));
  }
  console.log(
    Object.entries(sizes)
      .map(([name, size]) => `${name} ${Math.round(size / 1024)} kB`)
      .join(', ')
  );
});
