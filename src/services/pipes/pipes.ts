/** Pipes: made, changed, shown, started, stopped, deleted. What they do is in runs.ts. */

import * as pipes from "../../generated/pipes.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { tagNew } from "../../kernel/tags.ts";
import { inTransition, invalidToken, pipeExists } from "./errors.ts";
import {
  pipeArn, pipesTable, requirePipe, requireSettledPipe, stateOf, type Pipe,
} from "./pipe-rows.ts";
import { requireLogging } from "./log-settings.ts";
import { requireEnrichment, requireOwnRole, requireSource, requireTarget } from "./rules.ts";
import { expectPipe } from "./runs.ts";
import { readPipe, sealPipe } from "./sealed-pipes.ts";
import { requireTags } from "./tags.ts";

const pageDefault = 100;

const resource = (input: { readonly Name: string }, ctx: ReadContext): string => pipeArn(ctx, input.Name);

function requirePassable(ctx: Context, roleArn: string): void {
  requireOwnRole(roleArn, ctx.account);
  ctx.authorize({
    action: "iam:PassRole", resource: roleArn, conditions: { "iam:passedtoservice": "pipes.amazonaws.com" },
  });
}

/** Enters a state on the way to another, and says what happens when it is over. */
function enter(ctx: Context, pipe: Pipe, entered: pipes.PipeState): Pipe {
  const { reason: _, ...rest } = pipe;
  const next = { ...rest, entered, enteredAt: ctx.clock.now(), generation: pipe.generation + 1 };
  ctx.db(pipesTable).put(next);
  expectPipe(ctx, next);
  return next;
}

export const CreatePipe = operation(pipes.CreatePipe, {
  resource,
  async body(input, ctx) {
    const sourceParameters = requireSource(input.Source, input.SourceParameters ?? {});
    requireEnrichment(input.Enrichment);
    requireTarget(input.Target, input.TargetParameters);
    requireTags(input.Tags ?? {}, 0);
    ctx.transaction((within) => {
      requirePassable(within, input.RoleArn);
      if (within.db(pipesTable).has(input.Name)) throw pipeExists(input.Name);
    });
    await requireLogging(ctx, input.LogConfiguration);
    const now = ctx.clock.now();
    const pipe = await sealPipe(ctx, {
      name: input.Name,
      description: input.Description,
      source: input.Source,
      sourceParameters,
      enrichment: input.Enrichment || undefined,
      enrichmentParameters: withTemplate(input.EnrichmentParameters),
      target: input.Target,
      targetParameters: withTemplate(input.TargetParameters),
      roleArn: input.RoleArn,
      logging: input.LogConfiguration,
      kmsKey: input.KmsKeyIdentifier || undefined,
      desired: input.DesiredState ?? "RUNNING",
      entered: "CREATING", enteredAt: now, createdAt: now, modifiedAt: now, generation: 0,
    });
    return ctx.transaction((within) => {
      if (within.db(pipesTable).has(input.Name)) throw pipeExists(input.Name);
      tagNew(within, "pipes:TagResource", pipeArn(ctx, pipe.name), input.Tags);
      return summary(within, enter(within, pipe, "CREATING"));
    });
  },
});

/**
 * A template that is left out stays as it was, and one that is empty is none.
 *
 * @evidence Terraform's AWS provider, internal/service/pipes/pipe.go, resourcePipeUpdate
 */
function withTemplate<Parameters extends { readonly InputTemplate?: string | undefined }>(
  given: Parameters | undefined, before?: Parameters,
): Parameters | undefined {
  if (given === undefined) return before;
  const { InputTemplate = before?.InputTemplate, ...rest } = given;
  const whole = { ...rest, ...(InputTemplate && { InputTemplate }) };
  return Object.keys(whole).length > 0 ? whole as Parameters : undefined;
}

/** Where a stream is begun can't be changed, and what is said of it stays where nothing is said. */
function withStart(
  before: pipes.PipeSourceParameters, after: pipes.PipeSourceParameters,
): pipes.PipeSourceParameters {
  const { KinesisStreamParameters: kinesis, DynamoDBStreamParameters: dynamodb } = before;
  return {
    ...after,
    ...(kinesis && { KinesisStreamParameters: {
      ...(after.KinesisStreamParameters ?? kinesis), StartingPosition: kinesis.StartingPosition,
      StartingPositionTimestamp: kinesis.StartingPositionTimestamp,
    } }),
    ...(dynamodb && { DynamoDBStreamParameters: {
      ...(after.DynamoDBStreamParameters ?? dynamodb), StartingPosition: dynamodb.StartingPosition,
    } }),
  };
}

