import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { startPlane, type Files, type TestFunction } from "../../../test/functions-plane.ts";
import type { CodeSource, FunctionSpec } from "./contract.ts";

interface RubyPlane {
  make(files: Files, handler: string, further?: Partial<FunctionSpec>): TestFunction;
  layer(files: Files): CodeSource;
  /** Of the language on this machine: `3.1` */
  version: string;
}

/** Undefined, and the test is skipped, where there is no Ruby. */
async function startRuby(context: TestContext): Promise<RubyPlane | undefined> {
  const { function: create, plane, folder } = await startPlane(context);
  const fact = (await plane.runtimes()).find(({ runtime }) => runtime === "ruby3.3");
  if (!fact?.available) {
    context.skip(fact?.detail ?? "there is no Ruby");
    return undefined;
  }
  return {
    make: (files, handler, further) => create(files, { runtime: "ruby3.3", handler, ...further }),
    layer: (files) => ({ kind: "folder", path: folder(files) }),
    version: /(\d+\.\d+)\.\d+ at/.exec(fact.detail)?.[1] ?? "",
  };
}

const orders = `
  require "logger"
  require "greeting"

  def lambda_handler(event:, context:)
    puts "got #{event["name"]}", "and more"
    $stdout.print "half "
    print "a line\\n"
    warn "careful"
    Logger.new($stdout).info("from a logger\\nof two lines")
    raise KeyError, "who?" if event["name"] == "nobody"
    { version: RUBY_VERSION, greeting: GREETING, id: context.aws_request_id, name: context.function_name,
      memory: context.memory_limit_in_mb, left: context.get_remaining_time_in_millis.between?(1, 60_000),
      arn: context.invoked_function_arn, identity: context.identity, client: context.client_context }
  end
`;

