// Functions for Node.js as they would be deployed: they do what their events say.
"use strict";

class DoublesRolled extends Error {
  constructor(message) {
    super(message);
    this.name = "DoublesRolled";
  }
}

exports.act = async (event, context) => {
  console.log("act", event.do);
  switch (event.do) {
    case "raise":
      throw new DoublesRolled("six and six");
    case "die":
      process.exit(3);
      break;
    case "hang":
      return new Promise(() => setInterval(() => {}, 1000));
    case "tell":
      return {
        id: context.awsRequestId,
        arn: context.invokedFunctionArn,
        function: context.functionName,
        in_time: context.getRemainingTimeInMillis() > 0 && context.getRemainingTimeInMillis() <= 900_000,
        client: context.clientContext?.custom ?? null,
        region: process.env.AWS_REGION,
        root: require("path").basename(process.env.LAMBDA_TASK_ROOT),
        handler: process.env._HANDLER,
      };
    case "nothing":
      return undefined;
    case "large":
      return "x".repeat(7_000_000);
    default:
      return { got: event, text: "grüß Gott" };
  }
};

// The older ways.
exports.back = (event, context, callback) => setImmediate(() => callback(null, `Hello, ${event.who}!`));
exports.failBack = (event, context, callback) => callback(new DoublesRolled("by callback"));
exports.done = (event, context) => context.succeed([event.who]);
exports.silent = () => {
  setTimeout(() => {}, 1);
};
exports.thrown = () => {
  throw "a text";
};
exports.late = () => {
  setTimeout(() => {
    throw new DoublesRolled("too late");
  }, 1);
};
exports.nested = { deep: { function: async () => "deep" } };
