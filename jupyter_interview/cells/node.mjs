// How does a cell run in Node.js? V8's own REPL mode evaluates it in the main thread: declarations stay and may be
// repeated, `await` is allowed, and lines are the cell's. A worker thread takes the orders, so that it can stop code
// that does not give way. Orders and answers are lines of JSON on the descriptors given as arguments.

import { createReadStream, readFileSync, writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import module, { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

const TEXT_CHARS = 100_000;
const POLL_MS = 5;
const DECLARED = /^SyntaxError: Identifier '(.+)' has already been declared/;
const MANY_TIMERS = 1000;

// V8 reserves half a gigabyte for the code of a thread, which counts against the kernel's memory.
const LITTLE = { codeRangeSizeMb: 16, maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 };

if (isMainThread) {
  serve(Number(process.argv[2]), Number(process.argv[3]), process.argv[4]);
} else {
  takeOrders(workerData);
}

// ---- the worker: {"run": path} and {"stop": true}

function takeOrders(orders) {
  const main = new Session();
  main.connectToMainThread();
  const lines = createInterface({ input: createReadStream(null, { fd: orders, autoClose: false }) });
  lines.on('line', line => {
    const order = JSON.parse(line);
    if (order.stop) {
      main.post('Runtime.terminateExecution', () => undefined);
    }
    parentPort.postMessage(order);
  });
}

// ---- the main thread

function serve(orders, answers, language) {
  const session = new Session();
  session.connect();
  const later = globalThis.setTimeout;
  const cell = { stopped: null, exit: null, before: 0 };

  const answer = message => {
    const bytes = Buffer.from(JSON.stringify(message) + '\n');
    for (let sent = 0; sent < bytes.length; ) {
      sent += writeSync(answers, bytes, sent);
    }
  };
  const post = (method, parameters) =>
    new Promise((resolve, reject) =>
      session.post(method, parameters, (error, result) => (error ? reject(error) : resolve(result)))
    );

  setUpGlobals(answer, cell);
  const worker = new Worker(new URL(import.meta.url), { workerData: orders, resourceLimits: LITTLE });
  worker.on('message', order => (order.stop ? cell.stopped?.() : run(order.run)));
  worker.on('error', error => {
    process.stderr.write(`${error.stack}\n`);
    process.reallyExit(70);
  });
  worker.once('online', () => answer({ ready: process.version }));

  async function run(path) {
    const stopped = new Promise(resolve => {
      cell.stopped = () => resolve('stopped');
    });
    cell.exit = null;
    cell.before = busy();
    let end = { done: true };
    try {
      end = (await Promise.race([evaluate(readFileSync(path, 'utf-8')), stopped])) ?? end;
      if (end === 'stopped' || cell.exit !== null || (await Promise.race([quiet(), stopped])) === 'stopped') {
        stopTimers();
        end = cell.exit === null ? (end === 'stopped' ? { done: true } : end) : { done: true, exit: cell.exit };
      }
    } catch (error) {
      end = { done: true, error: { name: 'Error', message: String(error?.message ?? error), stack: '' } };
    }
    cell.stopped = null;
    answer(end);
  }

  async function evaluate(source) {
    let prepared;
    try {
      prepared = prepare(source, language);
    } catch (error) {
      return { done: true, error: unparsed(error) };
    }
    const result = await declared(prepared.code);
    const details = result.exceptionDetails;
    if (details === undefined) {
      if (result.result.subtype === 'promise') {
        return promised(result.result.objectId, prepared.lines);
      }
      if (result.result.type !== 'undefined') {
        await show('value', result.result);
      }
      return null;
    }
    return failed(details, prepared.lines);
  }

  // V8 lets a cell declare again what an earlier one did, but not with `const` what was `let`: such a one becomes `let`.
  async function declared(code) {
    const expression = `${code}\n//# sourceURL=cell`;
    answer({ begun: true });
    const result = await post('Runtime.evaluate', { expression, replMode: true, awaitPromise: true });
    const [, name] = DECLARED.exec(result.exceptionDetails?.exception?.description ?? '') ?? [];
    const changed = name && code.replace(new RegExp(`\\bconst(?=\\s+${name.replaceAll('$', '\\$')}(?![\\w$]))`), 'let  ');
    return changed && changed !== code ? declared(changed) : result;
  }

  // A last line such as `main()` gives a promise; that it was rejected is the cell's failure.
  async function promised(promiseObjectId, lines) {
    const settled = post('Runtime.awaitPromise', { promiseObjectId });
    await new Promise(resolve => later(resolve, 0)); // one that needs nothing but its turn has had it by then
    const result = await Promise.race([settled, quiet()]);
    return result?.exceptionDetails === undefined ? null : failed(result.exceptionDetails, lines);
  }

  async function failed(details, lines) {
    const error = await show('error', details.exception ?? { value: details.text });
    if (error.name === 'SyntaxError' && details.scriptId !== undefined && !/\bcell:\d/.test(error.stack)) {
      error.line = details.lineNumber + 1;
      error.column = details.columnNumber + 1;
    }
    return { done: true, error: mapped(error, lines) };
  }

  // Calls one of the functions below with a value that only the inspector has.
  async function show(how, remote) {
    const { result: own } = await post('Runtime.evaluate', { expression: `globalThis[Symbol.for('interview')]` });
    const argument =
      remote.objectId !== undefined
        ? { objectId: remote.objectId }
        : remote.unserializableValue !== undefined
          ? { unserializableValue: remote.unserializableValue }
          : { value: remote.value };
    const { result } = await post('Runtime.callFunctionOn', {
      objectId: own.objectId,
      functionDeclaration: 'function (how, value) { return this[how](value) }',
      arguments: [{ value: how }, argument],
      returnByValue: true
    });
    return result.value;
  }

  // A cell is over, as a program is, when nothing is left that could still call back.
  function quiet() {
    return new Promise(resolve => {
      const look = () => (busy() <= cell.before ? resolve() : later(look, POLL_MS).unref());
      look();
    });
  }
}

function busy() {
  return process.getActiveResourcesInfo().filter(name => name !== 'MessagePort').length;
}

const timers = new Set();

function stopTimers() {
  for (const timer of timers) {
    clearTimeout(timer);
    clearImmediate(timer);
  }
  timers.clear();
}

function track(name) {
  const start = globalThis[name];
  const tracked = (...rest) => {
    const timer = start(...rest);
    timers.add(timer);
    if (timers.size > MANY_TIMERS) {
      timers.forEach(old => old._destroyed && timers.delete(old));
    }
    return timer;
  };
  globalThis[name] = Object.defineProperties(tracked, Object.getOwnPropertyDescriptors(start));
}

// What a last line often gives and nobody wants to see.
const isSilent = value => timers.has(value);

// Thrown by process.exit: the cell ends, and Node.js lives on.
class Exit extends Error {}

function setUpGlobals(answer, cell) {
  ['setTimeout', 'setInterval', 'setImmediate'].forEach(track);
  const here = pathToFileURL(`${process.cwd()}/`);
  globalThis.$mport = name => import(/^\.{0,2}\//.test(name) ? new URL(name, here).href : name);
  globalThis.require = createRequire(`${process.cwd()}/cell.js`);
  const display = data => answer({ display: data });
  globalThis.display = {
    html: text => display({ 'text/html': String(text), 'text/plain': String(text) }),
    svg: text => display({ 'image/svg+xml': String(text), 'text/plain': String(text) }),
    markdown: text => display({ 'text/markdown': String(text), 'text/plain': String(text) }),
    json: value => display({ 'application/json': JSON.parse(JSON.stringify(value)), 'text/plain': inspect(value) })
  };
  globalThis[Symbol.for('interview')] = {
    value: value => isSilent(value) || answer({ value: inspect(value).slice(0, TEXT_CHARS) }),
    error: described
  };
  process.exit = code => {
    cell.exit = Number(code ?? process.exitCode ?? 0);
    cell.stopped?.();
    throw new Exit();
  };
  for (const stream of [process.stdout, process.stderr]) {
    stream._handle?.setBlocking?.(true); // a loop of prints waits for its reader and does not fill the memory
  }
  process.argv = ['node', 'cell'];
  Error.prepareStackTrace = (error, sites) => {
    const end = sites.findIndex(site => site.getFileName() === 'node:inspector');
    const frames = (end < 0 ? sites : sites.slice(0, end)).map(site => `\n    at ${site}`);
    return `${Error.prototype.toString.call(error)}${frames.join('')}`;
  };
  process.on('SIGINT', () => undefined);
  const report = error => error instanceof Exit || process.stderr.write(`Uncaught ${described(error).stack}\n`);
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
}

// ---- errors

function described(error) {
  if (!(error instanceof Error)) {
    return { name: 'Uncaught', message: inspect(error).slice(0, TEXT_CHARS), stack: '' };
  }
  const stack = String(error.stack ?? '').slice(0, TEXT_CHARS);
  return { name: String(error.name), message: String(error.message), stack };
}

// Node.js puts the place and the line of what it cannot strip of types before the stack.
function unparsed(error) {
  const [, line, caret] = /^[^\n]*:(\d+)\n(?:[^\n]*\n)*?( *)\^/.exec(error.stack) ?? [];
  return { name: 'SyntaxError', message: error.message, stack: '', line, column: caret && caret.length + 1 };
}

function mapped(error, lines) {
  if (lines === null) {
    return error;
  }
  const stack = error.stack.replace(/\bcell:(\d+):(\d+)/g, (_, line) => `cell:${lines[line - 1] ?? line}`);
  return { ...error, stack, line: lines[error.line - 1] ?? error.line };
}

// ---- from a cell's source to what V8 takes in REPL mode: no types, no static imports, no exports

function prepare(source, language) {
  const plain = source.replace(/^export +(?=(?:async|const|class|enum|function|interface|let|type|var)\b)/gm, blanks);
  if (language !== 'typescript') {
    return { code: dynamicImports(plain), lines: null };
  }
  try {
    return { code: dynamicImports(module.stripTypeScriptTypes(plain, { mode: 'strip', sourceUrl: 'cell' })), lines: null };
  } catch (error) {
    if (error.code !== 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
      throw error;
    }
  }
  const code = module.stripTypeScriptTypes(plain, { mode: 'transform', sourceMap: true, sourceUrl: 'cell' });
  return { code: dynamicImports(code), lines: lineMap(code) };
}

const blanks = text => ' '.repeat(text.length);

// The inspector's code cannot import. `$mport` can, and is as long.
function dynamicImports(code) {
  return code
    .replace(/^import\s+(['"][^'"\n]+['"])/gm, 'await import($1)')
    .replace(/^import\s+([\w$*{][^'";]*?)\s+from\s*(['"][^'"\n]+['"])/gm, (_, names, from) => {
      const star = /^(?:([\w$]+)\s*,\s*)?\*\s*as\s+([\w$]+)$/.exec(names);
      if (star !== null) {
        return `const ${star[2]} = await import(${from})${star[1] ? `, ${star[1]} = ${star[2]}.default` : ''}`;
      }
      const [, first, braces] = /^([\w$]+)?\s*,?\s*(\{[^}]*\})?$/.exec(names) ?? [null, null, names];
      const listed = (braces ?? '{}').slice(1, -1).replace(/\bas\b/g, ':');
      return `const {${first ? ` default: ${first},` : ''}${listed}} = await import(${from})`;
    })
    .replace(/(?<![\w$.'"`])import(?=\s*\()/g, '$$mport');
}

// For each line of the code the line of the source, from the first segment of a source map's lines.
function lineMap(code) {
  const data = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)/.exec(code);
  if (data === null) {
    return null;
  }
  const { mappings } = JSON.parse(Buffer.from(data[1], 'base64').toString());
  let line = 0;
  return mappings.split(';').map(segments => {
    let first = null;
    for (const segment of segments.split(',')) {
      const fields = digits(segment);
      if (fields.length > 2) {
        line += fields[2];
        first ??= line + 1;
      }
    }
    return first ?? line + 1;
  });
}

function digits(segment) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const result = [];
  let value = 0;
  let shift = 0;
  for (const character of segment) {
    const digit = alphabet.indexOf(character);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit < 32) {
      result.push(value & 1 ? -(value >> 1) : value >> 1);
      value = shift = 0;
    }
  }
  return result;
}
