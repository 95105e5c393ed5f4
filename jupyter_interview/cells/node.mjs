// How does a cell run in Node.js? V8's own REPL mode evaluates it in the main thread: declarations stay and may be
// repeated, `await` is allowed, and lines are the cell's. A worker thread takes the orders, so that it can stop code
// that does not give way. Orders and answers are lines of JSON on the descriptors given as arguments.

import { ChildProcess } from 'node:child_process';
import { createReadStream, readFileSync, writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import module, { createRequire } from 'node:module';
import { Server } from 'node:net';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { promiseHooks } from 'node:v8';
import threads, { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

const TEXT_CHARS = 100_000;
const POLL_MS = 5;
// What a cell awaits and nothing can bring any more is given up after so long.
const UNSETTLED_MS = 300;
const GIVES_WAY_MS = 50;
const DECLARED = /^SyntaxError: Identifier '(.+)' has already been declared/;
const MANY_TIMERS = 1000;
const OwnWorker = Worker;

// V8 reserves half a gigabyte for the code of a thread, which counts against the kernel's memory.
const MODEST = { codeRangeSizeMb: 16, maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };
const LITTLE = { codeRangeSizeMb: 16, maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 };

// ---- the worker: {"run": path} and {"stop": true}

// Code that gives way hears of a stop as a message. Only code that does not is terminated: what V8 terminates is
// whatever runs next, and that would be ours.
function takeOrders({ orders, taken }) {
  const main = new Session();
  main.connectToMainThread();
  const lines = createInterface({ input: createReadStream(null, { fd: orders, autoClose: false }) });
  lines.on('line', line => {
    const order = JSON.parse(line);
    Atomics.store(taken, 0, 0);
    parentPort.postMessage(order);
    if (order.stop && Atomics.wait(taken, 0, 0, GIVES_WAY_MS) === 'timed-out') {
      main.post('Runtime.terminateExecution', () => undefined);
    }
  });
}

// ---- the main thread

function serve(orders, answers, language, mark) {
  const session = new Session();
  session.connect();
  const later = globalThis.setTimeout;
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const awaited = new Set();
  const cell = { stopped: null, exit: null, failed: null, lines: null, before: 0 };

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

  const renew = setUpGlobals(answer, cell, mark);
  const worker = new OwnWorker(new URL(import.meta.url), { workerData: { orders, taken }, resourceLimits: LITTLE });
  worker.on('message', order => {
    Atomics.store(taken, 0, 1);
    Atomics.notify(taken, 0);
    return order.stop ? cell.stopped?.() : run(order.run);
  });
  worker.on('error', error => {
    process.stderr.write(`${error.stack}\n`);
    process.reallyExit(70);
  });
  worker.once('online', () => answer({ ready: process.version }));

  async function run(path) {
    const stopped = new Promise(resolve => {
      cell.stopped = () => resolve('stopped');
    });
    cell.exit = cell.failed = cell.lines = null;
    cell.before = busy();
    renew();
    let end;
    try {
      const source = readFileSync(path, 'utf-8');
      let settled = false;
      const evaluated = evaluate(source).finally(() => (settled = true));
      end = await Promise.race([evaluated, unsettled(() => settled), stopped]);
      end ??= await Promise.race([finished(), stopped]);
      if (end !== undefined || cell.exit !== null || cell.failed !== null) {
        end = await ended(end);
      }
    } catch (error) {
      end = { done: true, error: { name: 'Error', message: String(error?.message ?? error), stack: '' } };
    }
    cell.stopped = null;
    answer(end ?? (process.exitCode ? { done: true, exit: Number(process.exitCode) } : { done: true }));
  }

  // Something of a cell that was stopped may go on: a loop of promises, a thread. Nothing here can end the former, so
  // it is not said that the cell is over: whoever interrupted it ends this process.
  async function ended(end) {
    stopAll();
    if (cell.failed !== null) {
      return { done: true, error: mapped(cell.failed, cell.lines) };
    }
    if (cell.exit !== null) {
      return { done: true, exit: cell.exit };
    }
    if (end !== 'stopped') {
      return end;
    }
    await quiet();
    return { done: true };
  }

  async function evaluate(source) {
    let prepared;
    try {
      prepared = prepare(source, language);
    } catch (error) {
      return { done: true, error: unparsed(error) };
    }
    cell.lines = prepared.lines;
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
    const result = await evaluated(expression);
    const [, name] = DECLARED.exec(result.exceptionDetails?.exception?.description ?? '') ?? [];
    const changed = name && code.replace(new RegExp(`\\bconst(?=\\s+${name.replaceAll('$', '\\$')}(?![\\w$]))`), 'let  ');
    return changed && changed !== code ? declared(changed) : result;
  }

  // What a cell awaits may never come, as when it was interrupted. Its own promise, the first that is made, is kept all
  // the same: V8 crashes when one that the inspector waits for is collected.
  function evaluated(expression) {
    return new Promise((resolve, reject) => {
      const kept = [];
      const stop = promiseHooks.onInit(promise => {
        kept.push(promise);
        awaited.add(kept);
        stop();
      });
      const parameters = { expression, replMode: true, awaitPromise: true };
      session.post('Runtime.evaluate', parameters, (error, result) => {
        awaited.delete(kept);
        return error ? reject(error) : resolve(result);
      });
      stop();
    });
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

  // What waits for the end of a program (a test runner, for instance) has its turn, and may go on.
  async function finished() {
    do {
      await quiet();
      process.emit('beforeExit', 0);
      await new Promise(resolve => later(resolve, 0));
    } while (busy() > cell.before);
  }

  // Only a cell that waits by itself can end like this: a promise that nobody waits for holds up no program.
  async function unsettled(over) {
    for (let idle = 0; idle < UNSETTLED_MS && !over(); idle = busy() > cell.before ? 0 : idle + POLL_MS) {
      await new Promise(resolve => later(resolve, POLL_MS).unref());
    }
    const message = 'The cell awaits something that nothing is left to bring.';
    return over() ? new Promise(() => undefined) : { done: true, error: { name: 'Error', message, stack: '' } };
  }
}

// Other threads may have a port, and ours has one.
function busy() {
  return process.getActiveResourcesInfo().length + workers.size;
}

const timers = new Set();

const workers = new Set();

class TrackedWorker extends Worker {
  constructor(file, options) {
    super(file, { ...options, resourceLimits: { ...MODEST, ...options?.resourceLimits } });
    workers.add(this);
    this.once('exit', () => workers.delete(this));
  }

  ref() {
    workers.add(this);
    return super.ref();
  }

  unref() {
    workers.delete(this);
    return super.unref();
  }
}

Object.defineProperty(TrackedWorker, 'name', { value: 'Worker' });

function stopAll() {
  for (const timer of timers) {
    clearTimeout(timer);
    clearImmediate(timer);
  }
  timers.clear();
  workers.forEach(worker => worker.terminate());
  for (const handle of process._getActiveHandles()) {
    if (handle instanceof Server) {
      handle.close();
      handle.closeAllConnections?.();
    } else if (handle instanceof ChildProcess) {
      handle.kill('SIGKILL');
    }
  }
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
const isSilent = value =>
  timers.has(value) || (value !== undefined && [module_.exports, module_.exports?.default].includes(value));

// What a file of CommonJS finds, so that a cell can be one.
const module_ = { exports: {}, id: '.', filename: `${process.cwd()}/cell.js`, loaded: false, children: [], paths: [] };

// Thrown by process.exit: the cell ends, and Node.js lives on.
class Exit extends Error {}

function setUpGlobals(answer, cell, mark) {
  ['setTimeout', 'setInterval', 'setImmediate'].forEach(track);
  const here = pathToFileURL(`${process.cwd()}/`);
  globalThis.$mport = name => import(/^\.{0,2}\//.test(name) ? new URL(name, here).href : name);
  const require = createRequire(module_.filename);
  require.main = module_;
  Object.assign(globalThis, { require, module: module_, __filename: module_.filename, __dirname: process.cwd() });
  Object.defineProperty(globalThis, 'exports', {
    get: () => module_.exports,
    set: value => (module_.exports = value),
    configurable: true
  });
  globalThis.$importMeta = {
    url: pathToFileURL(module_.filename).href,
    filename: module_.filename,
    dirname: process.cwd(),
    main: true,
    resolve: name => pathToFileURL(require.resolve(name)).href
  };
  threads.Worker = TrackedWorker;
  module.syncBuiltinESMExports();
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
  const writes = [process.stdout, process.stderr].map(stream => {
    stream._handle?.setBlocking?.(true); // a loop of prints waits for its reader and does not fill the memory
    return [stream, plainWrite(stream.fd, mark)];
  });
  process.argv = ['node', module_.filename];
  Error.prepareStackTrace = (error, sites) => {
    const end = sites.findIndex(site => site.getFileName() === 'node:inspector');
    const frames = (end < 0 ? sites : sites.slice(0, end)).map(site => `\n    at ${site}`);
    return `${Error.prototype.toString.call(error)}${frames.join('')}`;
  };
  process.on('SIGINT', () => undefined);
  // What fails late fails its run, and ends it, as it ends a program. After the cell's end there is only the text.
  const report = (error, kind) => {
    if (error instanceof Exit || process.listenerCount(kind) > 1) {
      return;
    }
    if (cell.stopped === null) {
      process.stderr.write(`Uncaught ${described(error).stack}\n`);
    } else {
      cell.failed ??= described(error);
      cell.stopped();
    }
  };
  process.on('uncaughtException', error => report(error, 'uncaughtException'));
  process.on('unhandledRejection', error => report(error, 'unhandledRejection'));
  return () => {
    writes.forEach(([stream, write]) => (stream.write = write));
    process.exitCode = undefined;
  };
}

// A write without any state: an interrupt that ends a cell in the midst of Node.js' own leaves the stream waiting for
// ever, and nothing that later cells print is ever seen.
//
// Both streams go through one pipe, which keeps their order: what is for stderr stands between two marks.
function plainWrite(fd, mark) {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const [before, after] = [Buffer.from(`${mark}2`), Buffer.from(`${mark}1`)];
  return (chunk, encoding, callback) => {
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
      throw new TypeError('The "chunk" argument must be a string or a Uint8Array');
    }
    let bytes =
      typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8') : chunk;
    if (fd === 2) {
      bytes = Buffer.concat([before, bytes, after]);
    }
    for (let sent = 0; sent < bytes.length; ) {
      try {
        sent += writeSync(1, bytes, sent);
      } catch (error) {
        if (error.code !== 'EAGAIN') {
          throw error;
        }
        Atomics.wait(pause, 0, 0, 1); // a child that shares the pipe has made it give way
      }
    }
    if (typeof done === 'function') {
      process.nextTick(done);
    }
    return true;
  };
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
  const plain = withoutExports(source);
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

function withoutExports(source) {
  return source
    .replace(/^export\s*(?:type\s*)?(?:\{[^}]*\}|\*(?:\s*as\s+[\w$]+)?)\s*(?:from\s*(['"])[^'"\n]+\1)?[ \t]*;?/gm, blanks)
    .replace(/^export +default +(?=(?:async +)?function\b\s*\*?\s*[\w$]|(?:abstract +)?class +(?!extends\b)[\w$])/gm, blanks)
    .replace(/^export +default\b/gm, 'exports.default=')
    .replace(/^export +(?=(?:abstract|async|class|const|declare|enum|function|interface|let|namespace|type|var)\b)/gm, blanks);
}

const blanks = text => text.replace(/[^\n]/g, ' ');

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
    .replace(/(?<![\w$.'"`])import(?=\s*\()/g, '$$mport')
    .replace(/(?<![\w$.'"`])import\.meta\b/g, '$$importMeta');
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

// ---- all of the above is there

if (isMainThread) {
  serve(Number(process.argv[2]), Number(process.argv[3]), process.argv[4], process.argv[5]);
} else {
  takeOrders(workerData);
}
