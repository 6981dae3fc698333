import assert from "node:assert/strict";
import { test } from "node:test";
import { parseQuery } from "./query-reader.ts";
import { Row } from "./rows.ts";

interface Given {
  readonly at?: number;
  readonly message: string;
}

/** Rows as `name=value` lists, without pointers. */
function ask(text: string, messages: readonly (string | object | Given)[], group = "app"): string[] {
  const pipeline = parseQuery(text).start({
    limit: undefined, matched: () => undefined, now: 1_500, range: { from: 0, before: 12_000 },
  });
  messages.forEach((each, index) => {
    const isGiven = typeof each === "object" && "message" in each && "at" in each;
    const message = isGiven ? String(each.message) : typeof each === "string" ? each : JSON.stringify(each);
    pipeline.push(new Row({
      timestamp: isGiven ? Number(each.at) : index, ingestedAt: 5, message, stream: "s",
      log: `1:${group}`, group,
      pointer: "p",
    }));
  });
  assert.ok(Array.from(pipeline.end()));
  return pipeline.rows.map((row) =>
    row.filter(({ field }) => field !== "@ptr").map(({ field, value }) => `${field}=${value}`).join(" "));
}

function value(expression: string, message: string | object = "x"): string | undefined {
  const [row = ""] = ask(`fields ${expression} as v`, [message]);
  return row === "" ? undefined : row.slice("v=".length);
}

test("without commands the newest events come first, with their time and text", () => {
  assert.deepEqual(ask("", ["a", "b"]), [
    "@timestamp=1970-01-01 00:00:00.001 @message=b", "@timestamp=1970-01-01 00:00:00.000 @message=a",
  ]);
  assert.deepEqual(ask("fields @logStream, @log, @ingestionTime | limit 1", ["a"]), [
    "@logStream=s @log=1:app @ingestionTime=1970-01-01 00:00:00.005",
  ]);
});

test("fields adds columns, display says which are shown", () => {
  const events = [{ a: 1, b: { c: [{ d: "deep" }] }, "x-y": true }];
  assert.deepEqual(ask("fields a | fields b.c.0.d, b.c[0].d as e, `x-y`", events), [
    "a=1 b.c.0.d=deep e=deep x-y=1",
  ]);
  assert.deepEqual(ask("fields a, a + 1 as next | display next", events), ["next=2"]);
  assert.deepEqual(ask("fields b", events), ["b={\"c\":[{\"d\":\"deep\"}]}"]);
  assert.deepEqual(ask("fields a", ["2026 INFO {\"a\": 7} end"]), ["a=7"]);
});

test("a comment is no part of what stands before it", () => {
  assert.deepEqual(ask("fields a + 1 # one more\n, b # two\n| limit 1 # end", [{ a: 1, b: 2 }]), [
    "a + 1=2 b=2",
  ]);
  assert.deepEqual(ask("stats count(*)  # all\n by a # each\n | sort a", [{ a: 1 }, { a: 2 }]), [
    "a=1 count(*)=1", "a=2 count(*)=1",
  ]);
});

test("filter: comparisons, texts, expressions, lists, and how they are joined", () => {
  const events = [
    { n: 1, s: "GET /a", code: "404" }, { n: 2, s: "POST /b", code: "200" }, { n: 3, s: "GET /c", ok: true },
  ];
  const found = (condition: string) => ask(`filter ${condition} | fields n | sort n`, events).join(" ");
  const cases: [string, string][] = [
    ["n > 1", "n=2 n=3"],
    ["n >= 2 and n < 3", "n=2"],
    ["n = 1 or n = 3", "n=1 n=3"],
    ["not n = 1", "n=2 n=3"],
    ["(n = 1 or n = 2) and s like 'GET'", "n=1"],
    ["s like /^GET/", "n=1 n=3"],
    ["s =~ /(?i)get \\/[ab]/", "n=1"],
    ["s not like /GET/", "n=2"],
    ["n in [1, 3]", "n=1 n=3"],
    ["n not in [1, 3]", "n=2"],
    ["s in [\"GET /a\"]", "n=1"],
    ["code = 404", "n=1"],
    ["code != 404", "n=2 n=3"],
    ["ispresent(code)", "n=1 n=2"],
    ["not ispresent(code)", "n=3"],
    ["ok", "n=3"],
    ["ok = true", "n=3"],
    ["ok = 1", "n=3"],
    ["strcontains(s, 'ST')", "n=2"],
    ["n % 2 = 1 # odd", "n=1"],
  ];
  for (const [condition, expected] of cases.slice(0, -1)) assert.equal(found(condition), expected, condition);
  assert.deepEqual(ask("# all\nfilter n % 2 = 1 # odd ones\n| fields n | sort n", events), ["n=1", "n=3"]);
});