export const UpdatePipe = operation(pipes.UpdatePipe, {
  resource,
  async body(input, ctx) {
    const { generation } = ctx.transaction((within) => {
      const settled = requireSettledPipe(within, input.Name);
      requirePassable(within, input.RoleArn);
      return settled;
    });
    const before = await readPipe(ctx, ctx.reading(() => requirePipe(ctx, input.Name)));
    const given = input.SourceParameters as pipes.PipeSourceParameters | undefined;
    const sourceParameters = given
      ? withStart(
        before.sourceParameters, requireSource(before.source, withStart(before.sourceParameters, given)),
      )
      : before.sourceParameters;
    const target = input.Target ?? before.target;
    const targetParameters = withTemplate(input.TargetParameters, before.targetParameters);
    const enrichment = input.Enrichment ?? before.enrichment;
    requireEnrichment(enrichment || undefined);
    requireTarget(target, targetParameters);
    await requireLogging(ctx, input.LogConfiguration);
    const pipe = await sealPipe(ctx, {
      ...before,
      description: input.Description ?? before.description,
      sourceParameters,
      enrichment: enrichment || undefined,
      enrichmentParameters: withTemplate(input.EnrichmentParameters, before.enrichmentParameters),
      target, targetParameters,
      roleArn: input.RoleArn,
      logging: input.LogConfiguration ?? before.logging,
      kmsKey: (input.KmsKeyIdentifier ?? before.kmsKey) || undefined,
      desired: input.DesiredState ?? before.desired,
      modifiedAt: ctx.clock.now(),
    });
    return ctx.transaction((within) => {
      // Somebody else may have changed it meanwhile.
      const current = requireSettledPipe(within, input.Name);
      if (current.generation !== generation) throw inTransition(input.Name, current.entered);
      return summary(within, enter(within, pipe, "UPDATING"));
    });
  },
});

export const StartPipe = operation(pipes.StartPipe, {
  resource,
  run: (input, ctx) => summary(ctx, turned(ctx, input.Name, "RUNNING", "STARTING")),
});

export const StopPipe = operation(pipes.StopPipe, {
  resource,
  run: (input, ctx) => summary(ctx, turned(ctx, input.Name, "STOPPED", "STOPPING")),
});

function turned(ctx: Context, name: string, desired: "RUNNING" | "STOPPED", entered: pipes.PipeState): Pipe {
  const pipe = requireSettledPipe(ctx, name);
  if (stateOf(pipe, ctx.clock.now()) === desired) return pipe;
  return enter(ctx, { ...pipe, desired, modifiedAt: ctx.clock.now() }, entered);
}

export const DeletePipe = operation(pipes.DeletePipe, {
  resource,
  run(input, ctx) {
    const pipe = requireSettledPipe(ctx, input.Name);
    return summary(ctx, enter(ctx, { ...pipe, desired: "DELETED" }, "DELETING")) as pipes.DeletePipeResponse;
  },
});

/** What changing a pipe answers. */
function summary(ctx: ReadContext, pipe: Pipe): pipes.CreatePipeResponse {
  return {
    Arn: pipeArn(ctx, pipe.name),
    Name: pipe.name,
    DesiredState: pipe.desired as pipes.RequestedPipeState,
    CurrentState: stateOf(pipe, ctx.clock.now()),
    CreationTime: pipe.createdAt,
    LastModifiedTime: pipe.modifiedAt,
  };
}

export const DescribePipe = operation(pipes.DescribePipe, {
  resource,
  async body(input, ctx) {
    const { pipe: resting, Tags } = ctx.reading(() => (
      { pipe: requirePipe(ctx, input.Name), Tags: ctx.tags(pipeArn(ctx, input.Name)).get() }
    ));
    const pipe = await readPipe(ctx, resting);
    return {
      ...summary(ctx, pipe),
      StateReason: pipe.reason,
      Description: pipe.description,
      Source: pipe.source,
      SourceParameters: pipe.sourceParameters,
      Enrichment: pipe.enrichment,
      EnrichmentParameters: pipe.enrichmentParameters,
      Target: pipe.target,
      TargetParameters: pipe.targetParameters,
      RoleArn: pipe.roleArn,
      LogConfiguration: pipe.logging as pipes.PipeLogConfiguration | undefined,
      KmsKeyIdentifier: pipe.kmsKey,
      Tags,
    };
  },
});

export const ListPipes = operation(pipes.ListPipes, {
  resource: (_, ctx) => pipeArn(ctx, "*"),
  run(input, ctx) {
    const { NamePrefix = "", SourcePrefix = "", TargetPrefix = "", DesiredState, CurrentState } = input;
    const now = ctx.clock.now();
    const chosen = JSON.stringify([NamePrefix, SourcePrefix, TargetPrefix, DesiredState, CurrentState]);
    const { items, next } = page({
      rows: ctx.db(pipesTable),
      range: { prefix: NamePrefix, prefixOfLastPart: true },
      key: ({ name }) => name,
      keep: (pipe) => pipe.source.startsWith(SourcePrefix) && pipe.target.startsWith(TargetPrefix)
        && (DesiredState === undefined || pipe.desired === DesiredState)
        && (CurrentState === undefined || stateOf(pipe, now) === CurrentState),
      limit: input.Limit ?? pageDefault,
      token: input.NextToken,
      scope: `pipes:ListPipes ${chosen}`,
      invalid: invalidToken,
    });
    const Pipes = items.map((pipe) => ({
      ...summary(ctx, pipe), StateReason: pipe.reason, Source: pipe.source, Target: pipe.target,
      Enrichment: pipe.enrichment,
    }));
    return { Pipes, NextToken: next };
  },
});
