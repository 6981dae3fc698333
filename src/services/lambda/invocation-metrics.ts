/** What CloudWatch is told of invocations. */

import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import type { Outcome } from "../../planes/functions/contract.ts";
import type { FunctionVersion } from "./function-table.ts";

export function countInvocation(
  _ctx: BodyContext, _version: FunctionVersion, _qualifier: string | undefined, _outcome: Outcome,
): void {}

export function countThrottle(_ctx: BodyContext, _version: FunctionVersion, _qualifier: string | undefined): void {}

export function countRecursionStopped(_ctx: BodyContext, _version: FunctionVersion): void {}

export function countEventReceived(_ctx: ReadContext, _event: { readonly name: string }): void {}

export function countEventDropped(_ctx: BodyContext, _version: FunctionVersion): void {}

export function countDeliveryFailure(_ctx: BodyContext, _version: FunctionVersion): void {}
