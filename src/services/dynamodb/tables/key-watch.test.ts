/** Tables whose key cannot be used any more. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBackupCommand, ListTagsOfResourceCommand, UpdateTableCommand, UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient, ListGrantsCommand, RevokeGrantCommand,
} from "@aws-sdk/client-kms";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { createTable, type TableFixture } from "../table-fixture.ts";

interface Locked {
  readonly kms: KMSClient;
  readonly KeyId: string;
  readonly table: TableFixture;
}

async function encrypted(region: TestRegion): Promise<Locked> {
  const kms = region.client(KMSClient);
  const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({}));
  const KeyId = key?.Arn ?? "";
  const table = await createTable(region, "pk:S", {
    SSESpecification: { Enabled: true, SSEType: "KMS", KMSMasterKeyId: KeyId },
  });
  await table.put({ pk: "a" });
  return { kms, KeyId, table };
}

test("a table whose key is disabled is locked in five minutes, and shows it some time later", async () => {
  await using region = await startRegion();
  const { kms, KeyId, table } = await encrypted(region);
  await kms.send(new DisableKeyCommand({ KeyId }));
  await region.clock.advance({ minutes: 4 });
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a" });
  await region.clock.advance({ minutes: 2 });
  const disabled = new RegExp(
    "^ValidationException: KMS key disabled error: com\\.amazonaws\\.services\\.kms\\.model\\." +
      `DisabledException: ${KeyId} is disabled\\. \\(Service: AWSKMS; Status Code: 400; ` +
      "Error Code: DisabledException; Request ID: [^;]+; Proxy: null\\)$",
  );
  const TableName = "table";
  const attempts = [
    () => table.item({ pk: "a" }), () => table.put({ pk: "b" }), () => table.all(),
    () => table.many([{ pk: "a" }]), () => table.fill([{ pk: "b" }]),
    () => table.query("pk = :a", { ":a": "a" }),
    () => table.db.send(new CreateBackupCommand({ TableName, BackupName: "backup" })),
    () => table.db.send(new UpdateTimeToLiveCommand({
      TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: "until" },
    })),
    () => table.db.send(new UpdateTableCommand({ TableName, SSESpecification: { Enabled: false } })),
  ];
  for (const attempt of attempts) assert.match(await refusal(attempt()), disabled);
  assert.equal((await table.description()).TableStatus, "ACTIVE");
  const locked = region.clock.now();
  await region.clock.advance({ minutes: 15 });
  const shown = await table.description();
  assert.equal(shown.TableStatus, "INACCESSIBLE_ENCRYPTION_CREDENTIALS");
  assert.equal(shown.SSEDescription?.Status, "ENABLED");
  assert.ok(Number(shown.SSEDescription.InaccessibleEncryptionDateTime) > locked);
  await table.db.send(new ListTagsOfResourceCommand({ ResourceArn: shown.TableArn }));
  await table.db.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
  await kms.send(new EnableKeyCommand({ KeyId }));
  await region.clock.advance({ minutes: 6 });
  assert.deepEqual(await table.all(), [{ pk: "a" }]);
  const healed = await table.description();
  assert.deepEqual(
    [healed.TableStatus, healed.SSEDescription?.InaccessibleEncryptionDateTime], ["ACTIVE", undefined],
  );
});

test("a table whose leave to use its key was revoked gets away from it with another key", async () => {
  await using region = await startRegion();
  const { kms, KeyId, table } = await encrypted(region);
  const { Grants } = await kms.send(new ListGrantsCommand({ KeyId }));
  await kms.send(new RevokeGrantCommand({ KeyId, GrantId: Grants?.[0]?.GrantId }));
  await region.clock.advance({ minutes: 6 });
  assert.match(
    await refusal(table.item({ pk: "a" })),
    /^AccessDeniedException: KMS key access denied error: com\.amazonaws/,
  );
  const { KeyMetadata: other } = await kms.send(new CreateKeyCommand({}));
  await table.db.send(new UpdateTableCommand({
    TableName: "table",
    SSESpecification: { Enabled: true, SSEType: "KMS", KMSMasterKeyId: other?.Arn },
  }));
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a" });
  await region.clock.advance({ hours: 1 });
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a" });
});

test("a table that cannot be made leaves no leave to use its key behind", async () => {
  await using region = await startRegion();
  const { kms, KeyId, table } = await encrypted(region);
  const grants = async () => (await kms.send(new ListGrantsCommand({ KeyId }))).Grants?.length;
  assert.equal(await grants(), 1);
  const SSESpecification = { Enabled: true, SSEType: "KMS", KMSMasterKeyId: KeyId } as const;
  assert.equal(
    await refusal(createTable(region, "pk:S", { TableName: table.name, SSESpecification })),
    "ResourceInUseException: Table already exists: table",
  );
  await region.clock.advance({ seconds: 1 });
  assert.equal(await grants(), 1);
});
