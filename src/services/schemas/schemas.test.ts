import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DescribeRuleCommand, DeleteRuleCommand, EventBridgeClient, PutEventsCommand,
} from "@aws-sdk/client-eventbridge";
import {
  CreateDiscovererCommand, CreateRegistryCommand, CreateSchemaCommand, DeleteDiscovererCommand,
  DeleteRegistryCommand, DescribeCodeBindingCommand, DescribeRegistryCommand, DescribeSchemaCommand,
  ExportSchemaCommand, GetDiscoveredSchemaCommand, ListRegistriesCommand, ListSchemasCommand,
  ListSchemaVersionsCommand, PutResourcePolicyCommand, SchemasClient, SearchSchemasCommand,
  StartDiscovererCommand, StopDiscovererCommand, UpdateDiscovererCommand, UpdateSchemaCommand,
} from "@aws-sdk/client-schemas";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";

const bus = "arn:aws:events:us-east-1:000000000000:event-bus/default";

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

test("events-schema: registries hold schemas, and a discoverer infers them from events", async () => {
  await using region = await startRegion();
  const schemas = region.client(SchemasClient);
  const events = region.client(EventBridgeClient);
  const { DiscovererId } = await schemas.send(new CreateDiscovererCommand({ SourceArn: bus }));
  assert.equal(DiscovererId, "events-event-bus-default");
  const { Registries } = await schemas.send(new ListRegistriesCommand({}));
  assert.deepEqual(Registries?.map(({ RegistryName }) => RegistryName), ["discovered-schemas"]);
  const send = async (detail: object) => {
    const Detail = JSON.stringify(detail);
    await events.send(new PutEventsCommand({ Entries: [{ Source: "my.app", DetailType: "Order placed",
      Detail }] }));
    await region.engine.settled();
  };
  await send({ id: "x", total: 5, at: "2026-01-01T00:00:00Z", lines: [{ sku: "a", paid: true }] });
  await send({ id: "y", total: 6, at: "2026-01-01T00:00:00Z", lines: [{ sku: "b", paid: false }] });
  const name = { RegistryName: "discovered-schemas", SchemaName: "my.app@OrderPlaced" };
  const first = await schemas.send(new DescribeSchemaCommand(name));
  assert.deepEqual([first.SchemaVersion, first.Type], ["1", "OpenApi3"]);
  const { AWSEvent: _event, ...own } = (JSON.parse(first.Content ?? "") as Document).components.schemas;
  assert.deepEqual(own, {
    OrderPlaced: {
      type: "object", required: ["id", "total", "at", "lines"],
      properties: {
        id: { type: "string" }, total: { type: "number" }, at: { type: "string", format: "date-time" },
        lines: { type: "array", items: { $ref: "#/components/schemas/LinesItem" } },
      },
    },
    LinesItem: {
      type: "object", required: ["sku", "paid"],
      properties: { sku: { type: "string" }, paid: { type: "boolean" } },
    },
  });
  await send({ id: "z", note: "new" });
  const second = await schemas.send(new DescribeSchemaCommand(name));
  assert.equal(second.SchemaVersion, "2");
  const changed = (JSON.parse(second.Content ?? "") as Document).components.schemas["OrderPlaced"];
  assert.deepEqual((changed as { required: string[] }).required, ["id"]);
  const { SchemaVersions } = await schemas.send(new ListSchemaVersionsCommand(name));
  assert.deepEqual(SchemaVersions?.map(({ SchemaVersion }) => SchemaVersion), ["1", "2"]);
});

