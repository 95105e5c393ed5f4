/**
 * How does the player become one script and one style sheet that need nothing else? See docs/developers/frames.md.
 *
 * Both are pasted into an HTML file, so neither may contain what would end its element there.
 */
const fs = require('fs');
const path = require('path');

const rspack = require('@rspack/core');
const svgToDataUri = require('mini-svg-data-uri');

const OUTPUT = path.resolve(__dirname, '../../jupyter_interview/static/replay');

const css = {
  loader: 'css-loader',
  // Styles of widgets that JupyterLab itself has not used for years are most of its style sheet.
  options: { import: { filter: url => !/deprecated(Extra)?\.css$/.test(url) } }
};

const config = {
  mode: 'production',
  context: path.resolve(__dirname, '..'),
  entry: { replay: ['./offline/replay.css', './lib/offline/index.js'] },
  output: { path: OUTPUT, filename: '[name].js', clean: true, asyncChunks: false, publicPath: '' },
  devtool: false,
  performance: false,
  target: ['web', 'es2022'],
  resolve: {
    fullySpecified: false,
    fallback: { url: false, buffer: false, crypto: false, path: require.resolve('path-browserify') }
  },
  module: {
    rules: [
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
    ]
  },
  optimization: { splitChunks: false, runtimeChunk: false },
  plugins: [
    new rspack.CssExtractRspackPlugin({ filename: '[name].css' }),
    new rspack.optimize.LimitChunkCountPlugin({ maxChunks: 1 }),
    new rspack.ProvidePlugin({ process: require.resolve('process/browser') })
  ]
};

/** Rewrite a file so that it can stand between tags. */
function enclose(name, ...replacements) {
  const file = path.join(OUTPUT, name);
  const text = replacements.reduce(
    (before, [what, by]) => before.replace(what, by),
    fs.readFileSync(file, 'utf8')
  );
  fs.writeFileSync(file, text);
  return text.length;
}

rspack.rspack(config, (error, stats) => {
  if (error || stats.hasErrors()) {
    console.error(error ?? stats.toString({ preset: 'errors-only' }));
    process.exit(1);
  }
  // In JavaScript both can only stand in strings, templates and regular expressions, where `\/` and `\x21` mean the same.
  const script = enclose('replay.js', [/<\/(script)/gi, '<\\/$1'], [/<!--/g, '<\\x21--']);
  const style = enclose('replay.css', [/<\/(style)/gi, '<\\/$1']);
  for (const name of fs.readdirSync(OUTPUT)) {
    if (!['replay.js', 'replay.css'].includes(name)) {
      fs.rmSync(path.join(OUTPUT, name), { recursive: true });
    }
  }
  console.log(`replay.js ${Math.round(script / 1024)} kB, replay.css ${Math.round(style / 1024)} kB`);
});