test("functions of numbers, texts, times, addresses and JSON", () => {
  const cases: [string, string | undefined][] = [
    ["1 + 2 * 3 ^ 2 - 4 / 2", "17"],
    ["(1 + 2) * 3", "9"],
    ["-2 + 1", "-1"],
    ["10 / 3", "3.3333"],
    ["7 % 4", "3"],
    ["abs(-1.5)", "1.5"],
    ["ceil(1.2)", "2"],
    ["floor(1.8)", "1"],
    ["greatest(1, 5, 3)", "5"],
    ["least(1, 5, 3)", "1"],
    ["sqrt(16)", "4"],
    ["log(1)", "0"],
    ["abs('x')", undefined],
    ["coalesce(missing, 'y')", "y"],
    ["concat('a', 1, missing, 'b')", "a1b"],
    ["strlen('héllo')", "5"],
    ["toupper('a')", "A"],
    ["tolower('A')", "a"],
    ["trim('  a ')", "a"],
    ["ltrim('xxaxx', 'x')", "axx"],
    ["rtrim('xxaxx', 'x')", "xxa"],
    ["substr('hello', 1)", "ello"],
    ["substr('hello', 1, 3)", "ell"],
    ["replace('a.b.c', '.', '$&')", "a$&b$&c"],
    ["isempty(missing)", "1"],
    ["isblank('  ')", "1"],
    ["isempty(' ')", "0"],
    ["fromMillis(1554328800000)", "2019-04-03 22:00:00.000"],
    ["toMillis(fromMillis(5))", "5"],
    ["datefloor(fromMillis(1554328812345), 1h)", "2019-04-03 22:00:00.000"],
    ["dateceil(fromMillis(1554328812345), 5m)", "2019-04-03 22:05:00.000"],
    ["datefloor(fromMillis(1554328812345), 1mo)", "2019-04-01 00:00:00.000"],
    ["datefloor(fromMillis(1554328812345), 1w)", "2019-04-01 00:00:00.000"],
    ["isValidIp('::1')", "1"],
    ["isValidIpV4('::1')", "0"],
    ["isIpInSubnet('10.1.2.3', '10.0.0.0/8')", "1"],
    ["isIpv4InSubnet('11.1.2.3', '10.0.0.0/8')", "0"],
    ["isIpv6InSubnet('fe80::1', 'fe80::/16')", "1"],
    ["jsonStringify(jsonParse('{\"a\": [1]}'))", "{\"a\":[1]}"],
    ["jsonParse('no')", undefined],
    ["bin(1s)", "1970-01-01 00:00:00.000"],
    ["now()", "1"],
    ["datefloor(fromMillis(1554328812345), 1mon)", "2019-04-01 00:00:00.000"],
    ["datefloor(fromMillis(1554328812345), 1qtr)", "2019-04-01 00:00:00.000"],
    ["datefloor(fromMillis(1554328812345), 1yr)", "2019-01-01 00:00:00.000"],
    ["datefloor(fromMillis(1554328812345), 2hrs)", "2019-04-03 22:00:00.000"],
    ["datefloor(fromMillis(1554328812345), 10secs)", "2019-04-03 22:00:10.000"],
    ["datefloor(fromMillis(1554328812345), 100msecs)", "2019-04-03 22:00:12.300"],
  ];
  for (const [expression, expected] of cases) assert.equal(value(expression), expected, expression);
  assert.deepEqual(
    ask("fields jsonParse(inner) as j | display j.a.b", [{ inner: "{\"a\":{\"b\":5}}" }]), ["j.a.b=5"]
  );
});

