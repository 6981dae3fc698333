/** boto3 and DynamoDB: tables as resources, conditions, batch writers, paginators, waiters, retries. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorkstation, without } from "./clients.ts";

const skip = without("boto3");

/** Of a Python program: a table of movies, as boto3's guide has it. */
const movies = `
    from decimal import Decimal
    from boto3.dynamodb.conditions import Attr, Key
    from boto3.dynamodb.types import Binary
    dynamodb = boto3.resource("dynamodb")
    table = dynamodb.create_table(
        TableName="movies", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "year", "KeyType": "HASH"},
                   {"AttributeName": "title", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind}
            for name, kind in [("year", "N"), ("title", "S"), ("genre", "S")]],
        GlobalSecondaryIndexes=[{"IndexName": "by-genre", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "genre", "KeyType": "HASH"},
                          {"AttributeName": "title", "KeyType": "RANGE"}]}])
    waiter = boto3.client("dynamodb").get_waiter("table_exists")
    waiter.wait(TableName="movies", WaiterConfig={"Delay": 1, "MaxAttempts": 10})
`;

test("a table as a resource: items of every type, changed on conditions", { skip }, async () => {
  await using station = await startWorkstation();
  const answer = await station.python(`${movies}
    item = {"year": 2015, "title": "The Big New Movie", "info": {"plot": "Nothing", "rating": Decimal("7.5")},
            "cast": {"b", "a"}, "years": {Decimal("1"), Decimal("2.5")}, "raw": Binary(b"\\x00\\xff"),
            "list": [1, None, True, {"empty": ""}]}
    table.put_item(Item=item, ConditionExpression=Attr("title").not_exists())
    key = {"year": 2015, "title": "The Big New Movie"}
    same = table.get_item(Key=key)["Item"] == item
    twice = code_of(table.put_item, Item=item, ConditionExpression=Attr("title").not_exists())
    updated = table.update_item(
        Key=key, ReturnValues="UPDATED_NEW",
        UpdateExpression="SET info.rating = info.rating + :r, info.actors = :a ADD #c :c REMOVE #l[0]",
        ConditionExpression=Attr("info.rating").between(7, 8) & Attr("list").size().eq(4)
            & Attr("cast").contains("a") & ~Attr("info.plot").begins_with("Some")
            & Attr("years").attribute_type("NS") & (Attr("year").is_in([2014, 2015]) | Attr("none").exists()),
        ExpressionAttributeNames={"#c": "cast", "#l": "list"},
        ExpressionAttributeValues={":r": Decimal("0.1"), ":a": ["Larry"], ":c": {"c"}})["Attributes"]
    refused = []
    try:
        table.delete_item(Key=key, ConditionExpression=Attr("info.rating").lte(5),
            ReturnValuesOnConditionCheckFailure="ALL_OLD")
    except dynamodb.meta.client.exceptions.ConditionalCheckFailedException as error:
        refused = [error.response["Error"]["Message"], error.response["Item"]["title"]["S"]]
    old = table.delete_item(Key=key, ReturnValues="ALL_OLD")["Attributes"]
    gone = "Item" in table.get_item(Key=key)
    table.delete()
    table.wait_until_not_exists()
    missing = None
    try:
        table.load()
    except dynamodb.meta.client.exceptions.ResourceNotFoundException as error:
        missing = error.response["Error"]["Message"]
    answer([same, twice, str(updated["info"]["rating"]), updated["info"]["actors"], sorted(updated["cast"]),
            len(old["list"]), refused, gone, missing])
  `);
  assert.deepEqual(answer, [
    true, "ConditionalCheckFailedException", "7.6", ["Larry"], ["a", "b", "c"], 3,
    ["The conditional request failed", "The Big New Movie"], false,
    "Requested resource not found: Table: movies not found",
  ]);
});

