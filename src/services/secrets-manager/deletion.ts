/** DeleteSecret and RestoreSecret. */

import * as sm from "../../generated/secrets-manager.ts";
import type { DeleteSecretRequest } from "../../generated/secrets-manager.ts";
import { job } from "../../jobs/job.ts";
import { operation } from "../../kernel/operation.ts";
import { secretRules } from "./conditions.ts";
import {
  alreadyScheduled, forceWithWindow, hasReplicas, isReplica, recoveryWindow, secretNotFound,
} from "./errors.ts";
import { removeSecret } from "./replication.ts";
import {
  findSecret, isOwnService, isReplicaHere, millisecondsPerDay, requireSecret, secretArn, secrets,
} from "./secret-rows.ts";

/** @evidence Secrets Manager API Reference, DeleteSecret, RecoveryWindowInDays */
const windowDaysDefault = 30;
const windowDaysMin = 7;

interface Due {
  readonly name: string;
  readonly suffix: string;
}

export const deleteSecret = job<Due>("secrets-manager.deleteSecret", ({ name, suffix }, ctx) => {
  const secret = ctx.db(secrets).get(name);
  if (secret?.suffix === suffix && secret.deletionAt !== undefined) removeSecret(ctx, secret);
});

function windowDays(input: DeleteSecretRequest): number {
  const { RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force } = input;
  if (days !== undefined && force) throw forceWithWindow();
  if (days !== undefined && (days < windowDaysMin || days > windowDaysDefault)) throw recoveryWindow();
  return force ? 0 : (days ?? windowDaysDefault);
}

/**
 * Deleting by force what is not there succeeds.
 *
 * @evidence Secrets Manager API Reference, ForceDeleteWithoutRecovery
 */
export const DeleteSecret = operation(sm.DeleteSecret, {
  ...secretRules<DeleteSecretRequest>(),

  run(input, ctx) {
    const days = windowDays(input);
    const deletionAt = ctx.clock.now() + days * millisecondsPerDay;
    const secret = findSecret(ctx, input.SecretId);
    if (!secret && days > 0) throw secretNotFound();
    if (!secret) return { Name: input.SecretId, DeletionDate: deletionAt };
    const arn = secretArn(ctx, secret);
    if (isReplicaHere(ctx, secret) && !isOwnService(ctx)) throw isReplica();
    if (secret.replicas.length > 0) throw hasReplicas(arn, secret.replicas.map(({ region }) => region));
    if (days === 0) {
      ctx.unschedule(deleteSecret, secret.name);
      removeSecret(ctx, secret);
    } else {
      if (secret.deletionAt !== undefined) throw alreadyScheduled();
      ctx.db(secrets).put({ ...secret, deletionAt });
      ctx.schedule(deleteSecret, {
        at: deletionAt, id: secret.name, input: { name: secret.name, suffix: secret.suffix },
      });
    }
    return { ARN: arn, Name: secret.name, DeletionDate: deletionAt };
  },
});

export const RestoreSecret = operation(sm.RestoreSecret, {
  ...secretRules<sm.RestoreSecretRequest>(),

  run(input, ctx) {
    const { deletionAt: _, ...secret } = requireSecret(ctx, input.SecretId);
    if (isReplicaHere(ctx, secret)) throw isReplica();
    ctx.unschedule(deleteSecret, secret.name);
    ctx.db(secrets).put(secret);
    return { ARN: secretArn(ctx, secret), Name: secret.name };
  },
});
