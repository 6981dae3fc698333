/** boto3: its clients, resources, sessions, paginators and retries. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { addRoleProfile, root, startWorkstation, without, type Workstation } from "./clients.ts";

const skip = without("boto3");

test(
  "sdk-default-chain-recommended: boto3 finds keys in the environment, files and assumed roles",
  { skip },
  async () => {
    await using station = await startWorkstation();
    await addRoleProfile(station);
    const arns = `
    def arn(**session):
        return boto3.Session(**session).client("sts").get_caller_identity()["Arn"]
    answer([arn(), arn(profile_name="app")])
  `;
    const session = "arn:aws:sts::000000000000:assumed-role/app/work";
    assert.deepEqual(await station.python(arns), ["arn:aws:iam::000000000000:root", session]);
    assert.deepEqual(await station.anonymous().python(arns), ["arn:aws:iam::000000000000:user/ana", session]);
  },
);

test("sdk-language-specific: Python sends to and receives from a queue", { skip }, async () => {
  await using station = await startWorkstation();
  assert.deepEqual(
    await station.python(`
    sqs = boto3.resource("sqs")
    queue = sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "0"})
    queue.send_message(MessageBody="héllo", MessageAttributes={
        "count": {"DataType": "Number", "StringValue": "3"},
        "blob": {"DataType": "Binary", "BinaryValue": b"\\x00\\xff"}})
    batch = queue.send_messages(Entries=[{"Id": str(n), "MessageBody": f"n{n}"} for n in range(3)])
    received = []
    while len(received) < 4:
        messages = queue.receive_messages(
            MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=1)
        for message in messages:
            attributes = {name: value.get("StringValue") or list(value["BinaryValue"])
                          for name, value in (message.message_attributes or {}).items()}
            received.append([message.body, attributes])
            message.delete()
    received.sort(key=lambda pair: pair[0])
    answer({"sent": len(batch["Successful"]), "received": received,
            "found": sqs.get_queue_by_name(QueueName="orders").attributes["QueueArn"]})
  `),
    {
      sent: 3,
      received: [
        ["héllo", { count: "3", blob: [0, 255] }],
        ["n0", {}],
        ["n1", {}],
        ["n2", {}],
      ],
      found: "arn:aws:sqs:us-east-1:000000000000:orders",
    },
  );
});

test("IAM as resources: users, roles and their collections", { skip }, async () => {
  await using station = await startWorkstation();
  assert.deepEqual(
    await station.python(`
    iam = boto3.resource("iam")
    user = iam.create_user(UserName="ana", Path="/people/")
    group = iam.create_group(GroupName="shop")
    group.add_user(UserName="ana")
    policy = iam.create_policy(PolicyName="send", PolicyDocument=json.dumps(
        {"Version": "2012-10-17",
         "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}))
    user.attach_policy(PolicyArn=policy.arn)
    user.create_policy(PolicyName="inline", PolicyDocument=json.dumps(policy.default_version.document))
    pair = user.create_access_key_pair()
    sts = boto3.client("sts", aws_access_key_id=pair.id, aws_secret_access_key=pair.secret)
    caller = sts.get_caller_identity()
    answer({
        "arn": user.arn, "caller": caller["Arn"] == user.arn,
        "groups": [each.name for each in user.groups.all()],
        "attached": [each.arn for each in user.attached_policies.all()],
        "inline": [each.name for each in user.policies.all()],
        "document": policy.default_version.document["Statement"][0]["Action"],
        "keys": [each.status for each in user.access_keys.all()],
    })
  `),
    {
      arn: "arn:aws:iam::000000000000:user/people/ana",
      caller: true,
      groups: ["shop"],
      attached: ["arn:aws:iam::000000000000:policy/send"],
      inline: ["inline"],
      document: "sqs:SendMessage",
      keys: ["Active"],
    },
  );
});

test("paginators and waiters walk through IAM, SSM, SQS, KMS and Secrets Manager", { skip }, async () => {
  await using station = await startWorkstation();
  assert.deepEqual(
    await station.python(`
    iam, ssm, sqs, kms = (boto3.client(name) for name in ("iam", "ssm", "sqs", "kms"))
    secrets = boto3.client("secretsmanager")
    for n in range(5):
        iam.create_user(UserName=f"u{n}")
        ssm.put_parameter(Name=f"/p/{n}", Value=str(n), Type="String")
        sqs.create_queue(QueueName=f"q{n}")
        kms.create_key()
        secrets.create_secret(Name=f"s{n}", SecretString="x")
    iam.get_waiter("user_exists").wait(UserName="u0")
    def pages(client, operation, member, size, **parameters):
        paginator = client.get_paginator(operation)
        return [len(page.get(member, [])) for page in
                paginator.paginate(PaginationConfig={"PageSize": size}, **parameters)]
    answer({
        "users": pages(iam, "list_users", "Users", 2),
        "managed": sum(pages(iam, "list_policies", "Policies", 1000, Scope="AWS")) > 1000,
        "parameters": pages(ssm, "get_parameters_by_path", "Parameters", 2, Path="/p"),
        "described": sum(pages(ssm, "describe_parameters", "Parameters", 10)),
        "queues": pages(sqs, "list_queues", "QueueUrls", 2),
        "keys": pages(kms, "list_keys", "Keys", 2),  # five, and the one that Secrets Manager made
        "secrets": pages(secrets, "list_secrets", "SecretList", 2),
    })
  `),
    {
      users: [2, 2, 1],
      managed: true,
      parameters: [2, 2, 1],
      described: 5,
      queues: [2, 2, 1],
      keys: [2, 2, 2],
      secrets: [2, 2, 1],
    },
  );
});

/** The next requests of an operation fail. */
async function injectFaults(station: Workstation, fault: object): Promise<void> {
  const answer = await fetch(`${station.endpoint}/_local/v1/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fault),
  });
  assert.equal(answer.status, 200, await answer.text());
}

test("sdk-retry-built-in: two failures are retried without a word of the program's", { skip }, async () => {
  await using station = await startWorkstation();
  const retries = (mode: string) =>
    station.python(`
    client = boto3.client("sqs", config=Config(retries={"mode": "${mode}"}))
    answer(client.list_queues()["ResponseMetadata"]["RetryAttempts"])
  `);
  for (const mode of ["legacy", "standard"]) {
    await injectFaults(station, {
      service: "sqs",
      operation: "ListQueues",
      code: "ThrottlingException",
      count: 2,
    });
    assert.equal(await retries(mode), 2);
    await injectFaults(station, { service: "sqs", code: "InternalFailure", count: 2 });
    assert.equal(await retries(mode), 2);
  }
  await injectFaults(station, { service: "iam", operation: "ListUsers", code: "Throttling", count: 1 });
  assert.equal(
    await station.python(`
    answer(boto3.client("iam").list_users()["ResponseMetadata"]["RetryAttempts"])
  `),
    1,
  );
});

test("sdk-exponential-backoff-throttling: the spaces between attempts grow", { skip }, async () => {
  await using station = await startWorkstation();
  await injectFaults(station, {
    service: "kms",
    operation: "ListKeys",
    code: "ThrottlingException",
    count: 4,
  });
  // Chance shortens each wait, so that only its bound can be told: 1, 2, 4 and 8 seconds.
  const { attempts, slept, refused } = await station.python<{
    attempts: number;
    slept: number[];
    refused: string;
  }>(`
    import time
    slept = []
    time.sleep = slept.append
    client = boto3.client("kms", config=Config(retries={"mode": "standard", "total_max_attempts": 5}))
    attempts = client.list_keys()["ResponseMetadata"]["RetryAttempts"]
    import urllib.request
    urllib.request.urlopen(urllib.request.Request("${station.endpoint}/_local/v1/faults", method="POST",
        headers={"content-type": "application/json"},
        data=json.dumps({"service": "kms", "count": 3}).encode()))
    once = boto3.client("kms", config=Config(retries={"mode": "standard", "total_max_attempts": 3}))
    answer({"attempts": attempts, "slept": slept[:4], "refused": code_of(once.list_keys)})
  `);
  assert.equal(attempts, 4);
  assert.equal(slept.length, 4);
  for (const [index, seconds] of slept.entries()) assert.ok(seconds <= 2 ** index, `${seconds}`);
  assert.equal(refused, "ThrottlingException");
});

test("a presigned GetCallerIdentity tells who signed it", { skip }, async () => {
  await using station = await startWorkstation();
  const ana = station.as(await station.user("ana"));
  const url = await ana.python<string>(`
    answer(boto3.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET"))
  `);
  const answer = await fetch(url);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.match(text, /<Arn>arn:aws:iam::000000000000:user\/ana<\/Arn>/);
  const forged = await fetch(url.replace("GetCallerIdentity", "GetSessionToken"));
  assert.equal(forged.status, 403);
  assert.match(await forged.text(), /<Code>SignatureDoesNotMatch<\/Code>/);
});

test("SQS answers both of its protocols: JSON, and Query for older SDKs", { skip }, async () => {
  await using station = await startWorkstation();
  const { body, url, missing } = await station.python<{
    body: string;
    url: string;
    missing: [number, string];
  }>(`
    import urllib.request, urllib.parse, urllib.error
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    def query(action, **parameters):
        data = urllib.parse.urlencode({"Action": action, "Version": "2012-11-05", **parameters})
        request = AWSRequest("POST", "${station.endpoint}/", data=data,
            headers={"content-type": "application/x-www-form-urlencoded"})
        SigV4Auth(boto3.Session().get_credentials(), "sqs", "us-east-1").add_auth(request)
        sent = urllib.request.Request(
            request.url, data=data.encode(), headers=dict(request.headers), method="POST")
        try:
            with urllib.request.urlopen(sent) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
    url = boto3.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody="<both>")
    answer({"body": query("ReceiveMessage", QueueUrl=url)[1],
            "url": query("GetQueueUrl", QueueName="orders")[1],
            "missing": query("GetQueueUrl", QueueName="none")})
  `);
  assert.match(body, /<Body>&lt;both&gt;<\/Body>/);
  assert.match(url, new RegExp(`<QueueUrl>${station.endpoint}/000000000000/orders</QueueUrl>`));
  assert.equal(missing[0], 400);
  assert.match(missing[1], /<Code>AWS\.SimpleQueueService\.NonExistentQueue<\/Code>/);
});

test(
  "sdk-default-region-us-east-1: global services are signed for us-east-1 where no region is set",
  { skip },
  async () => {
    await using station = await startWorkstation();
    // Without a region clients use the services' own host names; what they sign is handed over as it is.
    assert.deepEqual(
      await station.with({ AWS_ENDPOINT_URL: "", AWS_DEFAULT_REGION: "" }).python(`
    import urllib.request
    from botocore.awsrequest import AWSResponse
    seen = {}
    def hand_over(request, **facts):
        seen["host"] = urllib.parse.urlsplit(request.url).hostname
        headers = {name: value.decode() if isinstance(value, bytes) else value
                   for name, value in request.headers.items()}
        seen["scope"] = headers["Authorization"].split("Credential=")[1].split(",")[0].split("/")[2:4]
        sent = urllib.request.Request("${station.endpoint}/", data=request.body.encode(), method="POST",
            headers={**headers, "Host": seen["host"]})
        answered = urllib.request.urlopen(sent)
        content = answered.read()
        response = AWSResponse(request.url, answered.status, answered.headers, None)
        response._content = content
        return response
    def call(service, operation, **options):
        client = boto3.client(service, **options)
        client.meta.events.register("before-send", hand_over)
        getattr(client, operation)()
        return [seen["host"], *seen["scope"]]
    import urllib.parse
    try:
        boto3.client("sqs")
        regional = None
    except botocore.exceptions.NoRegionError as error:
        regional = str(error)
    answer([call("iam", "list_users"),
            call("sts", "get_caller_identity", config=Config(region_name="aws-global")), regional])
  `),
      [
        ["iam.amazonaws.com", "us-east-1", "iam"],
        ["sts.amazonaws.com", "us-east-1", "sts"],
        "You must specify a region.",
      ],
    );
  },
);

test("keys of other accounts see their own account only", { skip }, async () => {
  await using station = await startWorkstation();
  const queues = `answer(boto3.client("sqs").list_queues().get("QueueUrls", []))`;
  const other = station.as(root("222222222222"));
  await other.python(`boto3.client("sqs").create_queue(QueueName="theirs")`);
  assert.deepEqual(await station.python(queues), []);
  assert.deepEqual(await other.python(queues), [`${station.endpoint}/222222222222/theirs`]);
});
