import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateLogGroupCommand, DeleteTransformerCommand, GetQueryResultsCommand, GetTransformerCommand,
  PutMetricFilterCommand, PutTransformerCommand, StartQueryCommand, TestTransformerCommand, type Processor,
} from "@aws-sdk/client-cloudwatch-logs";
import { effort } from "../../../test/effort.ts";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { createGroup } from "./logs-fixture.ts";

const region = await startRegion();
after(() => region.stop());
const app = await createGroup(region, "app");
await app.stream("s");
const { logs } = app;

async function transformed(message: string | object, ...transformerConfig: Processor[]): Promise<unknown> {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  const { transformedLogs: [found] = [] } = await logs.send(
    new TestTransformerCommand({ transformerConfig, logEventMessages: [text] }));
  assert.equal(found?.eventNumber, 1);
  assert.equal(found?.eventMessage, text);
  return found?.transformedEventMessage === undefined ? undefined : JSON.parse(found.transformedEventMessage);
}

const json: Processor = { parseJSON: {} };

test("every parser takes a text apart", async () => {
  const cases: [string | object, Processor, unknown][] = [
    [{ outer: { inner: 1 } }, { parseJSON: { destination: "new" } }, { new: { outer: { inner: 1 } } }],
    ["no json", json, undefined],
    ["Akua,28,\"New York, USA\"", { csv: {} },
      { column_1: "Akua", column_2: "28", column_3: "New York, USA" }],
    ["'a''b'\t2", { csv: { quoteCharacter: "'", delimiter: "\\t", columns: ["x", "y"] } },
      { x: "a'b", y: "2" }],
    ["a=1&b=2&c", { parseKeyValue: {} }, { a: "1", b: "2" }],
    ["a:1!b:2!c", {
      parseKeyValue: {
        destination: "d", fieldDelimiter: "!", keyValueDelimiter: ":", keyPrefix: "p_", nonMatchValue: "none",
      },
    }, { d: { p_a: "1", p_b: "2", p_c: "none" } }],
    ["293750 server-01.internal ERROR user.id=7 took 1.5 ms", {
      grok: {
        match: "%{NUMBER:version:INT} %{HOSTNAME:host} %{LOGLEVEL:status} user.id=%{WORD:user.id} " +
          "took %{NUMBER:ms:FLOAT} ms",
      },
    }, { version: 293750, host: "server-01.internal", status: "ERROR", user: { id: "7" }, ms: 1.5 }],
    ["127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /a.gif HTTP/1.0\" 200 2326",
      { grok: { match: "%{COMMONAPACHELOG}" } }, {
        clientip: "127.0.0.1", ident: "-", auth: "frank", timestamp: "10/Oct/2000:13:55:36 -0700",
          verb: "GET",
        request: "/a.gif", httpversion: "1.0", response: "200", bytes: "2326",
      }],
    ["nothing of the kind", { grok: { match: "%{INT:a}" } }, undefined],
    ["2 123 eni-1 10.0.0.1 10.0.0.2 443 5000 6 10 840 1600000000 1600000060 ACCEPT OK", { parseVPC: {} }, {
      version: 2, accountId: "123", interfaceId: "eni-1", srcAddr: "10.0.0.1", dstAddr: "10.0.0.2",
        srcPort: 443,
      dstPort: 5000, protocol: 6, packets: 10, bytes: 840, start: 1600000000, end: 1600000060,
        action: "ACCEPT",
      logStatus: "OK",
    }],
  ];
  for (const [message, processor, expected] of cases) {
    assert.deepEqual(await transformed(message, processor), expected, JSON.stringify(processor));
  }
});

