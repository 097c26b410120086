// Runs a folder of corpora/ on aws-local-stepfunctions: node aws_local.cjs FOLDER EVENTS OUT
//
// What it cannot run is taken out of the machine: it has no $$.State.RetryCount, so that `reserve` and `debit` count their
// attempts themselves; and its States.Format takes no arrays, so that the receipt's title in `orders` goes without the
// customer's words.
// Functions are local, retries do not wait: both favour it. What is counted is the CPU time of the executions alone, without
// the start of Node, reading the events and writing the outputs. Says {"seconds": …, "events": …} on stdout.
// The package is found by way of NODE_PATH.
const { readFileSync, writeFileSync } = require("node:fs");
const { StateMachine } = require("aws-local-stepfunctions");

const [folder, eventsFile, outFile] = process.argv.slice(2);
const definition = JSON.parse(readFileSync(`${folder}/machine.asl.json`, "utf8"));
const events = readFileSync(eventsFile, "utf8").split("\n").filter((line) => line.trim()).map((line) => JSON.parse(line));

class FunctionError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

// How often what the execution that is under way tries again has been tried: items by number, the payment as `payment`.
const attempts = new Map();
const tried = (what) => {
  const attempt = attempts.get(what) ?? 0;
  attempts.set(what, attempt + 1);
  return attempt;
};
const advise = (message) => (event) => ({ Weather: event.Weather, Message: message });
const functions = {
  wear_heavy_coat: advise("You should wear a heavy coat today."),
  wear_light_jacket: advise("You should wear a light jacket today."),
  no_coat: advise("You need no coat today."),
  reserve: ({ n, item }) => {
    const attempt = tried(n);
    if (item.sku.startsWith("GONE-")) throw new FunctionError("Stock.Gone", item.sku);
    if (item.busy !== undefined && attempt < item.busy) throw new FunctionError("Stock.Busy", `attempt ${attempt}`);
    return { sku: item.sku, qty: item.qty, shelf: `${n + 1}-${item.sku}` };
  },
  charge: ({ cents, payment }) => {
    if (payment.method === "invoice") return { charged: cents, by: "invoice" };
    if (payment.limit_cents !== undefined && cents > payment.limit_cents) {
      throw new FunctionError("Payment.Declined", `${cents} is above ${payment.limit_cents}`);
    }
    return { charged: cents, by: `card of ${payment.holder}` };
  },
  wrap: ({ sku, qty, cents, wrap_cents }) => ({ sku, qty, cents: cents + wrap_cents }),
  debit: ({ cents, payment }) => {
    const attempt = tried("payment");
    if (cents > payment.limit_cents) throw new FunctionError("Card.Declined", `${cents} is above ${payment.limit_cents}`);
    if (payment.busy !== undefined && attempt < payment.busy) throw new FunctionError("Bank.Busy", `attempt ${attempt}`);
    return { paid: cents, card: payment.card };
  },
};

// Handlers and waits are named by state. A function's name is the last part of its ARN; invoke wraps what it answers.
const handlers = {};
const waits = {};
function visit({ States }) {
  for (const [name, state] of Object.entries(States)) {
    const title = state.Parameters?.["title.$"];
    if (title) state.Parameters["title.$"] = title.replace(/, \\{.*\\}', /, "', ").replace(", $.about.words", "");
    if (state.Type === "Task") {
      const invoke = state.Resource === "arn:aws:states:::lambda:invoke";
      const answer = functions[(invoke ? state.Parameters.FunctionName : state.Resource).split(":").at(-1)];
      for (const [key, path] of Object.entries(state.Parameters ?? {})) {
        if (path === "$$.State.RetryCount") delete state.Parameters[key];
      }
      handlers[name] = invoke ? ({ Payload }) => ({ Payload: answer(Payload) }) : answer;
    }
    if (state.Retry) waits[name] = state.Retry.map(() => 0);
    for (const inner of [state.Iterator, state.ItemProcessor, ...(state.Branches ?? [])]) if (inner) visit(inner);
  }
}
visit(definition);

const machine = new StateMachine(definition, { validationOptions: { checkPaths: false, checkArn: false } });
// Its context object has what it is given, and no more.
const context = { State: { EnteredTime: "2020-01-01T00:00:00.000Z" } };
const overrides = { taskResourceLocalHandlers: handlers, retryIntervalOverrides: waits };

async function main() {
  const before = process.cpuUsage();
  const outputs = [];
  for (const event of events) {
    attempts.clear();
    const run = machine.run(event, { overrides, context });
    try {
      outputs.push(await run.result);
    } catch (error) {
      outputs.push({ failed: String(error.cause?.name ?? error.name), why: String(error.message) });
    }
  }
  const used = process.cpuUsage(before);
  writeFileSync(outFile, outputs.map((output) => JSON.stringify(output) + "\n").join(""));
  console.log(JSON.stringify({ seconds: (used.user + used.system) / 1e6, events: events.length }));
}

main();
