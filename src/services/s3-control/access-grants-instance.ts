/** The Access Grants instance of an account in a region, and its policy for others. */

import * as control from "../../generated/s3-control.ts";
import { validatePolicy } from "../../iam/parse.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { pageOf } from "../../kernel/page.ts";
import {
  grants, instanceArn, instances, locations, requireInstance, type AccessGrantsInstance,
} from "./access-grant-table.ts";
import { ofAccount } from "./account.ts";
import {
  accessGrantsInstanceExists, accessGrantsInstanceNotEmpty, invalidRequest, invalidToken, noResourcePolicy,
} from "./errors.ts";
import { setTags } from "./tags.ts";

export const onInstance = {
  ...ofAccount,
  resource: (_input: object, ctx: ReadContext) => instanceArn(ctx),
};

function shown(ctx: ReadContext, instance: AccessGrantsInstance): control.GetAccessGrantsInstanceResult {
  return {
    CreatedAt: instance.createdAt,
    AccessGrantsInstanceId: instance.id,
    AccessGrantsInstanceArn: instanceArn(ctx),
    IdentityCenterArn: instance.identityCenterArn,
    IdentityCenterInstanceArn: instance.identityCenterArn,
  };
}

export const CreateAccessGrantsInstance = operation(control.CreateAccessGrantsInstance, {
  ...onInstance,
  run({ IdentityCenterArn, Tags }, ctx) {
    if (ctx.db(instances).has("default")) throw accessGrantsInstanceExists();
    const made = ctx.db(instances).add({
      id: "default",
      createdAt: ctx.clock.now(),
      ...(IdentityCenterArn !== undefined && { identityCenterArn: IdentityCenterArn }),
    });
    setTags(ctx, instanceArn(ctx), Tags);
    return shown(ctx, made);
  },
});

export const GetAccessGrantsInstance = operation(control.GetAccessGrantsInstance, {
  ...onInstance,
  run: (_input, ctx) => shown(ctx, requireInstance(ctx)),
});

/** The instance is that of the bucket's account and region. */
export const GetAccessGrantsInstanceForPrefix = operation(control.GetAccessGrantsInstanceForPrefix, {
  ...onInstance,
  run(_input, ctx) {
    requireInstance(ctx);
    return { AccessGrantsInstanceArn: instanceArn(ctx), AccessGrantsInstanceId: "default" };
  },
});

export const DeleteAccessGrantsInstance = operation(control.DeleteAccessGrantsInstance, {
  ...onInstance,
  run(_input, ctx) {
    requireInstance(ctx);
    if (ctx.db(locations).first() || ctx.db(grants).first()) throw accessGrantsInstanceNotEmpty();
    ctx.db(instances).delete("default");
    ctx.tags(instanceArn(ctx)).clear();
  },
});

const pageSizeMax = 1_000;

export const ListAccessGrantsInstances = operation(control.ListAccessGrantsInstances, {
  ...ofAccount,
  run({ NextToken, MaxResults }, ctx) {
    const { items, next } = pageOf([...ctx.db(instances).list()], {
      limit: MaxResults || pageSizeMax,
      token: NextToken,
      scope: "s3-control.ListAccessGrantsInstances",
      invalid: invalidToken,
    });
    return { AccessGrantsInstancesList: items.map((row) => shown(ctx, row)), NextToken: next };
  },
});

export const AssociateAccessGrantsIdentityCenter = operation(control.AssociateAccessGrantsIdentityCenter, {
  ...onInstance,
  run({ IdentityCenterArn }, ctx) {
    ctx.db(instances).put({ ...requireInstance(ctx), identityCenterArn: IdentityCenterArn });
  },
});

export const DissociateAccessGrantsIdentityCenter = operation(control.DissociateAccessGrantsIdentityCenter, {
  ...onInstance,
  run(_input, ctx) {
    const { identityCenterArn: _gone, ...rest } = requireInstance(ctx);
    ctx.db(instances).put(rest);
  },
});

export const PutAccessGrantsInstanceResourcePolicy = operation(
  control.PutAccessGrantsInstanceResourcePolicy,
  {
    ...onInstance,
    run({ Policy: text, Organization: organization }, ctx) {
      const instance = requireInstance(ctx);
      if (!isPolicy(text)) throw invalidRequest("The policy is not valid");
      const createdAt = ctx.clock.now();
      const policy = { text, createdAt, ...(organization !== undefined && { organization }) };
      ctx.db(instances).put({ ...instance, policy });
      return { Policy: text, Organization: organization, CreatedAt: createdAt };
    },
  },
);

function isPolicy(text: string): boolean {
  return validatePolicy(text, "resource").length === 0;
}

export const GetAccessGrantsInstanceResourcePolicy = operation(
  control.GetAccessGrantsInstanceResourcePolicy,
  {
    ...onInstance,
    run(_input, ctx) {
      const { policy } = requireInstance(ctx);
      if (!policy) throw noResourcePolicy();
      return { Policy: policy.text, Organization: policy.organization, CreatedAt: policy.createdAt };
    },
  },
);

export const DeleteAccessGrantsInstanceResourcePolicy = operation(
  control.DeleteAccessGrantsInstanceResourcePolicy,
  {
    ...onInstance,
    run(_input, ctx) {
      const { policy: _gone, ...rest } = requireInstance(ctx);
      ctx.db(instances).put(rest);
    },
  },
);