test("every other processor changes members", async () => {
  const cases: [object, Processor, unknown][] = [
    [{ a: 1 }, { addKeys: { entries: [{ key: "o.n", value: "v" }, { key: "a", value: "x" }] } },
      { a: 1, o: { n: "v" } }],
    [{ a: 1 }, { addKeys: { entries: [{ key: "a", value: "x", overwriteIfExists: true }] } }, { a: "x" }],
    [{ a: { b: 1 } }, { copyValue: { entries: [{ source: "a.b", target: "c.d" }] } },
      { a: { b: 1 }, c: { d: 1 } }],
    [{ a: { b: 1 }, c: {} }, { moveKeys: { entries: [{ source: "a.b", target: "c.b" }] } },
      { a: {}, c: { b: 1 } }],
    [{ a: 1 }, { renameKeys: { entries: [{ key: "a", renameTo: "b" }] } }, { b: 1 }],
    [{ a: 1, b: { c: 2, d: 3 } }, { deleteKeys: { withKeys: ["a", "b.c"] } }, { b: { d: 3 } }],
    [{ a: "Ab", l: ["Xy"] }, { lowerCaseString: { withKeys: ["a", "l[0]", "none"] } },
      { a: "ab", l: ["xy"] }],
    [{ a: "Ab" }, { upperCaseString: { withKeys: ["a"] } }, { a: "AB" }],
    [{ a: "  b " }, { trimString: { withKeys: ["a"] } }, { a: "b" }],
    [{ a: "x-y" }, { splitString: { entries: [{ source: "a", delimiter: "-" }] } }, { a: ["x", "y"] }],
    [{ a: "n12n3" }, { substituteString: { entries: [{ source: "a", from: "\\d+", to: "#" }] } },
      { a: "n#n#" }],
    [{ i: "7", d: "1.5", b: "TRUE", s: 3, bad: "x" }, {
      typeConverter: {
        entries: [{ key: "i", type: "integer" }, { key: "d", type: "double" }, { key: "b", type: "boolean" },
          { key: "s", type: "string" }, { key: "bad", type: "integer" }],
      },
    }, { i: 7, d: 1.5, b: true, s: "3", bad: "x" }],
    [{ l: [{ k: "a", v: 1 }, { k: "b", v: 2 }, { k: "a", v: 3 }] },
      { listToMap: { source: "l", key: "k", valueKey: "v", target: "m", flatten: true,
        flattenedElement: "last" } },
      { l: [{ k: "a", v: 1 }, { k: "b", v: 2 }, { k: "a", v: 3 }], m: { a: 3, b: 2 } }],
    [{ l: [{ k: "a", v: 1 }] }, { listToMap: { source: "l", key: "k" } },
      { l: [{ k: "a", v: 1 }], a: [{ k: "a", v: 1 }] }],
    [{ t: "02/Jan/2026 13:04:05" }, {
      dateTimeConverter: { source: "t", target: "u", matchPatterns: ["yyyy", "dd/MMM/yyyy HH:mm:ss"],
        sourceTimezone: "Europe/Berlin" },
    }, { t: "02/Jan/2026 13:04:05", u: "2026-01-02T12:04:05.000Z" }],
    [{ t: 1767355445 }, {
      dateTimeConverter: {
        source: "t", target: "t", matchPatterns: ["epoch"], targetFormat: "EEE, d MMM yyyy hh:mm a XXX",
        targetTimezone: "America/New_York",
      },
    }, { t: "Fri, 2 Jan 2026 07:04 AM -05:00" }],
  ];
  for (const [message, processor, expected] of cases) {
    assert.deepEqual(await transformed(message, json, processor), expected, JSON.stringify(processor));
  }
  assert.deepEqual(await transformed("{\"__proto__\":{\"x\":1}}", json),
    JSON.parse("{\"__proto__\":{\"x\":1}}"));
});