test("lambda-runtime-ruby: handlers answer, log and know their context", async (context) => {
  const ruby = await startRuby(context);
  if (!ruby) return;
  const { run, spec } = ruby.make(
    { "lambda_function.rb": orders, "greeting.rb": 'GREETING = "good day"' },
    "lambda_function.lambda_handler",
  );
  const clientContext = '{"custom":{"a":"b"}}';
  const good = await run({ name: "ana" }, { clientContext, cognitoIdentity: '{"cognitoIdentityId":"i"}' });
  const { version, ...answer } = good.json as Record<string, unknown>;
  assert.match(String(version), new RegExp(`^${ruby.version}\\.\\d+$`));
  assert.deepEqual(answer, {
    greeting: "good day",
    id: good.requestId,
    name: "tested",
    memory: "128",
    left: true,
    arn: spec.functionArn,
    identity: { cognitoIdentityId: "i" },
    client: { custom: { a: "b" } },
  });
  assert.match(good.logTail, /^got ana\nand more$/m);
  assert.match(good.logTail, /^half a line$/m);
  assert.match(good.logTail, /^careful$/m);
  const line = `I, \\[\\d{4}-\\S+ #\\d+\\]  INFO ${good.requestId} -- : from a logger\\nof two lines`;
  assert.match(good.logTail, new RegExp(`^${line}$`, "m"));
  const { functionError, json, errorType, logTail, report } = await run({ name: "nobody" });
  assert.deepEqual([functionError, errorType], ["Unhandled", "Function<UserException>"]);
  const error = json as { stackTrace: string[] };
  assert.match(error.stackTrace[0] ?? "", /\/lambda_function\.rb:11:in .*lambda_handler'$/);
  assert.deepEqual(json, {
    errorMessage: "who?",
    errorType: "Function<KeyError>",
    stackTrace: error.stackTrace.slice(0, 1),
  });
  assert.match(logTail, /^Error raised from handler method\n\{\n {2}"errorMessage": "who\?",\n/m);
  assert.equal(report.initMilliseconds, undefined, "the environment was used again");
  assert.equal((await run({ name: "ana" })).report.initMilliseconds, undefined);
});

test("handlers in Ruby may be methods of modules, answer with bytes, and be the end", async (context) => {
  const ruby = await startRuby(context);
  if (!ruby) return;
  const files = {
    "app/orders.rb": `
      require "stringio"
      module Shop
        class Orders
          def self.take(event:, context:)
            return StringIO.new("bytes") if event == "bytes"
            nowhere(event) if event == "name"
            exit 3 if event == "exit"
            event.to_s.upcase
          end
        end
      end`,
  };
  const { run } = ruby.make(files, "app/orders.Shop::Orders.take");
  assert.equal((await run("tea")).json, "TEA");
  const bytes = await run("bytes");
  assert.deepEqual(
    [Buffer.from(bytes.payload).toString(), bytes.contentType],
    ["bytes", "application/unknown"],
  );
  for (const [event, type] of [
    ["name", "Function<NoMethodError>"],
    ["exit", "Function<SystemExit>"],
  ] as const) {
    const { error, errorType, logTail, logStreamName } = await run(event);
    assert.deepEqual([error.errorType, errorType], [type, type]);
    assert.match(logTail, /^Critical exception from handler$/m);
    // Another may have been begun before it, and wait: the one that failed serves nobody any more.
    assert.notEqual((await run("tea")).logStreamName, logStreamName, `${event} is the end`);
  }
});

test("what is wrong with a function in Ruby is said when it is begun", async (context) => {
  const ruby = await startRuby(context);
  if (!ruby) return;
  const failing = (text: string, handler: string) => ruby.make({ "index.rb": text }, handler).run();
  const [missing, file, syntax, name, raised] = await Promise.all([
    failing('require "nokogiri-that-is-not-packed"', "index.run"),
    failing("", "other.run"),
    failing("def run(", "index.run"),
    failing("", "index"),
    failing('raise "not today"', "index.run"),
  ]);
  assert.deepEqual(
    [missing.error.errorType, missing.error.errorMessage],
    ["Init<LoadError>", "cannot load such file -- nokogiri-that-is-not-packed"],
  );
  assert.equal(missing.errorType, "Init<LoadError>");
  assert.match(missing.logTail, /^Init error when loading handler \n\{\n {2}"errorMessage": "cannot load/m);
  assert.deepEqual(
    [file.error.errorType, file.error.errorMessage],
    ["Init<LoadError>", "cannot load such file -- other"],
  );
  assert.equal(syntax.error.errorType, "Init<SyntaxError>");
  const text = name.error.errorMessage ?? "";
  assert.match(text, /^Invalid handler \["index"\], must be of form FILENAME\.METHOD or/);
  assert.deepEqual(
    [raised.error.errorType, raised.error.errorMessage],
    ["Init<RuntimeError>", "not today"],
  );
  assert.match((raised.error["stackTrace"] as string[])[0] ?? "", /\/index\.rb:1:in .*<top \(required\)>'$/);
});

test("functions in Ruby find gems and libraries of layers and of their package", async (context) => {
  const ruby = await startRuby(context);
  if (!ruby) return;
  const gem = (root: string, name: string, version: string): Files => ({
    [`${root}/${version}.0/gems/${name}-1.2.0/lib/${name}.rb`]: `${name.toUpperCase()} = "a gem"`,
    [`${root}/${version}.0/specifications/${name}-1.2.0.gemspec`]: `
      Gem::Specification.new do |s|
        s.name = "${name}"
        s.version = "1.2.0"
        s.summary = "for a test"
        s.authors = ["nobody"]
        s.require_paths = ["lib"]
      end`,
  });
  const code = `
    require "packed"
    require "layered"
    require "older"
    require "plain"
    def run(event:, context:) = [PACKED, LAYERED, OLDER, PLAIN, Gem.loaded_specs["layered"].version.to_s]
  `;
  const { run } = ruby.make(
    { "index.rb": code, ...gem("vendor/bundle/ruby", "packed", ruby.version) },
    "index.run",
    {
      layers: [
        ruby.layer({ ...gem("ruby/gems", "layered", ruby.version), ...gem("ruby/gems", "older", "3.3") }),
        ruby.layer({ "ruby/lib/plain.rb": 'PLAIN = "a library"' }),
      ],
    },
  );
  assert.deepEqual((await run()).json, ["a gem", "a gem", "a gem", "a library", "1.2.0"]);
});

test("functions in Ruby are ended when their time or memory is over, and log as JSON", async (context) => {
  const ruby = await startRuby(context);
  if (!ruby) return;
  const code = `
    require "logger"
    def run(event:, context:)
      log = Logger.new($stdout)
      log.debug("unheard")
      log.error(ArgumentError.new("odd"))
      sleep 30 if event == "sleep"
      all = []
      loop { all << ("x" * 8_000_000) } if event == "memory"
    end`;
  const { spec, lines } = ruby.make({}, "");
  const logging = { ...spec.logging, format: "JSON", applicationLevel: "INFO" } as const;
  const { run } = ruby.make({ "index.rb": code }, "index.run", { timeoutSeconds: 60, logging });
  const quick = await run("");
  const logged = lines()
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ level }) => level !== undefined);
  assert.deepEqual(
    logged.map(({ timestamp, ...rest }) => (assert.match(String(timestamp), /^\d{4}-.*\.\d{6}Z$/), rest)),
    [
      {
        level: "ERROR",
        message: "odd",
        requestId: quick.requestId,
        errorType: "ArgumentError",
        errorMessage: "odd",
      },
    ],
  );
  const full = await run("memory");
  assert.deepEqual([full.errorType, full.error.errorType], ["Runtime.OutOfMemory", "Runtime.ExitError"]);
  const late = await ruby.make({ "index.rb": code }, "index.run", { timeoutSeconds: 1 }).run("sleep");
  assert.match(late.error.errorMessage ?? "", /Error: Task timed out after 1\.00 seconds$/);
});
