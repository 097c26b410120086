// Runs a Lambda function written for Node.js: asks the Runtime API for events, hands them to the handler, posts what it
// returns or raises.
//
// It is read from stdin, so that nothing has to be installed; its argument is the handler, `file.function`, in the folder
// that LAMBDA_TASK_ROOT names. It must never write to stdout or stderr itself: both belong to the function.
//
// As Lambda's own runtime, it takes handlers that return a promise or a value, and those that call back; CommonJS and ES
// modules. Other than that, it answers as soon as a handler has called back, without waiting for the event loop to empty.
"use strict";

const fs = require("fs");
const http = require("http");
const path = require("path");
const { pathToFileURL } = require("url");
const { createRequire } = require("module");

const API = "/2018-06-01/runtime/";
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

// One request; its answer's headers and text.
function ask(method, place, body, headers) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method, path: API + place, headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ headers: response.headers, text: Buffer.concat(parts).toString("utf8") }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

function post(place, body, headers) {
  const bytes = Buffer.from(body, "utf8");
  return ask("POST", place, bytes, { "Content-Type": "application/json", "Content-Length": bytes.length, ...headers });
}

// An error in Lambda's form; anything can be thrown.
function report(error) {
  if (error instanceof Error || (error && typeof error === "object" && "message" in error && "stack" in error)) {
    return {
      errorType: String(error.name ?? "Error"),
      errorMessage: String(error.message ?? ""),
      // This script's own frames are of no use to anybody.
      trace: String(error.stack ?? "").split("\n").filter((line) => !line.includes("[stdin]")),
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function postError(place, error) {
  const told = report(error);
  return post(place, JSON.stringify(told), { "Lambda-Runtime-Function-Error-Type": told.errorType.replace(/[^\x20-\x7e]/g, "?") });
}

function failure(name, message) {
  return Object.assign(new Error(message), { name, stack: `${name}: ${message}` });
}

async function load(text) {
  const root = process.env.LAMBDA_TASK_ROOT || process.cwd();
  const dot = text.indexOf(".");
  const file = path.resolve(root, text.slice(0, dot));
  const found = [".js", ".mjs", ".cjs"].map((ending) => file + ending).find((name) => fs.existsSync(name));
  if (!found) {
    throw failure("Runtime.ImportModuleError", `Error: Cannot find module '${text.slice(0, dot)}' in ${root}`);
  }
  let module;
  try {
    // CommonJS first: so its exports are as `require` gives them; what only `import` can load is told apart by Node.
    module = found.endsWith(".mjs") ? await import(pathToFileURL(found)) : createRequire(found)(found);
  } catch (error) {
    const only = error && ["ERR_REQUIRE_ESM", "ERR_REQUIRE_ASYNC_MODULE"].includes(error.code);
    const mixed = error instanceof SyntaxError && /import|export|await/.test(error.message);
    if (!only && !mixed) throw error;
    module = await import(pathToFileURL(found));
  }
  const function_ = text.slice(dot + 1).split(".").reduce((part, key) => part?.[key], module);
  const handler = function_ ?? text.slice(dot + 1).split(".").reduce((part, key) => part?.[key], module.default);
  if (typeof handler !== "function") {
    throw failure("Runtime.HandlerNotFound", `${text} is undefined or not exported`);
  }
  return handler;
}

// The handler's promise of a result. `finish` and `fail` are also what a callback comes to.
function call(handler, event, headers, settle) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const clientContext = headers["lambda-runtime-client-context"];
  const done = (error, result) => (error === null || error === undefined ? settle.finish(result) : settle.fail(error));
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    clientContext: clientContext ? JSON.parse(clientContext) : undefined,
    identity: undefined,
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
    done,
    succeed: settle.finish,
    fail: settle.fail,
  };
  const returned = handler(event, context, done);
  if (returned && typeof returned.then === "function") {
    returned.then(settle.finish, settle.fail);
  }
}

async function main() {
  let current = null;
  // A mistake outside of any handler's promise ends the process, as on Lambda.
  const end = async (error) => {
    await postError(current ? `invocation/${current.id}/error` : "init/error", error).catch(() => {});
    process.exit(129);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", (reason) => {
    const told = report(reason);
    const error = failure("Runtime.UnhandledPromiseRejection", `${told.errorType}: ${told.errorMessage}`);
    error.stack = reason?.stack ?? error.stack;
    return end(error);
  });
  // Nothing is left to happen: a handler that has neither returned a promise nor called back has come to its end.
  process.on("beforeExit", () => current && current.settle.finish(null));

  let handler;
  try {
    handler = await load(process.argv[2]);
  } catch (error) {
    await postError("init/error", error).catch(() => {});
    process.exit(1);
  }
  for (;;) {
    let next;
    try {
      next = await ask("GET", "invocation/next");
    } catch {
      // Whoever has started us has gone.
      process.exit(0);
    }
    const id = next.headers["lambda-runtime-aws-request-id"];
    const outcome = await new Promise((resolve) => {
      const settle = {
        finish: (value) => resolve({ value }),
        fail: (error) => resolve({ error: error ?? failure("Error", "handled") }),
      };
      current = { id, settle };
      try {
        call(handler, JSON.parse(next.text), next.headers, settle);
      } catch (error) {
        settle.fail(error);
      }
    });
    let text;
    if (!("error" in outcome)) {
      try {
        text = JSON.stringify(outcome.value === undefined ? null : outcome.value) ?? "null";
      } catch (error) {
        outcome.error = failure("Runtime.UnableToStringify", `The reply cannot be written as JSON: ${error.message}`);
      }
    }
    try {
      await ("error" in outcome ? postError(`invocation/${id}/error`, outcome.error) : post(`invocation/${id}/response`, text));
    } catch {
      process.exit(0);
    }
    current = null;
  }
}

main();
