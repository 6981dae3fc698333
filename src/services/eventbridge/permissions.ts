/** Who may send events to a bus, and may put rules on it. */

import * as events from "../../generated/eventbridge.ts";
import { validatePolicy } from "../../iam/parse.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { keptPolicy } from "../../kernel/policy-principals.ts";
import { busArn, buses, busNameOf, findBus, onBus, requireBus } from "./bus-table.ts";
import { changeBus } from "./buses.ts";
import { invalidParameter, notFound, validation } from "./errors.ts";

/** @evidence EventBridge User Guide, "Permissions for event buses": 10 KB */
const policyBytesMax = 10_240;

interface Statement {
  readonly Sid?: string;
}

interface Document {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

function documentOf(policy: string | undefined): Document {
  if (policy === undefined) return { Version: "2012-10-17", Statement: [] };
  const document = JSON.parse(policy) as { Version: string; Statement: Statement | Statement[] };
  return { Version: document.Version, Statement: [document.Statement].flat() };
}

/** The statement that an account, an organization or everybody is let in by. */
function statementOf(input: events.PutPermissionRequest, arn: string): Statement {
  const { Principal, StatementId, Action, Condition } = input;
  if (Principal === undefined || StatementId === undefined || Action === undefined) {
    throw validation("Parameters Action, Principal and StatementId, or Policy must be specified.");
  }
  const { Type, Key, Value } = Condition ?? {};
  return {
    Sid: StatementId,
    ...{
      Effect: "Allow",
      Principal: Principal === "*" ? "*" : { AWS: `arn:aws:iam::${Principal}:root` },
      Action,
      Resource: arn,
      ...(Condition && { Condition: { [String(Type)]: { [String(Key)]: Value } } }),
    },
  };
}

/** @evidence moto, its tests of permissions: the text */
function requireAction(ctx: ReadContext, action = ""): void {
  const name = action.replace(/^events:/, "");
  if (Object.hasOwn(ctx.kernel.model("eventbridge").operations, name)) return;
  throw validation("Provided value in parameter 'action' is not supported.");
}

export const PutPermission = operation(events.PutPermission, {
  ...onBus,
  run(input, ctx) {
    const bus = requireBus(ctx, input.EventBusName);
    const arn = busArn(ctx, bus.name);
    let policy = input.Policy;
    if (policy === undefined) {
      const statement = statementOf(input, arn);
      requireAction(ctx, input.Action);
      const { Version, Statement } = documentOf(bus.policy);
      const others = Statement.filter(({ Sid }) => Sid !== statement.Sid);
      policy = JSON.stringify({ Version, Statement: [...others, statement] });
    }
    if (validatePolicy(policy, "resource").length > 0) {
      throw invalidParameter("Policy", "The policy is not a valid resource policy.");
    }
    if (Buffer.byteLength(policy) > policyBytesMax) {
      throw modelled(events.PolicyLengthExceededException, "The event bus policy is too long.");
    }
    const kept = keptPolicy(ctx.kernel.identity, policy, (name) =>
      invalidParameter("Principal", `The principal ${name} does not exist.`));
    changeBus(ctx, bus, { policy: kept });
  },
});

/** @evidence moto, its tests of permissions: the texts of what is not there */
export const RemovePermission = operation(events.RemovePermission, {
  ...onBus,
  run({ EventBusName, StatementId, RemoveAllPermissions }, ctx) {
    const bus = requireBus(ctx, EventBusName);
    const { policy: _policy, ...rest } = bus;
    const now = ctx.clock.now();
    if (RemoveAllPermissions) {
      ctx.db(buses).put({ ...rest, modifiedAt: now });
      return;
    }
    if (StatementId === undefined) {
      throw validation("Parameter(s) StatementId or RemoveAllPermissions must be specified.");
    }
    if (bus.policy === undefined) throw notFound("EventBus does not have a policy.");
    const { Version, Statement } = documentOf(bus.policy);
    const others = Statement.filter(({ Sid }) => Sid !== StatementId);
    if (others.length === Statement.length) throw notFound("Statement with the provided id does not exist.");
    const policy = others.length > 0 ? JSON.stringify({ Version, Statement: others }) : undefined;
    ctx.db(buses).put({ ...rest, ...(policy !== undefined && { policy }), modifiedAt: now });
  },
});

/** A bus's policy decides over the bus and over the rules on it. */
export function busPolicy(arn: string, ctx: ReadContext): string | undefined {
  const resource = parseArn(arn)?.resource ?? "";
  if (resource.startsWith("event-bus/")) return findBus(ctx, busNameOf(arn))?.policy;
  if (!resource.startsWith("rule/")) return undefined;
  const parts = resource.split("/");
  return findBus(ctx, parts.length > 2 ? parts.slice(1, -1).join("/") : "default")?.policy;
}
