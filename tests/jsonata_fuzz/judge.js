// Evaluates expressions with the reference implementation of JSONata: JSON Lines in, JSON Lines out.
//
//   npm install jsonata@2.0.6        somewhere
//   NODE_PATH=<somewhere>/node_modules node judge.js
//
// Each line in is {"expr", "data"}; each line out {"result"}, {"undefined": true}, {"function": true}, {"hang": true} or
// {"error": code or "", "position", "message"}. The reference can run for ever, so it works in a thread that is given up
// after some seconds.
'use strict';
const { Worker, isMainThread, parentPort } = require('worker_threads');
const PATIENCE_MS = 5000;

function holdsFunction(value, seen) {
  if (typeof value === 'function') return true;
  if (value === null || typeof value !== 'object' || seen.has(value)) return false;
  if (value._jsonata_function || value._jsonata_lambda) return true;
  seen.add(value);
  return Object.values(value).some((part) => holdsFunction(part, seen));
}

async function answer(line) {
  const jsonata = require('jsonata');
  try {
    const { expr, data } = JSON.parse(line);
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
    process.stdout.write(text + '\n');
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
  parentPort.on('message', async (line) => parentPort.postMessage(JSON.stringify(await answer(line))));
}
