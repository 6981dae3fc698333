/** What is asked of Multi-Region Access Points takes its time: a request is answered with a token. */

import * as control from "../../generated/s3-control.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { partitionCell } from "../../kernel/partition.ts";
import { table, type Transaction } from "../../store/types.ts";
import { ofAccount } from "./account.ts";
import { noSuchAsyncRequest } from "./errors.ts";

/** In the partition's cell, as what it is about. */
export interface AsyncRequest {
  readonly arn: string;
  /** Of the client: the same one is the same request. */
  readonly clientToken: string;
  readonly account: string;
  readonly operation: control.AsyncOperationName;
  readonly parameters: control.AsyncRequestParameters;
  readonly regions: readonly string[];
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly doneAt: number;
}

export const asyncRequests = table<AsyncRequest, "token">("s3-control.asyncRequests", {
  key: (row) => row.arn,
  indexes: { token: (row) => [row.account, row.operation, row.clientToken] },
});

/** How long it takes to make, change and delete one. AWS takes minutes. */
export const asyncMilliseconds = 30_000;

const kinds: Readonly<Record<control.AsyncOperationName, string>> = {
  CreateMultiRegionAccessPoint: "create",
  DeleteMultiRegionAccessPoint: "delete",
  PutMultiRegionAccessPointPolicy: "policy",
};

/** All of them are in one region. @evidence S3 User Guide, "Making Multi-Region Access Point requests" */
const controlRegion = "us-west-2";

interface NewRequest {
  readonly ClientToken: string;
  readonly operation: control.AsyncOperationName;
  readonly parameters: control.AsyncRequestParameters;
}

/**
 * Does the work once for each client token.
 *
 * @param work is given when it will be done, and says in which regions
 * @returns the token to ask by
 */
export function requestOnce(
  ctx: BodyContext,
  { ClientToken: clientToken, operation: name, parameters }: NewRequest,
  work: (transaction: Transaction, doneAt: number) => readonly string[],
): { RequestTokenARN: string } {
  const { account } = ctx;
  const createdAt = ctx.clock.now();
  const doneAt = createdAt + asyncMilliseconds;
  const token = `arn:aws:s3:${controlRegion}:${account}:async-request/mrap/${kinds[name]}/${ctx.ids.hex(32)}`;
  return ctx.partition((transaction) => {
    const rows = transaction.rows(asyncRequests);
    const known = rows.by("token").first({ prefix: [account, name, clientToken] });
    if (known) return { RequestTokenARN: known.arn };
    const regions = work(transaction, doneAt);
    rows.add({ arn: token, clientToken, account, operation: name, parameters, regions, createdAt, doneAt });
    return { RequestTokenARN: token };
  });
}

export const DescribeMultiRegionAccessPointOperation = operation(
  control.DescribeMultiRegionAccessPointOperation,
  {
    ...ofAccount,
    resource: (input) => input.RequestTokenARN,
    run: (input, ctx) => ({ AsyncOperation: describe(ctx, input.RequestTokenARN) }),
  },
);

function describe(ctx: ReadContext, arn: string): control.AsyncOperation {
  const found = ctx.kernel.read(partitionCell, (transaction) => transaction.rows(asyncRequests).get(arn));
  if (found?.account !== ctx.account) throw noSuchAsyncRequest();
  const RequestStatus = ctx.clock.now() < found.doneAt ? "INPROGRESS" : "SUCCEEDED";
  return {
    CreationTime: found.createdAt,
    Operation: found.operation,
    RequestTokenARN: found.arn,
    RequestParameters: found.parameters,
    RequestStatus,
    ResponseDetails: {
      MultiRegionAccessPointDetails: { Regions: found.regions.map((Name) => ({ Name, RequestStatus })) },
    },
  };
}
