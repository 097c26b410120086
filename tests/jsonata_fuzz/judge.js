// Evaluates expressions with the reference implementation of JSONata: JSON Lines in, JSON Lines out.
//
//   npm install jsonata@2.0.6        somewhere
//   NODE_PATH=<somewhere>/node_modules node judge.js
//
// Each line in is {"expr", "data", "mends"}; each line out {"result"}, {"undefined": true}, {"function": true}, {"hang": true}
// or {"error": code or "", "position", "message"}, behind a mark. The reference can run for ever, so it works in a thread that
// is given up after some seconds. Its clock stands at 1970.
//
// "mends" names mistakes of the reference, or what it leaves to chance, that are to be done away with before it answers: so
// that what two engines differ in can be put down to one of them by trying, and not by guessing from the expression.
'use strict';
const fs = require('fs');
const Module = require('module');
const { Worker, isMainThread, parentPort } = require('worker_threads');
const PATIENCE_MS = 5000;
const MARK = '\u0002';

const MENDS = {
  // The parts of arrays and objects, one after the other instead of side by side; groups as they were made.
  order: [
    ['var groups = {};', 'var groups = {}, made = [];'],
    ['groups[key] = entry;', 'groups[key] = entry;\n made.push(key);'],
    ['await Promise.all(expr.expressions\n                    .map(async', 'await inOrder(expr.expressions, (async'],
    ['await Promise.all(Object.keys(groups).map(async', 'await inOrder(made, (async'],
  ],
  // Predicates leave out what is undefined.
  holes: [
    ['var item = input[index];\n                var context = item;', 'var item = input[index];\n if (item === undefined) continue;\n var context = item;'],
  ],
  // `in` compares what values hold, not which they are.
  same: [['if(rhs[i] === lhs)', 'if(isDeepEqual(rhs[i], lhs))']],
  // Every term of an order is computed for every element, whether or not it is asked for.
  terms: [
    ['result = await fn.sort.apply(focus, [lhs, comparator]);',
      `if (lhs.length > 1) for (const one of lhs) for (const term of expr.terms)
         await evaluate(term.expression, isTupleSort ? one['@'] : one, isTupleSort ? createFrameFromTuple(environment, one) : environment);
       result = await fn.sort.apply(focus, [lhs, comparator]);`],
  ],
  // A replacement of a fixed text that is no text is no words: neither "undefined" nor a function's source.
  words: [['result += replacement;', "result += typeof replacement === 'string' ? replacement : '';"]],
  // A function that is handed to a function stays what it is.
  handed: [['if(isFunction(arg)) {\n                // wrap', 'if(isFunction(arg) && !isLambda(arg)) {\n                // wrap']],
  // Tuples that have been sorted are tuples still.
  sorted: [['result = await evaluateSortExpression(expr, tupleBindings, environment);',
    'result = await evaluateSortExpression(expr, tupleBindings, environment);\n result.tupleStream = true;']],
};
const variants = new Map();

// The reference with some mistakes mended.
function engine(mends) {
  const name = mends.join();
  if (!variants.has(name)) {
    const path = require.resolve('jsonata');
    let source = fs.readFileSync(path, 'utf8');
    for (const mend of mends) {
      for (const [from, to] of MENDS[mend]) {
        if (!source.includes(from)) throw new Error('nothing to mend: ' + mend);
        source = source.split(from).join(to);
      }
    }
    source += `\nasync function inOrder(parts, f) {
      const all = [];
      for (let i = 0; i < parts.length; i++) all.push(await f(parts[i], i));
      return all;
    }\nglobalThis.inOrder = inOrder;`;
    const module = new Module(path);
    module.filename = path;
    module.paths = Module._nodeModulePaths(path);
    module._compile(source, path);
    variants.set(name, module.exports);
  }
  return variants.get(name);
}

function holdsFunction(value, seen) {
  if (typeof value === 'function') return true;
  if (value === null || typeof value !== 'object' || seen.has(value)) return false;
  if (value._jsonata_function || value._jsonata_lambda) return true;
  seen.add(value);
  return Object.values(value).some((part) => holdsFunction(part, seen));
}

async function answer(line) {
  const { expr, data, mends } = JSON.parse(line);
  const jsonata = engine(mends || []);
  try {
    const value = await jsonata(expr).evaluate(data);
    if (value === undefined) return { undefined: true };
    if (holdsFunction(value, new Set())) return { function: true };
    return { result: value };
  } catch (error) {
    return { error: error.code || '', position: error.position, message: String(error.message) };
  }
}

function supervise() {
  const lines = require('readline').createInterface({ input: process.stdin, crlfDelay: Infinity });
  const waiting = [];
  let worker, timer, busy = false, ended = false;
  const start = () => {
    worker = new Worker(__filename);
    worker.on('message', settle);
    worker.on('error', () => { start(); settle('{"error":""}'); });
  };
  const settle = (text) => {
    clearTimeout(timer);
    process.stdout.write(MARK + text + '\n');
    busy = false;
    next();
  };
  const next = () => {
    if (busy) return;
    if (waiting.length === 0) return ended ? worker.terminate() : undefined;
    busy = true;
    worker.postMessage(waiting.shift());
    timer = setTimeout(() => {
      worker.removeAllListeners();
      worker.terminate();
      start();
      settle('{"hang":true}');
    }, PATIENCE_MS);
  };
  start();
  lines.on('line', (line) => { waiting.push(line); next(); });
  lines.on('close', () => { ended = true; next(); });
}

if (isMainThread) {
  supervise();
} else {
  const Clock = Date;
  globalThis.Date = class extends Clock {
    constructor(...parts) { super(...(parts.length ? parts : [0])); }
    static now() { return 0; }
  };
  parentPort.on('message', async (line) => parentPort.postMessage(JSON.stringify(await answer(line))));
}
