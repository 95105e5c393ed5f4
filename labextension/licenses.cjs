/**
 * Under which licences is what the bundles contain?
 *
 * Beside each bundle lies `third-party-licenses.json`, in the form of JupyterLab's own: packages with version, licence and
 * its text. `jupyter-builder` writes that of the extension, and leaves a text empty where a package was published without
 * one. Those are in `licenses/`, one file for each publisher. A build with a package of which there is no text fails.
 */
const fs = require('fs');
const path = require('path');

const NAME = 'third-party-licenses.json';

/** Whose text it is, for packages that were published without. */
const PUBLISHERS = [
  [/^@(jupyter|jupyterlab|lumino)\//, 'jupyter.txt'],
  [/^@microsoft\//, 'microsoft.txt'],
  [/^vega(-|$)/, 'vega.txt'],
  [/^fastdom$/, 'fastdom.txt'],
  [/^json-schema-merge-allof$/, 'json-schema-merge-allof.txt']
];

/** The text of a package's licence: its own, else its publisher's. */
function textOf(name, folder) {
  const own = folder ? fs.readdirSync(folder).filter(file => /^(licen[cs]e|copying|notice)/i.test(file)) : [];
  const texts = own
    .sort()
    .map(file => path.join(folder, file))
    .filter(file => fs.statSync(file).isFile())
    .map(file => fs.readFileSync(file, 'utf8').trim());
  if (texts.length) {
    return texts.join('\n\n');
  }
  const known = PUBLISHERS.find(([pattern]) => pattern.test(name));
  return known ? fs.readFileSync(path.join(__dirname, 'licenses', known[1]), 'utf8').trim() : '';
}

/** The folder of the package that a module is of; null for what is our own. */
function folderOf(resource) {
  const at = resource.lastIndexOf(`${path.sep}node_modules${path.sep}`);
  if (at < 0) {
    return null;
  }
  const parts = resource.slice(at).split(path.sep).slice(2);
  const name = parts[0].startsWith('@') ? parts.slice(0, 2) : parts.slice(0, 1);
  return path.join(resource.slice(0, at), 'node_modules', ...name);
}

function describe(folder) {
  const { name, version, license, licenses } = JSON.parse(
    fs.readFileSync(path.join(folder, 'package.json'), 'utf8')
  );
  const named = [license ?? licenses ?? []].flat().map(item => item.type ?? item);
  return {
    name,
    versionInfo: version,
    licenseId: named.join(' OR ') || 'see the text',
    extractedText: textOf(name, folder)
  };
}

function write(file, packages) {
  const silent = packages.filter(item => !item.extractedText).map(item => `${item.name} (${item.licenseId})`);
  if (silent.length) {
    throw new Error(`No text of the licence, add it to licenses/: ${[...new Set(silent)].join(', ')}`);
  }
  const sorted = [...packages].sort((one, other) => (one.name < other.name ? -1 : 1));
  fs.writeFileSync(file, `${JSON.stringify({ packages: sorted }, null, 1)}\n`);
}

/** A plugin that takes note of the packages in a bundle. */
class Contents {
  constructor() {
    this.folders = new Set();
  }

  apply(compiler) {
    compiler.hooks.compilation.tap('Contents', compilation => {
      compilation.hooks.finishModules.tap('Contents', modules => {
        for (const module of modules) {
          const folder = module.resource ? folderOf(module.resource) : null;
          if (folder !== null) {
            this.folders.add(folder);
          }
        }
      });
    });
  }

  /** Write the licences of all that was seen. */
  write(directory) {
    const found = new Map(
      [...this.folders].map(describe).map(item => [`${item.name}@${item.versionInfo}`, item])
    );
    write(path.join(directory, NAME), [...found.values()]);
    return found.size;
  }
}

/** Fill in the texts that are missing beside a bundle of `jupyter-builder`'s. */
function complete(directory) {
  const file = path.join(directory, NAME);
  const { packages } = JSON.parse(fs.readFileSync(file, 'utf8'));
  write(
    file,
    packages.map(item => ({ ...item, extractedText: item.extractedText || textOf(item.name, null) }))
  );
}

module.exports = { Contents, complete };

if (require.main === module) {
  complete(process.argv[2]);
}
