/** What EventBridge and its schema registry list. */

import type { Listings } from "./listings.ts";

const numbers = [1, 2, 3, 4, 5];
const queue = "arn:aws:sqs:us-east-1:000000000000:several";

export const eventbridge: Listings = {
  async fill(make) {
    for (const number of numbers) {
      const Rule = `several-${String(number)}`;
      await make("eventbridge:PutRule", { Name: Rule, EventPattern: '{"source":["several"]}' });
      const Targets = numbers.map((Id) => ({ Id: String(Id), Arn: queue }));
      await make("eventbridge:PutTargets", { Rule, Targets });
    }
  },
  inputs: {
    ListRules: {},
    ListRuleNamesByTarget: { TargetArn: queue },
    ListTargetsByRule: { Rule: "several-1" },
  },
};

const document = JSON.stringify({ openapi: "3.0.0", info: { version: "1", title: "several" }, paths: {} });

export const schemas: Listings = {
  async fill(make) {
    for (const number of numbers) {
      const name = `several-${String(number)}`;
      await make("schemas:CreateRegistry", { RegistryName: name });
      await make("eventbridge:CreateEventBus", { Name: name });
      await make("schemas:CreateDiscoverer", {
        SourceArn: `arn:aws:events:us-east-1:000000000000:event-bus/${name}`,
      });
      const schema = { RegistryName: "several-1", SchemaName: name };
      await make("schemas:CreateSchema", { ...schema, Type: "OpenApi3", Content: document });
      const Content = document.replace("several", `more ${String(number)}`);
      await make("schemas:UpdateSchema", { RegistryName: "several-1", SchemaName: "several-1", Content });
    }
  },
  inputs: {
    ListDiscoverers: {},
    ListRegistries: {},
    ListSchemas: { RegistryName: "several-1" },
    ListSchemaVersions: { RegistryName: "several-1", SchemaName: "several-1" },
    SearchSchemas: { RegistryName: "several-1", Keywords: "several" },
  },
};
