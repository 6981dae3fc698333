// Lambda's Node.js runtime: loads the handler, then takes events from the Runtime API one by one.
"use strict";

const { RuntimeClient } = require("./runtime-client.cjs");
const { current, patchConsole } = require("./console.cjs");
const { loadHandler, RuntimeError } = require("./handler.cjs");
const { installStreaming, isStreaming, responseStream } = require("./streaming.cjs");
const { installVariables } = require("./variables.cjs");

const setTrace = installVariables();
const environment = process.env;
const telemetry = environment._LAMBDA_TELEMETRY_LOG_FD;
delete environment._LAMBDA_TELEMETRY_LOG_FD;
const client = new RuntimeClient(environment.AWS_LAMBDA_RUNTIME_API, environment._LAMBDA_RUNTIME_API_CHANNEL);
delete environment._LAMBDA_RUNTIME_API_CHANNEL;
patchConsole(
  telemetry === undefined ? undefined : Number(telemetry),
  environment.AWS_LAMBDA_LOG_FORMAT,
  environment.AWS_LAMBDA_LOG_LEVEL,
);
installStreaming();

process.on("uncaughtException", (error) => die("Uncaught Exception", error, 129));
process.on("unhandledRejection", (reason, promise) => {
  const error = new RuntimeError("Runtime.UnhandledPromiseRejection", String(reason), reason);
  error.reason = reason;
  error.promise = promise;
  die("Unhandled Promise Rejection", error, 128);
});

/** What cannot be caught is the end of the environment. */
function die(what, error, code) {
  logError(what, error);
  const failure = describe(error);
  const { requestId } = current;
  client.hold();
  const told = requestId === undefined ? client.failInit(failure) : client.fail(requestId, failure);
  void told.then(() => process.exit(code));
}

function describe(error) {
  if (!(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  const { reason, promise } = error;
  return {
    errorType: error.name,
    errorMessage: error.message,
    ...(reason !== undefined && { reason: plain(reason), promise: plain(promise) }),
    trace: String(error.stack ?? "").split("\n"),
  };
}

function plain(value) {
  if (value instanceof Error) return describeForLog(value);
  try {
    return JSON.parse(JSON.stringify(value) ?? "null");
  } catch {
    return String(value);
  }
}

function describeForLog(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), stack: [] };
  const { name, message, stack, ...rest } = Object.assign({}, error, {
    name: error.name,
    message: error.message,
    stack: error.stack,
  });
  const further = {};
  for (const key of Object.keys(rest)) further[key] = plain(rest[key]);
  return { errorType: name, errorMessage: message, ...further, stack: String(stack ?? "").split("\n") };
}

function logError(what, error) {
  if (environment.AWS_LAMBDA_LOG_FORMAT === "JSON") console.error(error);
  else console.error(`${what} \t${JSON.stringify(describeForLog(error))}`);
}

/** What is the same for all invocations. */
let constant;

function constantContext() {
  return {
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
  };
}

function contextOf(head) {
  constant ??= constantContext();
  const deadline = Number(head.get("lambda-runtime-deadline-ms"));
  const clientContext = head.get("lambda-runtime-client-context");
  const identity = head.get("lambda-runtime-cognito-identity");
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: constant.functionVersion,
    functionName: constant.functionName,
    memoryLimitInMB: constant.memoryLimitInMB,
    logGroupName: constant.logGroupName,
    logStreamName: constant.logStreamName,
    clientContext: clientContext ? JSON.parse(clientContext) : undefined,
    identity: identity ? JSON.parse(identity) : undefined,
    invokedFunctionArn: head.get("lambda-runtime-invoked-function-arn"),
    awsRequestId: current.requestId,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  if (current.tenantId) context.tenantId = current.tenantId;
  return context;
}

/** What is to be done once the event loop is empty. */
let whenEmpty;
process.on("beforeExit", () => {
  const then = whenEmpty;
  whenEmpty = undefined;
  then?.();
});

/** What the handler comes to: a value, by return or by callback. */
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const settle = (error, value) => {
      if (isSettled) return;
      isSettled = true;
      const finish = () => (error ? reject(error) : resolve(value));
      // Callbacks wait for what else the function has begun, unless it says otherwise.
      whenEmpty = context.callbackWaitsForEmptyEventLoop ? finish : undefined;
      if (whenEmpty === undefined) finish();
    };
    // The event loop is empty, and nothing has come of it: Lambda answers null.
    whenEmpty = () => {
      isSettled = true;
      resolve(null);
    };
    context.done = (error, value) => {
      context.callbackWaitsForEmptyEventLoop = false;
      settle(error, value);
    };
    context.succeed = (value) => context.done(null, value);
    context.fail = (error) => context.done(error ?? new Error("handled"));
    let returned;
    try {
      returned = handler(event, context, settle);
    } catch (error) {
      context.done(error ?? new Error(String(error)));
    }
    if (typeof returned?.then === "function") {
      const end = (then) => (value) => {
        if (isSettled) return;
        isSettled = true;
        whenEmpty = undefined;
        then(value);
      };
      returned.then(end(resolve), end(reject));
    }
  });
}

async function answer(handler, event, context) {
  const value = await run(handler, event, context);
  try {
    return JSON.stringify(value === undefined ? null : value) ?? "null";
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

async function answerInPieces(handler, event, context, requestId) {
  const response = responseStream(client, requestId, handler);
  try {
    const finished = new Promise((resolve, reject) => {
      response.stream.once("finish", resolve);
      response.stream.once("error", reject);
    });
    finished.catch(() => undefined);
    await handler(event, response.stream, context);
    if (!response.stream.writableEnded) {
      const emptied = new Promise((resolve) => process.once("beforeExit", resolve));
      await Promise.race([finished, emptied]);
      if (!response.stream.writableEnded) response.stream.end();
    }
    await finished;
  } catch (error) {
    if (!response.opened()) throw error;
    logError("Invoke Error", error);
    client.hold();
    await response.fail(describe(error));
  }
}

/** @returns what is to be answered, unless it was already */
async function handle(handler, { head, body }) {
  const requestId = head.get("lambda-runtime-aws-request-id");
  current.requestId = requestId;
  current.tenantId = head.get("lambda-runtime-aws-tenant-id");
  setTrace(head.get("lambda-runtime-trace-id"));
  try {
    const context = contextOf(head);
    const event = JSON.parse(body);
    client.release();
    if (isStreaming(handler)) await answerInPieces(handler, event, context, requestId);
    else return { requestId, body: await answer(handler, event, context) };
  } catch (error) {
    logError("Invoke Error", error);
    void client.fail(requestId, describe(error));
  } finally {
    client.hold();
  }
  return undefined;
}

function refuseCallbacks(handler) {
  if (environment.AWS_EXECUTION_ENV !== "AWS_Lambda_nodejs24.x") return;
  if (isStreaming(handler) || handler.length < 3) return;
  throw new RuntimeError(
    "Runtime.CallbackHandlerDeprecated",
    "AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to " +
      "modify this function to use a supported handler signature to use Node.js 24 or later. For more information " +
      "see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.",
  );
}

async function main() {
  let handler;
  try {
    handler = await loadHandler(environment.LAMBDA_TASK_ROOT, environment._HANDLER);
    refuseCallbacks(handler);
  } catch (error) {
    return die("Uncaught Exception", error, 1);
  }
  let event = await client.next();
  for (;;) {
    const answered = await handle(handler, event);
    event = await (answered ? client.respondAndNext(answered.requestId, answered.body) : client.next());
  }
}

void main();