test("parse takes fields out by stars or by a regular expression", () => {
  const line = "25 May 2019 10:24:39,474 [ERROR] {foo=2, bar=data} user=ann, method:get, latency := 7";
  assert.deepEqual(
    ask("parse @message \"user=*, method:*, latency := *\" as @user, @method, @latency " +
      "| display @user, @method, @latency", [line]),
    ["@user=ann @method=get @latency=7"],
  );
  assert.deepEqual(
    ask("parse @message /user=(?<user>\\w+), method:(?<method>\\w+)/ " +
      "| filter method = 'get' | display user", [line]),
    ["user=ann"],
  );
  assert.deepEqual(ask(
    "parse @message /\\[(?<level>\\S+)\\]/ | stats count(*) by level", [line, line, "x"]
  ), [
    "level=ERROR count(*)=2", "count(*)=1",
  ]);
  assert.deepEqual(
    ask("parse text \"*-*\" as a, b | display a, b", [{ text: "1-2" }, { text: "no" }]), ["", "a=1 b=2"]
  );
});

test("stats: every function, groups, bins, names, and what is worked out of aggregates", () => {
  const events = [
    { at: 0, message: "{\"k\":\"a\",\"n\":1}" }, { at: 1_000, message: "{\"k\":\"a\",\"n\":3}" },
    { at: 61_000, message: "{\"k\":\"b\",\"n\":8}" }, { at: 62_000, message: "{\"k\":\"b\"}" },
  ];
  assert.deepEqual(
    ask("stats count(*), count(n), sum(n), avg(n), min(n) as least, max(n), count_distinct(k), " +
      "pct(n, 50), stddev(n)", events),
    [
      "count(*)=4 count(n)=3 sum(n)=12 avg(n)=4 least=1 max(n)=8 count_distinct(k)=2 pct(n, 50)=3 " +
        "stddev(n)=2.9439",
    ],
  );
  assert.deepEqual(
    ask("stats sum(n) / count(*) as each by k | sort k desc", events), ["k=b each=4", "k=a each=2"]
  );
  assert.deepEqual(ask("stats count(*) as c by bin(1m)", events), [
    "bin(1m)=1970-01-01 00:00:00.000 c=2", "bin(1m)=1970-01-01 00:01:00.000 c=2",
  ]);
  assert.deepEqual(
    ask("stats earliest(n), latest(n), sortsFirst(k), sortsLast(k)", events),
    ["earliest(n)=1 latest(n)=8 sortsFirst(k)=a sortsLast(k)=b"],
  );
  assert.deepEqual(ask(
    "stats count(*) as c by k, bin(1m) as m | stats max(c) as most by m | sort m", events
  ), [
    "m=1970-01-01 00:00:00.000 most=2", "m=1970-01-01 00:01:00.000 most=2",
  ]);
  assert.deepEqual(
    ask("stats count(*) by k | sort count(*) desc, k desc | limit 1", events), ["k=b count(*)=2"]
  );
  assert.deepEqual(ask("filter n > 100 | stats count(*), sum(n)", events), ["count(*)=0"]);
});

test("sort, limit, dedup, unnest", () => {
  const events = [{ k: "a", n: 2 }, { k: "b", n: 10 }, { k: "a", n: 1 }, { n: 5 }];
  assert.deepEqual(ask("fields n | sort n", events), ["n=1", "n=2", "n=5", "n=10"]);
  assert.deepEqual(ask("fields n | sort k, n desc", events), ["n=2", "n=1", "n=10", "n=5"]);
  assert.deepEqual(ask("fields n | sort n desc | limit 2 | sort n", events), ["n=5", "n=10"]);
  assert.deepEqual(ask("fields k, n | dedup k | sort k", events), ["k=a n=1", "k=b n=10"]);
  assert.deepEqual(ask("fields k, n | sort n desc | dedup k | sort k", events), ["k=a n=2", "k=b n=10"]);
  const listed = [{ list: [{ id: 1 }, { id: 2 }], k: "x" }];
  assert.deepEqual(ask("fields k | unnest list into item | display k, item.id | sort item.id", listed), [
    "k=x item.id=1", "k=x item.id=2",
  ]);
});

