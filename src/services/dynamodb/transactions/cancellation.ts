/** Transactions that come to nothing, with a reason for each of their actions. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { CancellationReason } from "../../../generated/dynamodb.ts";
import { AwsError, modelled } from "../../../kernel/errors.ts";
import { isEmptiness } from "../items/key-errors.ts";

export const noReason: CancellationReason = { Code: "None" };

/** @evidence recorded */
export function cancelled(reasons: readonly CancellationReason[]): AwsError {
  const codes = reasons.map(({ Code }) => Code).join(", ");
  return modelled(
    dynamodb.TransactionCanceledException,
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
}

const codes: Readonly<Record<string, string>> = {
  ValidationException: "ValidationError",
  ConditionalCheckFailedException: "ConditionalCheckFailed",
  ItemCollectionSizeLimitExceededException: "ItemCollectionSizeLimitExceeded",
  ProvisionedThroughputExceededException: "ProvisionedThroughputExceeded",
  ThrottlingException: "ThrottlingError",
  DuplicateItemException: "DuplicateItem",
};

/**
 * Why an action cannot be part of the transaction; what is no such reason is thrown on, and answers the whole
 * request.
 *
 * @evidence recorded: empty keys are a matter of the request, other wrong keys of the action
 */
export function reasonOf(cause: unknown): CancellationReason {
  const code = cause instanceof AwsError ? codes[cause.code] : undefined;
  if (!(cause instanceof AwsError) || code === undefined || isEmptiness(cause)) throw cause;
  const { Item } = cause.members as CancellationReason;
  return { Code: code, Message: cause.message, ...(Item && { Item }) };
}

/** Runs every action, so that each has its reason. @throws TransactionCanceledException if one has */
export function allOrNone<Action, Made>(actions: readonly Action[], make: (action: Action) => Made): Made[] {
  const made: Made[] = [];
  const reasons = actions.map((action) => {
    try {
      made.push(make(action));
      return noReason;
    } catch (cause) {
      return reasonOf(cause);
    }
  });
  if (made.length < actions.length) throw cancelled(reasons);
  return made;
}