test("events are transformed as they come: for queries, for filters that ask for it, and in metrics",
  async () => {
  await app.put("s", [0, "level=old&ms=1"]);
  await logs.send(new PutTransformerCommand({
    logGroupIdentifier: "app",
    transformerConfig: [{ parseKeyValue: {} },
      { typeConverter: { entries: [{ key: "ms", type: "integer" }] } }],
  }));
  for (const [filterName, applyOnTransformedLogs] of [["raw", false], ["new", true]] as const) {
    await logs.send(new PutMetricFilterCommand({
      logGroupName: "app", filterName, filterPattern: "{ $.level = \"bad\" }", applyOnTransformedLogs,
      metricTransformations: [{ metricName: filterName, metricNamespace: "N", metricValue: "$.ms" }],
    }));
  }
  await app.put("s", [1, "level=bad&ms=30"], [2, "level=good&ms=2"]);
  await logs.send(new DeleteTransformerCommand({ logGroupIdentifier: "app" }));
  await app.put("s", [3, "level=bad&ms=99"]);

  const { queryId } = await logs.send(new StartQueryCommand({
    logGroupName: "app", startTime: testEpoch / 1000, endTime: testEpoch / 1000 + 60,
    queryString: "fields @message, level, ms | sort @timestamp asc",
  }));
  await region.settled();
  const { results = [] } = await logs.send(new GetQueryResultsCommand({ queryId }));
  assert.deepEqual(results.map((row) => row.slice(0, -1).map(({ value }) => value)), [
    ["level=old&ms=1"], ["level=bad&ms=30", "bad", "30"], ["level=good&ms=2", "good", "2"],
      ["level=bad&ms=99"],
  ]);
  assert.deepEqual(await app.messages("s", { startFromHead: true }),
    ["level=old&ms=1", "level=bad&ms=30", "level=good&ms=2", "level=bad&ms=99"]);

  const metrics = region.client(CloudWatchClient);
  const sum = async (Namespace: string, MetricName: string, dimension?: string) => {
    const { Datapoints: [point] = [] } = await metrics.send(new GetMetricStatisticsCommand({
      Namespace, MetricName, StartTime: new Date(testEpoch - 3_600_000),
        EndTime: new Date(testEpoch + 3_600_000),
      Period: 7_200, Statistics: ["Sum"],
      ...(dimension && { Dimensions: [{ Name: "LogGroupName", Value: dimension }] }),
    }));
    return point?.Sum;
  };
  assert.equal(await sum("N", "new"), 30);
  assert.equal(await sum("N", "raw"), undefined);
  assert.equal(await sum("AWS/Logs", "TransformedLogEvents", "app"), 2);
  assert.equal(await sum("AWS/Logs", "TransformationErrors", "app"), undefined);
});

const cloudFront = "2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.24\tGET\td111.cloudfront.net\t/index.html\t" +
  "200\t-\tMozilla/5.0%20(X11;%20Linux)\ta=100%25\t-\tHit\tSOX4==\td111.cloudfront.net\thttps\t23\t" +
  "0.001\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\t" +
  "Hit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-";