test("pattern shows what texts have in common", () => {
  const messages = ["1", "2", "3"].map((id) => `[ERROR] user ${id} failed at 10.0.0.${id}`);
  assert.deepEqual(ask("pattern @message", [...messages, "all fine"]), [
    "@pattern=[ERROR] user <Number-1> failed at <IPAddress-2> @ratio=0.75 @sampleCount=3 " +
      "@severityLabel=ERROR",
    "@pattern=all fine @ratio=0.25 @sampleCount=1 @severityLabel=None",
  ]);
});

test("what Lambda logs has its own fields", () => {
  const id = "8f507cfc-1111-4697-b07a-ac58fc914c95";
  const report = `REPORT RequestId: ${id}\tDuration: 102.25 ms\tBilled Duration: 103 ms\t` +
    "Memory Size: 128 MB\tMax Memory Used: 64 MB\tInit Duration: 80.5 ms\t\n" +
    "XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 53995c3f42cd8ad8\tSampled: true\t\n";
  assert.deepEqual(
    ask("filter @type = \"REPORT\" | fields @requestId, @duration, @billedDuration, @memorySize, " +
      "@maxMemoryUsed, @initDuration, @xrayTraceId, @xraySegmentId",
      [report, `START RequestId: ${id} Version: $LATEST`], "/aws/lambda/f"),
    [
      `@requestId=${id} @duration=102.25 @billedDuration=103 @memorySize=128000000 ` +
        "@maxMemoryUsed=64000000 @initDuration=80.5 " +
        "@xrayTraceId=1-5759e988-bd862e3fe1be46a994272793 @xraySegmentId=53995c3f42cd8ad8",
    ],
  );
});

test("flow logs of VPC and query logs of Route 53 have the fields of their lines", () => {
  const flow = (source: string, packets: number, more = "6 {p} {b} 1418530010 1418530070 ACCEPT OK") =>
    `2 123456789010 eni-1235b8ca ${source} 10.0.0.2 20641 22 ` +
      more.replace("{p}", String(packets)).replace("{b}", String(packets * 100));
  const flows = [
    flow("172.31.16.139", 20), flow("172.31.9.69", 5), flow("172.31.16.139", 7),
    "2 123456789010 eni-1235b8ca - - - - - - - 1431280876 1431280934 - NODATA", "2 for tea",
  ];
  assert.deepEqual(
    ask("stats sum(packets) as packetsTransferred by srcAddr, dstAddr | sort packetsTransferred desc | " +
      "limit 15 | filter ispresent(srcAddr)", flows),
    ["srcAddr=172.31.16.139 dstAddr=10.0.0.2 packetsTransferred=27",
      "srcAddr=172.31.9.69 dstAddr=10.0.0.2 packetsTransferred=5"],
  );
  assert.deepEqual(
    ask('filter isIpv4InSubnet(srcAddr, "172.31.9.0/24") | fields version, accountId, interfaceId, ' +
      "srcPort, dstPort, protocol, bytes, startTime, endTime, action, logStatus", flows),
    ["version=2 accountId=123456789010 interfaceId=eni-1235b8ca srcPort=20641 dstPort=22 protocol=6 " +
      "bytes=500 startTime=1418530010 endTime=1418530070 action=ACCEPT logStatus=OK"],
  );
  assert.deepEqual(ask('filter logStatus="NODATA" | fields action, endTime', flows), ["endTime=1431280934"]);
  const queries = [
    "1.0 2017-12-13T08:16:02.130Z Z123412341234 example.com A NOERROR UDP FRA6 192.168.1.1 -",
    "1.0 2017-12-13T08:16:05.744Z Z123412341234 t.example.com TXT NXDOMAIN UDP JFK5 192.168.1.2 192.0.2.0/24",
  ];
  assert.deepEqual(ask("stats count(*) by queryType, bin(1h) | sort queryType | display queryType", queries),
    ["queryType=A", "queryType=TXT"]);
  const failed = 'filter responseCode="NXDOMAIN" | fields queryName, resolverIp, ednsClientSubnet';
  assert.deepEqual(ask(failed, queries),
    ["queryName=t.example.com resolverIp=192.168.1.2 ednsClientSubnet=192.0.2.0/24"]);
});

function refused(text: string): string {
  try {
    parseQuery(text);
    return "taken";
  } catch (error) {
    return (error as Error).message;
  }
}

