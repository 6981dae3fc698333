/** What `ClientError.response["Error"]["Code"]` is, which programs compare with texts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorkstation, without } from "./clients.ts";

const skip = without("boto3");

test("the codes of IAM's and STS's errors", { skip }, async () => {
  await using station = await startWorkstation();
  assert.deepEqual(
    await station.python(`
    iam, sts = boto3.client("iam"), boto3.client("sts")
    iam.create_user(UserName="ana")
    iam.create_access_key(UserName="ana")
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    answer({
        "missing": code_of(iam.get_user, UserName="none"),
        "taken": code_of(iam.create_user, UserName="ana"),
        "conflict": code_of(iam.delete_user, UserName="ana"),
        "malformed": code_of(iam.put_user_policy, UserName="ana", PolicyName="p", PolicyDocument="{"),
        "parameter": code_of(iam.create_user, UserName="not a name"),
        "trust": code_of(iam.create_role, RoleName="r", AssumeRolePolicyDocument=policy),
        "role": code_of(sts.assume_role, RoleSessionName="work",
            RoleArn="arn:aws:iam::000000000000:role/none"),
        "message": code_of(sts.decode_authorization_message, EncodedMessage="nonsense"),
        "modelled": isinstance(iam.exceptions.NoSuchEntityException(
            {"Error": {"Code": "NoSuchEntity"}}, "GetUser"), ClientError),
    })
  `),
    {
      missing: "NoSuchEntity",
      taken: "EntityAlreadyExists",
      conflict: "DeleteConflict",
      malformed: "MalformedPolicyDocument",
      parameter: "ValidationError",
      trust: "MalformedPolicyDocument",
      role: "AccessDenied",
      message: "InvalidAuthorizationMessageException",
      modelled: true,
    },
  );
});

test("the codes of SQS's errors", { skip }, async () => {
  await using station = await startWorkstation();
  assert.deepEqual(
    await station.python(`
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    caught = None
    try:
        sqs.get_queue_url(QueueName="none")
    except sqs.exceptions.QueueDoesNotExist as error:
        caught = error.response["Error"]["Code"]
    answer({
        "missing": caught,
        "differs": code_of(sqs.create_queue, QueueName="orders", Attributes={"DelaySeconds": "5"}),
        "attribute": code_of(sqs.create_queue, QueueName="other", Attributes={"DelaySeconds": "901"}),
        "handle": code_of(sqs.delete_message, QueueUrl=url, ReceiptHandle="nonsense"),
        "empty": code_of(sqs.send_message_batch, QueueUrl=url, Entries=[]),
        "twice": code_of(sqs.send_message_batch, QueueUrl=url,
            Entries=[{"Id": "a", "MessageBody": "x"}, {"Id": "a", "MessageBody": "y"}]),
        "group": code_of(sqs.send_message, QueueUrl=sqs.create_queue(
            QueueName="o.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"], MessageBody="x"),
    })
  `),
    {
      missing: "AWS.SimpleQueueService.NonExistentQueue",
      differs: "QueueAlreadyExists",
      attribute: "InvalidAttributeValue",
      handle: "ReceiptHandleIsInvalid",
      empty: "AWS.SimpleQueueService.EmptyBatchRequest",
      twice: "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
      group: "MissingParameter",
    },
  );
});

test("the codes of SSM's, KMS's and Secrets Manager's errors", { skip }, async () => {
  await using station = await startWorkstation();
  assert.deepEqual(
    await station.python(`
    ssm, kms, secrets = boto3.client("ssm"), boto3.client("kms"), boto3.client("secretsmanager")
    ssm.put_parameter(Name="p", Value="v", Type="String")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    secrets.create_secret(Name="s", SecretString="x")
    missing = "00000000-0000-0000-0000-000000000000"
    answer({
        "parameter": code_of(ssm.get_parameter, Name="none"),
        "parameter taken": code_of(ssm.put_parameter, Name="p", Value="v", Type="String"),
        "parameter type": code_of(ssm.put_parameter, Name="q", Value="v"),
        "key": code_of(kms.describe_key, KeyId=missing),
        "key disabled": code_of(kms.encrypt, KeyId=key, Plaintext=b"x"),
        "ciphertext": code_of(kms.decrypt, CiphertextBlob=b"nonsense"),
        "alias": code_of(kms.create_alias, AliasName="alias/aws/mine", TargetKeyId=key),
        "secret": code_of(secrets.get_secret_value, SecretId="none"),
        "secret taken": code_of(secrets.create_secret, Name="s", SecretString="y"),
        "secret policy": code_of(secrets.put_resource_policy, SecretId="s", ResourcePolicy="{"),
    })
  `),
    {
      parameter: "ParameterNotFound",
      "parameter taken": "ParameterAlreadyExists",
      "parameter type": "ValidationException",
      key: "NotFoundException",
      "key disabled": "DisabledException",
      ciphertext: "InvalidCiphertextException",
      alias: "NotAuthorizedException",
      secret: "ResourceNotFoundException",
      "secret taken": "ResourceExistsException",
      "secret policy": "MalformedPolicyDocumentException",
    },
  );
});

test("the codes of refused keys, by the family of the service", { skip }, async () => {
  await using station = await startWorkstation();
  const ana = station.as(await station.user("ana"));
  const codes = `
    answer([code_of(boto3.client("iam").list_users), code_of(boto3.client("sqs").list_queues),
            code_of(boto3.client("kms").list_keys), code_of(boto3.client("ssm").describe_parameters),
            code_of(boto3.client("secretsmanager").list_secrets)])
  `;
  const refused = (code: string) => [code, code, `${code}Exception`, `${code}Exception`, `${code}Exception`];
  assert.deepEqual(await ana.python(codes), refused("AccessDenied"));
  const unknown = station.as({ AccessKeyId: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x" });
  const json = "UnrecognizedClientException";
  assert.deepEqual(await unknown.python(codes), [
    "InvalidClientTokenId",
    "InvalidClientTokenId",
    json,
    json,
    json,
  ]);
});
