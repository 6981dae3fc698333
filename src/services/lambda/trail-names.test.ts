import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import {
  AddPermissionCommand, GetFunctionCommand, GetFunctionUrlConfigCommand, ListFunctionsCommand,
  ListLayersCommand, PutFunctionConcurrencyCommand, TagResourceCommand, UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { arnOf, startBench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";

test("the trail calls operations by the date and version of their API", async () => {
  const { region, lambda, make } = await startBench();
  try {
    await make("told");
    const named = { FunctionName: "told" };
    await lambda.send(new GetFunctionCommand(named));
    await lambda.send(new ListFunctionsCommand({}));
    await lambda.send(new AddPermissionCommand({
      ...named, StatementId: "s", Action: "lambda:InvokeFunction", Principal: "sns.amazonaws.com",
    }));
    await lambda.send(new UpdateFunctionConfigurationCommand({ ...named, Timeout: 4 }));
    await lambda.send(new TagResourceCommand({ Resource: arnOf("told"), Tags: { a: "b" } }));
    await lambda.send(new PutFunctionConcurrencyCommand({ ...named, ReservedConcurrentExecutions: 1 }));
    await lambda.send(new ListLayersCommand({}));
    await refusal(lambda.send(new GetFunctionUrlConfigCommand(named)));
    const { Events = [] } = await region.client(CloudTrailClient).send(new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: "EventSource", AttributeValue: "lambda.amazonaws.com" }],
    }));
    assert.deepEqual(Events.map(({ EventName }) => EventName).sort(), [
      "AddPermission20150331v2", "CreateFunction20150331", "GetFunction20150331v2", "GetFunctionUrlConfig",
      "ListFunctions20150331", "ListLayers20181031", "PutFunctionConcurrency20171031",
      "TagResource20170331v2", "UpdateFunctionConfiguration20150331v2",
    ]);
  } finally {
    await region.stop();
  }
});