test("what is no query is refused, with the place", () => {
  assert.equal(refused("fields @message | foo"), "unexpected symbol found foo at line 1 and position 19");
  assert.equal(refused("filter"), "unexpected symbol found <EOF> at line 1 and position 7");
  assert.equal(refused("fields a\n| limit x"), "unexpected symbol found x at line 2 and position 9");
  assert.match(refused("stats foo(a)"), /^Invalid function or the function is not supported here: foo/);
  assert.match(refused("fields abs(1, 2)"), /^Invalid number of arguments for function abs: 2/);
  assert.match(refused("parse @message \"a*\" as b, c"), /^Number of wildcards \(1\)/);
  for (const wrong of ["stats a", "filter (a", "filter a in []", "limit 0", "limit 10001",
    "parse @message", "sort",
    "fields a as", "filter a like /(/", "fields a b", "unnest a",
    `filter ${"(".repeat(500)}a${")".repeat(500)}`]) {
    assert.notEqual(refused(wrong), "taken", wrong);
  }
});

test("addtotals adds up rows and columns", () => {
  const events = [{ at: 1, message: "{\"a\":1,\"b\":2,\"t\":\"x\"}" },
    { at: 0, message: "{\"a\":10,\"b\":20}" }];
  assert.deepEqual(ask("fields a, b, t | addtotals", events), ["a=1 b=2 t=x Total=3", "a=10 b=20 Total=30"]);
  assert.deepEqual(ask("fields a, b | addtotals fieldname=Sum a", events),
    ["a=1 b=2 Sum=1", "a=10 b=20 Sum=10"]);
  assert.deepEqual(ask("fields a, b | addtotals row=false col=true", events), [
    "a=1 b=2", "a=10 b=20", "a=11 b=22",
  ]);
});

test("anomaly, behind pattern, shows what is new and what came more often", () => {
  const usual = Array.from({ length: 11 }, (_, part) =>
    Array.from({ length: 4 }, (__, index) => ({ at: part * 1_000 + index,
      message: `request ${index} served` })));
  const flood = Array.from({ length: 60 }, (_, index) =>
    ({ at: 11_000 + index, message: `request ${index} served` }));
  const found = ask("pattern @message | anomaly | display @pattern, @anomalyType, @anomalyDescription | " +
    "sort @pattern",
    [...usual.flat(), ...flood, { at: 11_500, message: "ERROR disk is full" }]);
  assert.deepEqual(found, [
    "@pattern=ERROR disk is full @anomalyType=NEW_PATTERN " +
      "@anomalyDescription=1 events of a pattern that was not seen before",
    "@pattern=request <Number-1> served @anomalyType=FREQUENCY @anomalyDescription=60 events, where 4 were " +
      "expected",
  ]);
  assert.deepEqual(ask("pattern @message | anomaly", usual.flat()), []);
});

test("commands that can't stand where they are are refused", () => {
  assert.equal(refused("fields a | anomaly"), "The anomaly command must follow the pattern command");
  assert.equal(refused("stats count(*) | diff"), "The diff command can't follow here");
  assert.equal(refused("fields a | SOURCE 'x'"), "SOURCE must be the first command of a query");
  assert.equal(refused("filter a in (fields a)"), "A subquery begins with SOURCE");
  assert.equal(refused("filterIndex a > 1"), "unexpected symbol found > at line 1 and position 15");
  assert.equal(refused("diff previousYear"), "unexpected symbol found previousYear at line 1 and position 6");
  assert.equal(refused("logcompare timeshift 7d"),
    "The Logs Insights command logcompare is not implemented by us-local-1 yet.");
  for (const wrong of [
    "join left=a where a.x=b.x (SOURCE 'g')", "join left=a right=b where a.x=a.y (SOURCE 'g')",
    "join type=outer left=a right=b where a.x=b.x (SOURCE 'g')", "lookup t a", "addtotals row=maybe",
    "SOURCE logGroups(prefix: ['a'])", "SOURCE logGroups(namePrefix: ['1','2','3','4','5','6'])", "SOURCE",
    "filter a in (SOURCE 'x' | filter b in (SOURCE 'y'))",
  ]) assert.notEqual(refused(wrong), "taken", wrong);
});
