import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, test } from "node:test";
import {
  AddPermissionCommand, CreateFunctionUrlConfigCommand, DeleteFunctionUrlConfigCommand, GetFunctionCommand,
  GetFunctionUrlConfigCommand, UpdateFunctionUrlConfigCommand, type CreateFunctionUrlConfigCommandInput,
} from "@aws-sdk/client-lambda";
import { signRequest } from "../../kernel/auth/signing.ts";
import { account, arnOf, echo, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

let bench: Bench;
let port: number;
before(async () => {
  bench = await startBench();
  port = Number(new URL(await bench.region.endpoint()).port);
});
after(() => bench.region.stop());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** Names before `localhost` are not known to every machine: the socket goes to where the region listens. */
function ask(url: string, path = "/", { method = "GET", headers = {}, body }: Asked = {}): Promise<Answer> {
  const { host } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method, headers: { host, ...headers } };
    const sent = httpRequest(options, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () => resolve({
        status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces),
      }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function urlOf(name: string, more: Partial<CreateFunctionUrlConfigCommandInput> = {}): Promise<string> {
  const { FunctionUrl } = await bench.lambda.send(
    new CreateFunctionUrlConfigCommand({ FunctionName: name, AuthType: "NONE", ...more }),
  );
  return FunctionUrl ?? "";
}

async function open(
  name: string, Principal = "*", FunctionUrlAuthType: "NONE" | "AWS_IAM" = "NONE",
): Promise<void> {
  const statement = { FunctionName: name, Principal };
  await bench.lambda.send(new AddPermissionCommand({
    ...statement, StatementId: "url", Action: "lambda:InvokeFunctionUrl", FunctionUrlAuthType,
  }));
  await bench.lambda.send(new AddPermissionCommand({
    ...statement, StatementId: "invoke", Action: "lambda:InvokeFunction", InvokedViaFunctionUrl: true,
  }));
}

const forbidden = JSON.stringify({
  Message: "Forbidden. For troubleshooting Function URL authorization issues, see: "
    + "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
});

test("a URL is configured, shown and gone", async () => {
  await bench.make("configured");
  const FunctionName = "configured";
  const url = await urlOf(FunctionName);
  assert.match(url, new RegExp(`^http://[a-z0-9]{32}\\.lambda-url\\.us-east-1\\.localhost:${port}/$`));
  assert.match(
    await refusal(urlOf(FunctionName)),
    /^ResourceConflictException: Failed to create function url config for \[functionArn = .*configured\]\. /,
  );
  const Cors = { AllowOrigins: ["https://a.example"], MaxAge: 60 };
  const { $metadata: _, ...changed } = await bench.lambda.send(
    new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType: "AWS_IAM", Cors }),
  );
  assert.deepEqual(changed, {
    FunctionUrl: url, FunctionArn: arnOf(FunctionName), AuthType: "AWS_IAM", Cors, InvokeMode: "BUFFERED",
    CreationTime: changed.CreationTime, LastModifiedTime: changed.LastModifiedTime,
  });
  await bench.lambda.send(new DeleteFunctionUrlConfigCommand({ FunctionName }));
  assert.equal(
    await refusal(bench.lambda.send(new GetFunctionUrlConfigCommand({ FunctionName }))),
    "ResourceNotFoundException: The resource you requested does not exist.",
  );
  assert.deepEqual((await ask(url)).status, 404);
  const absent = "ResourceNotFoundException: Function does not exist";
  assert.equal(await refusal(urlOf("nobody")), absent);
  assert.equal(await refusal(urlOf(FunctionName, { Qualifier: "unknown" })), absent);
});

test("a request is an event of format 2.0, and the function's answer the response", async () => {
  await bench.make("web", { Code: { ZipFile: nodePackage(`
    export const handler = async (event) => ({
      statusCode: 201, headers: { "X-Own": "yes", "content-type": "application/json" },
      cookies: ["a=1", "b=2"], body: JSON.stringify(event),
    });
  `) } });
  const url = await urlOf("web");
  const denied = await ask(url);
  assert.deepEqual([denied.status, denied.body.toString()], [403, forbidden]);
  assert.match(String(denied.headers["x-amzn-requestid"]), /^[0-9a-f-]{36}$/);
  await open("web");
  const answer = await ask(url, "/some/path%20x?one=1&two=a&two=b", {
    method: "POST", body: '{"x":1}', headers: { "content-type": "application/json", cookie: "c=3; d=4" },
  });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers["x-own"], "yes");
  assert.deepEqual(answer.headers["set-cookie"], ["a=1", "b=2"]);
  const event = JSON.parse(answer.body.toString()) as Record<string, never> & {
    requestContext: Record<string, unknown> & { http: Record<string, unknown> };
    headers: Record<string, string>;
  };
  assert.deepEqual(
    [event["version"], event["rawPath"], event["rawQueryString"], event["cookies"], event["body"]],
    ["2.0", "/some/path x", "one=1&two=a&two=b", ["c=3", "d=4"], '{"x":1}'],
  );
  assert.deepEqual(event["queryStringParameters"], { one: "1", two: "a,b" });
  assert.equal(event["isBase64Encoded"], false);
  assert.equal(event.requestContext["accountId"], "anonymous");
  assert.equal(event.requestContext.http["method"], "POST");
  assert.equal(event.headers["content-type"], "application/json");
  assert.equal(event.headers["connection"], undefined);
  assert.match(event.headers["x-amzn-trace-id"] ?? "", /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  assert.equal(answer.headers["x-amzn-trace-id"], event.headers["x-amzn-trace-id"]);
  assert.equal(answer.headers["x-amzn-requestid"], event.requestContext["requestId"]);
  const binary = await ask(url, "/", {
    method: "POST", body: Buffer.from([0xff, 0]), headers: { "content-type": "image/png" },
  });
  const seen = JSON.parse(binary.body.toString()) as Record<string, unknown>;
  assert.deepEqual([seen["body"], seen["isBase64Encoded"]], ["/wA=", true]);
});

