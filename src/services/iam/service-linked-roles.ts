/** Service-linked roles: a service's own roles in the account, which only the service uses and changes. */

import * as iam from "../../generated/iam.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { findAwsManagedPolicy } from "./aws-managed-policies.ts";
import { deniedByName, invalidInput, noSuchEntity } from "./errors.ts";
import { linkedServices } from "./linked-services.ts";
import { attachedArns, attachments } from "./policy-rows.ts";
import { arnOf, findRole, requireRole, roles, type Role } from "./principals.ts";
import { describeRole } from "./roles.ts";
import { onRole } from "./rules.ts";

interface DeletionTask {
  /** `task/aws-service-role/<service>/<role>/<uuid>`. */
  readonly id: string;
  readonly roleName: string;
  /** Epoch milliseconds. */
  readonly finishedAt: number;
}

const deletionTasks = table<DeletionTask, "age">("iam.deletionTasks", {
  key: (task) => task.id, indexes: { age: (task) => task.finishedAt },
});

/** Tasks are remembered for a day. */
const taskMilliseconds = 86_400_000;

function pathOf(service: string): string {
  return `/aws-service-role/${service}/`;
}

function trustOf(service: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  });
}

/** @throws InvalidInput */
function nameOf(service: string, suffix: string | undefined): string {
  const linked = linkedServices.get(service);
  if (linked === undefined) throw invalidInput(`${service} is not a service with service-linked roles.`);
  if (suffix === undefined) return `AWSServiceRoleFor${linked.role}`;
  if (!linked.suffixAllowed) throw invalidInput(`Custom suffix is not allowed for ${service}`);
  return `AWSServiceRoleFor${linked.role}_${suffix}`;
}

function attachPolicy(ctx: Context, role: Role, policyName: string): void {
  const policy = findAwsManagedPolicy(`arn:aws:iam::aws:policy/aws-service-role/${policyName}`);
  if (policy === undefined) throw new Error(`${policyName} is not among AWS's policies`);
  ctx.db(attachments).put({ principalId: role.id, kind: "role", policyArn: policy.arn });
}

/** @evidence reported answers of CreateServiceLinkedRole */
export const CreateServiceLinkedRole = operation(iam.CreateServiceLinkedRole, {
  resource(input, ctx) {
    const linked = linkedServices.get(input.AWSServiceName);
    const name = linked === undefined ? "*" : `AWSServiceRoleFor${linked.role}`;
    const suffix = input.CustomSuffix === undefined ? "" : `_${input.CustomSuffix}`;
    return ctx.arn(`role${pathOf(input.AWSServiceName)}${name}${suffix}`);
  },
  conditions: (input) => ({ "iam:awsservicename": input.AWSServiceName }),

  run(input, ctx) {
    const service = input.AWSServiceName;
    const name = nameOf(service, input.CustomSuffix);
    if (findRole(ctx, name)) {
      throw invalidInput(
        `Service role name ${name} has been taken in this account, please try a different suffix.`);
    }
    const role = ctx.db(roles).put({
      kind: "role", id: ctx.ids.unique("AROA", 17), name, path: pathOf(service), createdAt: ctx.clock.now(),
      trustPolicy: trustOf(service), maxSessionDurationSeconds: 3_600, linkedService: service,
      ...(input.Description !== undefined && { description: input.Description }),
    });
    attachPolicy(ctx, role, linkedServices.get(service)?.policy ?? "");
    return { Role: describeRole(ctx, role) };
  },
});

/** Nothing here uses such a role without its service, so a deletion has succeeded when it is answered. */
export const DeleteServiceLinkedRole = operation(iam.DeleteServiceLinkedRole, {
  ...onRole,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    if (role.linkedService === undefined) {
      throw noSuchEntity(`The role with name ${role.name} is not a service-linked role.`);
    }
    const now = ctx.clock.now();
    for (const task of [...ctx.db(deletionTasks).by("age").list({ before: now - taskMilliseconds })]) {
      ctx.db(deletionTasks).delete(task.id);
    }
    for (const policyArn of attachedArns(ctx, role.id)) ctx.db(attachments).delete([role.id, policyArn]);
    ctx.db(roles).delete(role.id);
    ctx.tags(arnOf(ctx, role)).clear();
    const id = `task${role.path}${role.name}/${ctx.ids.uuid()}`;
    ctx.db(deletionTasks).put({ id, roleName: role.name, finishedAt: now });
    return { DeletionTaskId: id };
  },
});

export const GetServiceLinkedRoleDeletionStatus = operation(iam.GetServiceLinkedRoleDeletionStatus, {
  resource(input, ctx) {
    const path = /^task(\/aws-service-role\/.+)\/[^/]+$/.exec(input.DeletionTaskId)?.[1];
    return path === undefined ? "*" : ctx.arn(`role${path}`);
  },
  denied: deniedByName,

  run(input, ctx) {
    const task = ctx.db(deletionTasks).get(input.DeletionTaskId);
    if (task === undefined) throw noSuchEntity(`Deletion task ${input.DeletionTaskId} cannot be found.`);
    return { Status: "SUCCEEDED" };
  },
});