test("logs of AWS's services are taken apart", async () => {
  assert.deepEqual(await transformed(cloudFront, { parseCloudfront: {} }), {
    "date": "2019-12-04", "time": "21:02:31", "x-edge-location": "LAX1", "sc-bytes": 392,
    "c-ip": "192.0.2.24", "cs-method": "GET", "cs(Host)": "d111.cloudfront.net",
    "cs-uri-stem": "/index.html", "sc-status": 200, "cs(Referer)": "-",
    "cs(User-Agent)": "Mozilla/5.0 (X11; Linux)", "cs-uri-query": "a=100%", "cs(Cookie)": "-",
    "x-edge-result-type": "Hit", "x-edge-request-id": "SOX4==", "x-host-header": "d111.cloudfront.net",
    "cs-protocol": "https", "cs-bytes": 23, "time-taken": 0.001, "x-forwarded-for": "-",
    "ssl-protocol": "TLSv1.2", "ssl-cipher": "ECDHE-RSA-AES128-GCM-SHA256",
    "x-edge-response-result-type": "Hit", "cs-protocol-version": "HTTP/2.0", "fle-status": "-",
    "fle-encrypted-fields": "-", "c-port": 11040, "time-to-first-byte": 0.001,
    "x-edge-detailed-result-type": "Hit", "sc-content-type": "text/html", "sc-content-len": 78,
    "sc-range-start": "-", "sc-range-end": "-",
  });
  assert.equal(await transformed("#Version: 1.0", { parseCloudfront: {} }), undefined);
  assert.deepEqual(await transformed(
    "2019-03-10 03:54:59 UTC:10.0.0.123(52834):postgres@logtestdb:[20175]:ERROR: column \"x\" does not exist",
    { parsePostgres: {} },
  ), {
    logTime: "2019-03-10 03:54:59 UTC", srcIp: "10.0.0.123(52834)", userName: "postgres",
    dbName: "logtestdb", processId: "20175", logLevel: "ERROR",
  });
  assert.equal(await transformed("2019-03-10 LOG: nothing", { parsePostgres: {} }), undefined);
  assert.deepEqual(await transformed(
    "1.0 2017-12-13T08:15:50.235Z Z123412341234 example.com AAAA NOERROR TCP IAD12 192.0.2.0 198.51.100.0/24",
    { parseRoute53: {} },
  ), {
    version: 1, queryTimestamp: "2017-12-13T08:15:50.235Z", hostZoneId: "Z123412341234",
    queryName: "example.com", queryType: "AAAA", responseCode: "NOERROR", protocol: "TCP",
    edgeLocation: "IAD12", resolverIp: "192.0.2.0", ednsClientSubnet: "198.51.100.0/24",
  });
  assert.deepEqual(await transformed({
    action: "BLOCK", labels: [{ name: "value" }], httpRequest: {
      uri: "/", headers: [{ name: "Host", value: "localhost:1989" }, { name: "__proto__", value: "x" }],
    },
  }, { parseWAF: {} }), {
    action: "BLOCK", labels: { name: "value" }, httpRequest: {
      uri: "/", headers: JSON.parse("{\"Host\":\"localhost:1989\",\"__proto__\":\"x\"}") as unknown,
    },
  });
  assert.deepEqual(await transformed({ httpRequest: null, labels: 1 }, { parseWAF: {} }),
    { httpRequest: null, labels: 1 });
  const put = (...transformerConfig: Processor[]) =>
    refusal(logs.send(new PutTransformerCommand({ logGroupIdentifier: "app", transformerConfig })));
  assert.equal(await put(json, { parseWAF: {} }),
    "InvalidParameterException: parseWAF must be the first processor of a transformer.");
  assert.equal(await put({ parseRoute53: { source: "a" } }),
    "InvalidParameterException: The source of parseRoute53 must be @message.");
});

test("a transformer is kept, shown and checked", async () => {
  const transformerConfig: Processor[] = [json, { trimString: { withKeys: ["a"] } }];
  await logs.send(new PutTransformerCommand({ logGroupIdentifier: "app", transformerConfig }));
  const found = await logs.send(new GetTransformerCommand({ logGroupIdentifier: "app" }));
  assert.deepEqual(found.transformerConfig, transformerConfig);
  assert.equal(found.creationTime, testEpoch);
  const put = (...config: Processor[]) =>
    refusal(logs.send(new PutTransformerCommand({ logGroupIdentifier: "app", transformerConfig: config })));
  assert.equal(await put({ trimString: { withKeys: ["a"] } }),
    "InvalidParameterException: The first processor of a transformer must be a parser.");
  const add: Processor = { addKeys: { entries: [{ key: "a", value: "b" }] } };
  assert.equal(await put(json, add, add),
    "InvalidParameterException: A transformer may have one addKeys processor.");
  assert.equal(await put({ ...json, csv: {} }),
    "InvalidParameterException: Processor 1 of the transformer must be of exactly one type.");
  assert.equal(await put({ grok: { match: "%{NOPE:a}" } }),
    "InvalidParameterException: Unsupported grok pattern: NOPE");
  assert.equal(await put({ grok: { match: "%{DATA:a}".repeat(6) } }),
    "InvalidParameterException: A grok pattern may use DATA and GREEDYDATA at most 5 times.");
  assert.equal(await put(json, { dateTimeConverter: { source: "a", target: "b", matchPatterns: ["q"] } }),
    "InvalidParameterException: Invalid match pattern: q");
  assert.match(await put({ parseToOCSF: { eventSource: "CloudTrail", ocsfVersion: "V1.1" } }),
    /^NotImplemented/);
  await logs.send(new CreateLogGroupCommand({ logGroupName: "ia", logGroupClass: "INFREQUENT_ACCESS" }));
  assert.equal(
    await refusal(logs.send(new PutTransformerCommand({ logGroupIdentifier: "ia", transformerConfig }))),
    "InvalidOperationException: Transformers are only supported for log groups in the Standard log class.");
  const a = `${"a".repeat(60)}!`;
  const substituted = (from: string, to: string): Promise<unknown> =>
    transformed({ a }, json, { substituteString: { entries: [{ source: "a", from, to }] } });
  assert.deepEqual(await substituted("^(a+)+$", "x"), { a });
  assert.deepEqual(await substituted("(?<all>a+)(!)", "$2$<all>$&$$"), { a: `!${a.slice(0, -1)}${a}$` });
  // No engine looks around in a time that is known beforehand: the event stays as it came.
  assert.equal(await substituted("^(?=(a+)+$)a", "x"), undefined);
});