test("what is no response is the body of one, and an error is 502", async () => {
  await bench.make("bare", { Code: { ZipFile: nodePackage(`
    export const handler = async ({ rawPath }) => {
      if (rawPath === "/error") throw new Error("no");
      if (rawPath === "/binary") return { statusCode: 200, isBase64Encoded: true, body: "/wA=" };
      return rawPath === "/text" ? "text" : { some: "thing" };
    };
  `) } });
  const url = await urlOf("bare");
  await open("bare");
  const bodies = [];
  for (const path of ["/", "/text", "/error"]) {
    const { status, body } = await ask(url, path);
    bodies.push(`${status} ${body.toString()}`);
  }
  assert.deepEqual(bodies, ['200 {"some":"thing"}', "200 text", "502 Internal Server Error"]);
  assert.deepEqual([...(await ask(url, "/binary")).body], [0xff, 0]);
});

test("how an answer is sent is not the function's to say, nor what can't be in a header", async () => {
  await bench.make("framing", { Code: { ZipFile: nodePackage(`
    export const handler = async ({ rawPath }) => ({
      statusCode: 200, body: "ten letters",
      headers: {
        "Content-Length": "3", "Transfer-Encoding": "chunked", Connection: "close",
        "X-Own": rawPath === "/bad" ? "two\\nlines" : "one",
      },
    });
  `) } });
  const url = await urlOf("framing");
  await open("framing");
  const { status, headers, body } = await ask(url);
  assert.deepEqual(
    [status, body.toString(), headers["content-length"], headers["transfer-encoding"], headers["x-own"]],
    [200, "ten letters", "11", undefined, "one"],
  );
  const bad = await ask(url, "/bad");
  assert.deepEqual([bad.status, bad.body.toString()], [502, "Internal Server Error"]);
});

test("with AWS_IAM the signature must hold, and its owner be allowed", async () => {
  await bench.make("signed");
  const url = await urlOf("signed", { AuthType: "AWS_IAM" });
  const { host } = new URL(url);
  const signed = async (credentials: { accessKeyId: string; secretAccessKey: string }) => {
    const { headers } = signRequest(
      { method: "GET", path: "/", query: "", headers: { host }, body: Buffer.alloc(0) },
      { credentials, region: "us-east-1", service: "lambda", nowMs: bench.region.clock.now() },
    );
    return ask(url, "/", { headers });
  };
  const may = await bench.region.user("may", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "lambda:Invoke*", Resource: arnOf("signed") }],
  });
  assert.equal((await ask(url)).status, 403);
  assert.equal((await signed(await bench.region.user("may-not"))).status, 403);
  assert.equal((await signed({ ...may, secretAccessKey: "wrong" })).status, 403);
  const { status, body } = await signed(may);
  assert.equal(status, 200);
  const { requestContext } = JSON.parse(body.toString()) as {
    requestContext: { authorizer: { iam: unknown } },
  };
  assert.deepEqual((requestContext.authorizer.iam as Record<string, unknown>)["userArn"],
    `arn:aws:iam::${account}:user/may`);
});

test("browsers of allowed origins may, and ask before", async () => {
  await bench.make("shared");
  const Cors = {
    AllowOrigins: ["https://a.example"], AllowMethods: ["POST"], AllowHeaders: ["x-own"], MaxAge: 5,
  };
  const url = await urlOf("shared", { Cors });
  await open("shared");
  const origin = "https://a.example";
  const asked = await ask(url, "/", {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "x-own" },
  });
  assert.deepEqual(
    ["origin", "methods", "headers"].map((name) => asked.headers[`access-control-allow-${name}`]),
    [origin, "POST", "x-own"],
  );
  assert.equal(asked.headers["access-control-max-age"], "5");
  assert.equal((await ask(url, "/", { headers: { origin } })).headers["access-control-allow-origin"], origin);
  const other = await ask(url, "/", { headers: { origin: "https://b.example" } });
  assert.equal(other.headers["access-control-allow-origin"], undefined);
});

test("a response streams, with the status and headers that the function says first", async () => {
  await bench.make("streaming", { Code: { ZipFile: nodePackage(`
    export const handler = awslambda.streamifyResponse(async (event, stream) => {
      const http = awslambda.HttpResponseStream.from(stream, { statusCode: 202, headers: { "x-own": "1" } });
      http.write("one ");
      http.end("two");
    });
  `) } });
  const url = await urlOf("streaming", { InvokeMode: "RESPONSE_STREAM" });
  await open("streaming");
  const { status, headers, body } = await ask(url);
  assert.deepEqual([status, headers["x-own"], body.toString()], [202, "1", "one two"]);
});

test("a function's package is downloaded from where GetFunction says, for ten minutes", async () => {
  const { Code } = await bench.lambda.send(new GetFunctionCommand({ FunctionName: "shared" }));
  const { pathname, search } = new URL(Code?.Location ?? "");
  const get = () => ask(`http://localhost:${port}`, pathname + search);
  assert.deepEqual((await get()).body, echo);
  assert.equal((await ask(`http://localhost:${port}`, `${pathname}${search}0`)).status, 403);
  await bench.region.clock.advance({ seconds: 601 });
  assert.equal((await get()).status, 403);
});