test("a batch writer, queries with conditions, scans in segments, and paginators", { skip }, async () => {
  await using station = await startWorkstation();
  const answer = await station.python(`${movies}
    with table.batch_writer(overwrite_by_pkeys=["year", "title"]) as batch:
        for number in range(60):
            batch.put_item(Item={"year": 2000 + number % 3, "title": f"t{number:02}", "pad": "x" * 1000,
                                 "genre": "drama" if number % 2 else "comedy"})
        batch.put_item(Item={"year": 2000, "title": "t00", "pad": "again"})
        batch.delete_item(Key={"year": 2001, "title": "t01"})
    query = table.query(
        KeyConditionExpression=Key("year").eq(2000) & Key("title").between("t03", "t30"),
        FilterExpression=Attr("genre").eq("drama"), ScanIndexForward=False, ProjectionExpression="title")
    index = table.query(IndexName="by-genre", Limit=5,
        KeyConditionExpression=Key("genre").eq("comedy") & Key("title").begins_with("t"))
    segments = sum(table.scan(TotalSegments=4, Segment=each, Select="COUNT")["Count"] for each in range(4))
    client = dynamodb.meta.client
    pages = [page["Count"] for page in client.get_paginator("query").paginate(
        TableName="movies", KeyConditionExpression=Key("year").eq(2002), PaginationConfig={"PageSize": 8})]
    # A token of pages is JSON, which can't hold a resource's own numbers: those are read with a plain client.
    scan = boto3.client("dynamodb").get_paginator("scan")
    scanned = scan.paginate(
        TableName="movies", PaginationConfig={"MaxItems": 10, "PageSize": 4}).build_full_result()
    rest = scan.paginate(TableName="movies", PaginationConfig={
        "StartingToken": scanned["NextToken"]}).build_full_result()
    got = dynamodb.batch_get_item(RequestItems={"movies": {
        "Keys": [{"year": 2000, "title": "t00"}, {"year": 2001, "title": "t01"}], "ConsistentRead": True}})
    tables = [each.name for each in dynamodb.tables.all()]
    answer([[each["title"] for each in query["Items"]], query["ScannedCount"],
            [each["title"] for each in index["Items"]], index["LastEvaluatedKey"]["title"], segments, pages,
            len(scanned["Items"]), len(rest["Items"]), got["Responses"]["movies"], got["UnprocessedKeys"],
            tables])
  `);
  assert.deepEqual(answer, [
    ["t27", "t21", "t15", "t09", "t03"], 10, ["t02", "t04", "t06", "t08", "t10"], "t10",
    59, [8, 8, 4], 10, 49,
    [{ year: "2000", title: "t00", pad: "again" }], {}, ["movies"],
  ]);
});

test("transactions, PartiQL and their typed errors", { skip }, async () => {
  await using station = await startWorkstation();
  const answer = await station.python(`${movies}
    client = dynamodb.meta.client
    key = {"year": 1, "title": "a"}
    def write(**condition):
        return client.transact_write_items(TransactItems=[
            {"Put": {"TableName": "movies", "Item": {**key, "n": 1}, **condition}},
            {"Delete": {"TableName": "movies", "Key": {"year": 2, "title": "b"}}}])
    write()
    reasons = None
    try:
        write(ConditionExpression="attribute_not_exists(title)")
    except client.exceptions.TransactionCanceledException as error:
        reasons = error.response["CancellationReasons"]
    got = client.transact_get_items(TransactItems=[{"Get": {"TableName": "movies", "Key": key}}])
    selected = client.execute_statement(
        Statement='SELECT n FROM "movies" WHERE "year" = ? AND title = ?', Parameters=[1, "a"])["Items"]
    duplicate = None
    try:
        client.execute_statement(Statement="INSERT INTO movies VALUE {'year': 1, 'title': 'a'}")
    except client.exceptions.DuplicateItemException as error:
        duplicate = error.response["Error"]["Message"]
    paged = boto3.client("dynamodb").get_paginator("list_tables").paginate().build_full_result()["TableNames"]
    answer([reasons, got["Responses"][0]["Item"], selected, duplicate, paged])
  `);
  assert.deepEqual(answer, [
    [{ Code: "ConditionalCheckFailed", Message: "The conditional request failed" }, { Code: "None" }],
    { year: "1", title: "a", n: "1" },
    [{ n: "1" }],
    "Duplicate primary key exists in table",
    ["movies"],
  ]);
});

test("dynamodb-throughput-exceeded: a client that is throttled tries again until it is let through", {
  skip,
}, async () => {
  await using station = await startWorkstation();
  const answer = await station.python(`
    client = boto3.client("dynamodb", config=Config(retries={"mode": "standard", "max_attempts": 10}))
    client.create_table(TableName="slow", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 1})
    client.get_waiter("table_exists").wait(TableName="slow", WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    once = boto3.client("dynamodb", config=Config(retries={"mode": "standard", "total_max_attempts": 1}))
    # What is kept of five minutes is used up by four writes of 75 units; then there is one unit a second.
    for number in range(4):
        once.put_item(TableName="slow", Item={"pk": {"S": str(number)}, "pad": {"S": "x" * 76_000}})
    code = None
    while code is None:
        code = code_of(once.put_item, TableName="slow", Item={"pk": {"S": "one"}})
    answers = [client.put_item(TableName="slow", Item={"pk": {"S": "again"}}) for _ in range(3)]
    attempts = sum(each["ResponseMetadata"]["RetryAttempts"] for each in answers)
    answer([code, attempts > 0])
  `);
  assert.deepEqual(answer, ["ProvisionedThroughputExceededException", true]);
});
