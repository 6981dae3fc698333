/** The aws CLI and boto3 with Lambda: a function made, invoked, updated, published, and deleted. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { zipOf } from "../zip-archive.ts";
import { startWorkstation, without } from "./clients.ts";

const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const role = "arn:aws:iam::000000000000:role/worker";
const python = `def handler(event, context):
    print('hello')
    return {'sum': event['a'] + event['b']}
`;

test("the aws CLI makes a Python function and invokes it", { skip: without("aws") }, async () => {
  await using station = await startWorkstation();
  station.write("trust.json", trust);
  writeFileSync(join(station.home, "code.zip"), zipOf({ "index.py": python }));
  await station.aws`iam create-role --role-name worker --assume-role-policy-document file://trust.json`;
  await station.aws`iam attach-role-policy --role-name worker --policy-arn
    arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`;
  await station.aws`lambda create-function --function-name adds --runtime python3.12 --handler index.handler
    --role ${role} --zip-file fileb://code.zip`;
  await station.aws`lambda wait function-active-v2 --function-name adds`;
  station.write("event.json", JSON.stringify({ a: 1, b: 2 }));
  const answer = await station.aws`lambda invoke --function-name adds --payload fileb://event.json
    --log-type Tail out.json` as { StatusCode: number; LogResult: string };
  assert.equal(answer.StatusCode, 200);
  assert.match(Buffer.from(answer.LogResult, "base64").toString(), /\nhello\n/);
  const { stdout } = await station.run("cat", ["out.json"]);
  assert.deepEqual(JSON.parse(stdout), { sum: 3 });
  await station.aws`lambda publish-version --function-name adds`;
  await station.aws`lambda create-alias --function-name adds --name live --function-version 1`;
  await station.aws`lambda delete-function --function-name adds`;
});

test("boto3 makes a function and sees what it throws", { skip: without("boto3") }, async () => {
  await using station = await startWorkstation();
  const answer = await station.python(`
    import io, zipfile
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.py", "def handler(event, context):\\n    return 10 / event['by']\\n")
    boto3.client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument='${trust}')
    functions = boto3.client("lambda")
    functions.create_function(FunctionName="divides", Runtime="python3.12", Handler="index.handler",
        Role="${role}", Code={"ZipFile": buffer.getvalue()})
    functions.get_waiter("function_active_v2").wait(FunctionName="divides")
    good = functions.invoke(FunctionName="divides", Payload=b'{"by": 4}')
    bad = functions.invoke(FunctionName="divides", Payload=b'{"by": 0}')
    absent = code_of(functions.invoke, FunctionName="absent")
    found = functions.get_paginator("list_functions").paginate().search("Functions[].FunctionName")
    error = json.load(bad["Payload"])["errorType"]
    print(json.dumps([json.load(good["Payload"]), bad["FunctionError"], error, absent, list(found)]))
  `);
  assert.deepEqual(answer, [2.5, "Unhandled", "ZeroDivisionError", "ResourceNotFoundException", ["divides"]]);
});
