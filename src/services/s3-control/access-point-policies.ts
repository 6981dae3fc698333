/** Policies of access points. */

import * as control from "../../generated/s3-control.ts";
import { operation } from "../../kernel/operation.ts";
import { shownPolicy } from "../../kernel/policy-principals.ts";
import { publicAccessBlocked } from "../s3/access/access-errors.ts";
import { accessPointArn, accessPoints } from "../s3/access/access-point-table.ts";
import { requirePolicy } from "../s3/access/policy-validation.ts";
import { accountBlocks } from "../s3/access/public-access-block.ts";
import { isPublicPolicy } from "../s3/access/public-policy.ts";
import { onAccessPoint, requireAccessPoint } from "./access-points.ts";
import { noSuchAccessPointPolicy } from "./errors.ts";

export const PutAccessPointPolicy = operation(control.PutAccessPointPolicy, {
  ...onAccessPoint,
  run({ Name, Policy }, ctx) {
    const point = requireAccessPoint(ctx, Name);
    const resource = accessPointArn(point);
    const policy = requirePolicy(Policy, { arn: resource, objects: `${resource}/object/` }, ctx.kernel);
    const isBlocked =
      point.publicAccessBlock.BlockPublicPolicy === true ||
      accountBlocks(ctx.kernel, ctx.account, "BlockPublicPolicy");
    if (isPublicPolicy(policy) && isBlocked) {
      const action = "s3:PutAccessPointPolicy";
      throw publicAccessBlocked({ caller: ctx.caller, action, resource, setting: "BlockPublicPolicy" });
    }
    ctx.db(accessPoints).put({ ...point, policy });
  },
});

export const GetAccessPointPolicy = operation(control.GetAccessPointPolicy, {
  ...onAccessPoint,
  run({ Name }, ctx) {
    const { policy } = requireAccessPoint(ctx, Name);
    if (policy === undefined) throw noSuchAccessPointPolicy();
    return { Policy: shownPolicy(ctx.kernel.identity, policy) };
  },
});

export const DeleteAccessPointPolicy = operation(control.DeleteAccessPointPolicy, {
  ...onAccessPoint,
  run({ Name }, ctx) {
    const { policy: _gone, ...rest } = requireAccessPoint(ctx, Name);
    ctx.db(accessPoints).put(rest);
  },
});

export const GetAccessPointPolicyStatus = operation(control.GetAccessPointPolicyStatus, {
  ...onAccessPoint,
  run({ Name }, ctx) {
    const { policy } = requireAccessPoint(ctx, Name);
    if (policy === undefined) throw noSuchAccessPointPolicy();
    return { PolicyStatus: { IsPublic: isPublicPolicy(policy) } };
  },
});