test("a discoverer keeps a rule that is not anybody else's, and can be stopped", async () => {
  await using region = await startRegion();
  const schemas = region.client(SchemasClient);
  const events = region.client(EventBridgeClient);
  await schemas.send(new CreateDiscovererCommand({ SourceArn: bus }));
  const DiscovererId = "events-event-bus-default";
  const Name = `Schemas-${DiscovererId}`;
  const rule = () => events.send(new DescribeRuleCommand({ Name }));
  assert.equal((await rule()).ManagedBy, "schemas.amazonaws.com");
  assert.match(await refusal(events.send(new DeleteRuleCommand({ Name }))), /^ManagedRuleException/);
  await schemas.send(new StopDiscovererCommand({ DiscovererId }));
  assert.equal((await rule()).State, "DISABLED");
  assert.equal((await rule()).EventPattern, '{"version":["0"]}');
  await schemas.send(new UpdateDiscovererCommand({ DiscovererId, CrossAccount: false }));
  assert.deepEqual([(await rule()).EventPattern, (await rule()).State],
    ['{"account":["000000000000"]}', "DISABLED"]);
  await schemas.send(new StartDiscovererCommand({ DiscovererId }));
  assert.equal((await rule()).State, "ENABLED");
  assert.match(await refusal(schemas.send(new CreateDiscovererCommand({ SourceArn: bus }))),
    /^ConflictException/);
  assert.equal(await refusal(schemas.send(new CreateDiscovererCommand({ SourceArn: `${bus}s` }))),
    "NotFoundException: Event bus defaults does not exist.");
  await schemas.send(new DeleteDiscovererCommand({ DiscovererId }));
  assert.match(await refusal(rule()), /^ResourceNotFoundException/);
});

test("the registry of what is discovered is there from the beginning", async () => {
  await using region = await startRegion();
  const schemas = region.client(SchemasClient);
  for (const RegistryName of ["a", "z"]) await schemas.send(new CreateRegistryCommand({ RegistryName }));
  const first = await schemas.send(new ListRegistriesCommand({ Limit: 2 }));
  const rest = await schemas.send(new ListRegistriesCommand({ Limit: 2, NextToken: first.NextToken }));
  assert.deepEqual(
    [first, rest].map(({ Registries = [] }) => Registries.map(({ RegistryName }) => RegistryName)),
    [["a", "discovered-schemas"], ["z"]],
  );
  const RegistryName = "discovered-schemas";
  assert.deepEqual((await schemas.send(new ListSchemasCommand({ RegistryName }))).Schemas, []);
  const again = new CreateRegistryCommand({ RegistryName });
  assert.match(await refusal(schemas.send(again)), /^ConflictException/);
});

test("schemas: versions, search, export", async () => {
  await using region = await startRegion();
  const schemas = region.client(SchemasClient);
  await schemas.send(new CreateRegistryCommand({ RegistryName: "r", Description: "d", Tags: { k: "v" } }));
  const described = await schemas.send(new DescribeRegistryCommand({ RegistryName: "r" }));
  assert.deepEqual([described.RegistryArn, described.Tags],
    ["arn:aws:schemas:us-east-1:000000000000:registry/r", { k: "v" }]);
  const content = (title: string) => JSON.stringify({
    openapi: "3.0.0", info: { version: "1", title }, paths: {},
    components: { schemas: {
      Event: { type: "object", properties: { d: { $ref: "#/components/schemas/D" } } }, D: { type: "object" },
    } },
  });
  const name = { RegistryName: "r", SchemaName: "s" };
  const created = await schemas.send(new CreateSchemaCommand({ ...name, Type: "OpenApi3",
    Content: content("A") }));
  assert.equal(created.SchemaVersion, "1");
  const same = await schemas.send(new UpdateSchemaCommand({ ...name, Content: content("A") }));
  assert.equal(same.SchemaVersion, "1");
  const next = await schemas.send(new UpdateSchemaCommand({ ...name, Content: content("Banana") }));
  assert.equal(next.SchemaVersion, "2");
  const found = await schemas.send(new SearchSchemasCommand({ RegistryName: "r", Keywords: "banana" }));
  assert.deepEqual(found.Schemas?.map(({ SchemaName, SchemaVersions }) =>
    [SchemaName, SchemaVersions?.map(({ SchemaVersion }) => SchemaVersion)]), [["s", ["2"]]]);
  const exported = await schemas.send(new ExportSchemaCommand({ ...name, Type: "JSONSchemaDraft4" }));
  assert.deepEqual(JSON.parse(exported.Content ?? ""), {
    $schema: "http://json-schema.org/draft-04/schema#", title: "Banana",
    definitions: { D: { type: "object" } }, type: "object", properties: { d: { $ref: "#/definitions/D" } },
  });
  const refusals: readonly (readonly [Promise<unknown>, RegExp])[] = [
    [schemas.send(new CreateSchemaCommand({ ...name, Type: "OpenApi3", Content: content("A") })),
      /^ConflictException/],
    [schemas.send(new UpdateSchemaCommand({ ...name, Content: "{" })),
      /^BadRequestException: The content is not/],
    [schemas.send(new DescribeSchemaCommand({ ...name, SchemaVersion: "3" })), /^NotFoundException/],
    [schemas.send(new ListSchemasCommand({ RegistryName: "no" })),
      /^NotFoundException: Registry with name no does not exist\.$/],
    [schemas.send(new DescribeCodeBindingCommand({ ...name, Language: "Java8" })), /NotImplemented/],
  ];
  for (const [work, expected] of refusals) assert.match(await refusal(work), expected);
  await schemas.send(new DeleteRegistryCommand({ RegistryName: "r" }));
  assert.match(await refusal(schemas.send(new DescribeSchemaCommand(name))), /^NotFoundException/);
});