test("lists have no gaps and no other members than elements; what can't be moved stays", async () => {
  const list = { l: [1, 2], text: "t" };
  const set = (key: string): Processor =>
    ({ addKeys: { entries: [{ key, value: "x", overwriteIfExists: true }] } });
  assert.deepEqual(await transformed(list, json, set("l.2")), { l: [1, 2, "x"], text: "t" });
  for (const key of ["l.3", "l.4000000000", "l.length", "l.name", "l.-1"]) {
    assert.deepEqual(await transformed(list, json, set(key)), list);
  }
  const remove = (key: string): Processor => ({ deleteKeys: { withKeys: [key] } });
  assert.deepEqual(await transformed(list, json, remove("l.name")), list);
  assert.deepEqual(await transformed(list, json, remove("l.0")), { l: [2], text: "t" });
  const move = (source: string, target: string): Processor =>
    ({ moveKeys: { entries: [{ source, target, overwriteIfExists: true }] } });
  assert.deepEqual(await transformed(list, json, move("l", "text.l")), list);
  assert.deepEqual(await transformed(list, json, move("l", "l.all")), { text: "t", l: { all: [1, 2] } });
});

test("alternatives of a grok pattern are of the whole text", async () => {
  const grok: Processor = { grok: { match: "%{INT:a}|%{WORD:b}" } };
  assert.equal(await transformed("12 foo", grok), undefined);
  assert.deepEqual(await transformed("foo", grok), { b: "foo" });
});

test("numbers that are no times and no numbers of JSON stay as they are", async () => {
  const epoch: Processor = { dateTimeConverter: { source: "t", target: "u", matchPatterns: ["epoch"] } };
  assert.deepEqual(await transformed({ t: "9".repeat(20) }, json, epoch), { t: "9".repeat(20) });
  const double: Processor = { typeConverter: { entries: [{ key: "t", type: "double" }] } };
  assert.deepEqual(await transformed({ t: "Infinity" }, json, double), { t: "Infinity" });
});

test("JSON that is nested without end is not transformed, and comes in all the same", async () => {
  const deep = `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
  assert.equal(await transformed(deep, json), undefined);
  await logs.send(new PutTransformerCommand({ logGroupIdentifier: "app", transformerConfig: [json] }));
  await app.put("s", [1, deep]);
  await logs.send(new DeleteTransformerCommand({ logGroupIdentifier: "app" }));
});

test("expressions that would backtrack for ever take no time, however many events there are", async () => {
  const entries = [{ source: "a", from: "(a+)+$", to: "x" }];
  const message = JSON.stringify({ a: `${"a".repeat(40)}b` });
  const before = effort();
  const { transformedLogs = [] } = await logs.send(new TestTransformerCommand({
    transformerConfig: [json, { substituteString: { entries } }],
    logEventMessages: [...Array.from({ length: 20 }, () => message)],
  }));
  assert.equal(transformedLogs.length, 20);
  assert.ok(transformedLogs.every(({ transformedEventMessage: text }) => text === message));
  assert.ok(effort() - before < 8);
});
