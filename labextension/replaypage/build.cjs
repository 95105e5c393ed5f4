/**
 * How does the player become a page? See docs/developers/frames.md.
 *
 * Twice, with one style sheet. For the server's page, `replay.js`, which fetches what it needs of the rest: languages,
 * formulas, charts and diagrams are more than half of it. For a file on disk, `file.js`, which needs nothing else; charts
 * and diagrams it has not. That and the style sheet are pasted into an HTML file, so neither may contain what would end
 * its element there.
 */
const fs = require('fs');
const path = require('path');

const rspack = require('@rspack/core');
const svgToDataUri = require('mini-svg-data-uri');

const OUTPUT = path.resolve(__dirname, '../../jupyter_interview/static/replay');

/** What only the server's page can have. */
const LARGE = ['vega-embed', 'mermaid', 'mermaid/package.json', '@mermaid-js/layout-elk'];

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
  resolve: { ...resolve, alias: Object.fromEntries(LARGE.map(name => [`${name}$`, false])) },
  module: { rules, parser: { javascript: { dynamicImportMode: 'eager' } } }
};

/** Rewrite a file so that it can stand between tags. */
function enclose(name, ...replacements) {
  const place = path.join(OUTPUT, name);
  const text = replacements.reduce(
    (before, [what, by]) => before.replace(what, by),
    fs.readFileSync(place, 'utf8')
  );
  fs.writeFileSync(place, text);
  return text.length;
}

fs.rmSync(OUTPUT, { recursive: true, force: true });
rspack.rspack([page, file], (error, stats) => {
  if (error || stats.hasErrors()) {
    console.error(error ?? stats.toString({ preset: 'errors-only' }));
    process.exit(1);
  }
  for (const name of fs.readdirSync(OUTPUT)) {
    // Pictures that are in the style sheet as well, licences, and an empty style sheet for the file.
    if (!/\.(js|css)$/.test(name) || name === 'file.css') {
      fs.rmSync(path.join(OUTPUT, name), { recursive: true });
    }
  }
  // In JavaScript both can only stand in strings, templates and regular expressions, where `\/` and `\x21` mean the same.
  const script = enclose('file.js', [/<\/(script)/gi, '<\\/$1'], [/<!--/g, '<\\x21--']);
  const style = enclose('replay.css', [/<\/(style)/gi, '<\\/$1']);
  const own = fs.statSync(path.join(OUTPUT, 'replay.js')).size;
  const sizes = { 'replay.js': own, 'file.js': script, 'replay.css': style };
  console.log(
    Object.entries(sizes)
      .map(([name, size]) => `${name} ${Math.round(size / 1024)} kB`)
      .join(', ')
  );
});
