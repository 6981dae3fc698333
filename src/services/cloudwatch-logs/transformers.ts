/** Transformers: what becomes of a group's events as they come in. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { operation } from "../../kernel/operation.ts";
import { invalidOperation, notFound } from "./errors.ts";
import { groupNameOf, onIdentifiedGroup, requireGroup } from "./group-table.ts";
import { putTransformer, transformerOf } from "./transformer-table.ts";
import { inheritTransformer } from "./transformer-policies.ts";
import { compileTransformer } from "./transforming/transformer.ts";

export const PutTransformer = operation(logs.PutTransformer, {
  ...onIdentifiedGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, groupNameOf(input.logGroupIdentifier));
    // @evidence CloudWatch Logs User Guide, "Transform logs during ingestion": only of the Standard class
    if (group.groupClass !== "STANDARD") {
      throw invalidOperation("Transformers are only supported for log groups in the Standard log class.");
    }
    compileTransformer(input.transformerConfig);
    putTransformer(ctx, group, input.transformerConfig);
  },
});

export const GetTransformer = operation(logs.GetTransformer, {
  ...onIdentifiedGroup,
  run(input, ctx) {
    const found = transformerOf(ctx, requireGroup(ctx, groupNameOf(input.logGroupIdentifier)));
    if (!found) return {};
    return {
      logGroupIdentifier: input.logGroupIdentifier,
      creationTime: found.createdAt,
      lastModifiedTime: found.updatedAt,
      transformerConfig: [...(found.config ?? [])],
    };
  },
});

export const DeleteTransformer = operation(logs.DeleteTransformer, {
  ...onIdentifiedGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, groupNameOf(input.logGroupIdentifier));
    if (!transformerOf(ctx, group)) throw notFound("transformer");
    putTransformer(ctx, group, undefined);
    inheritTransformer(ctx, group);
  },
});

export const TestTransformer = operation(logs.TestTransformer, {
  run(input) {
    const transform = compileTransformer(input.transformerConfig);
    return {
      transformedLogs: input.logEventMessages.map((eventMessage, index) => {
        const transformed = transform(eventMessage);
        return {
          eventNumber: index + 1, eventMessage,
          ...(transformed !== undefined && { transformedEventMessage: transformed }),
        };
      }),
    };
  },
});