test("schemas: a registry's policy lets another account in; a schema from given events", async () => {
  await using region = await startRegion();
  const schemas = region.client(SchemasClient);
  await schemas.send(new CreateRegistryCommand({ RegistryName: "r" }));
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { AWS: "arn:aws:iam::111111111111:root" }, Action: "schemas:DescribeRegistry",
    Resource: "arn:aws:schemas:us-east-1:000000000000:registry/r",
  }] });
  const { RevisionId } = await schemas.send(new PutResourcePolicyCommand({ RegistryName: "r", Policy }));
  assert.match(
    await refusal(schemas.send(new PutResourcePolicyCommand({ RegistryName: "r", Policy, RevisionId: "x" }))),
    /^PreconditionFailedException/,
  );
  assert.match(RevisionId ?? "", /^[0-9a-f-]{36}$/);
  const event = JSON.stringify({ source: "a", "detail-type": "T", detail: { __proto__: 1,
    "constructor": "x" } });
  const { Content } = await schemas.send(new GetDiscoveredSchemaCommand({ Type: "JSONSchemaDraft4",
    Events: [event] }));
  const { definitions } = JSON.parse(Content ?? "") as { definitions: { T: { properties: object } } };
  assert.deepEqual(definitions.T.properties, { constructor: { type: "string" } });
});

test("schemas are discovered of any JSON, and what has been of several kinds stays so", async () => {
  await using region = await startRegion();
  const schemas = region.client(SchemasClient);
  const discovered = async (Type: "OpenApi3" | "JSONSchemaDraft4", ...events: object[]): Promise<unknown> => {
    const Events = events.map((event) => JSON.stringify(event));
    const { Content = "" } = await schemas.send(new GetDiscoveredSchemaCommand({ Type, Events }));
    return JSON.parse(Content);
  };
  const Event = {
    type: "object", required: ["id"],
    properties: { id: { type: "object" }, to: { $ref: "#/components/schemas/To" } },
  };
  const To = { type: "object", required: ["zip"], properties: { zip: { type: "string" } } };
  assert.deepEqual(await discovered("OpenApi3", { id: 1, to: { zip: "1" } }, { id: "b" }, { id: "c" }), {
    openapi: "3.0.0", info: { version: "1.0.0", title: "Event" }, paths: {},
    components: { schemas: { Event, To } },
  });
  assert.deepEqual(await discovered("JSONSchemaDraft4", { at: "2026-01-01T00:00:00Z", none: null }), {
    $schema: "http://json-schema.org/draft-04/schema#", title: "Event", definitions: {},
    type: "object", required: ["at", "none"],
    properties: { at: { type: "string", format: "date-time" }, none: { type: "object" } },
  });
  const none = new GetDiscoveredSchemaCommand({ Type: "OpenApi3", Events: ["{"] });
  assert.match(await refusal(schemas.send(none)), /^BadRequestException: An event is not valid JSON\.$/);
});
