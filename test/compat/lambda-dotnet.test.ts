/** Functions in .NET: class libraries and programs, compiled by the SDK of this machine. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { searchPath } from "../../src/config.ts";
import { dotnetCompilerOf } from "../../src/planes/functions/dotnet-runtime.ts";
import { Programs } from "../../src/planes/functions/programs.ts";
import { chooseProgram } from "../../src/planes/functions/runtime-names.ts";
import { startBench, type Bench } from "../lambda-bench.ts";
import { zipOf } from "../zip-archive.ts";

const programs = new Programs({ path: searchPath(), home: homedir() });
const dotnet = (await chooseProgram({ language: "dotnet", version: "8" }, programs))?.program;
const compiler = dotnet && dotnetCompilerOf(dotnet);
const skip = compiler === undefined ? "there is no SDK of .NET on this machine" : false;

let bench: Bench;
let folder: string;
before(async () => {
  if (skip) return;
  bench = await startBench();
  folder = mkdtempSync(join(tmpdir(), "dotnet-"));
});
after(async () => {
  if (skip) return;
  await bench.region.stop();
  rmSync(folder, { recursive: true });
});

/** The interfaces that functions are written against, as AWS's package of that name has them. */
const core = `
using System;
using System.IO;
namespace Amazon.Lambda.Core
{
    public interface ILambdaLogger
    {
        void Log(string message);
        void LogLine(string message);
        void LogWarning(string message, params object[] args) => Log(message);
    }
    public interface IClientContext { System.Collections.Generic.IDictionary<string, string> Custom { get; } }
    public interface ICognitoIdentity { string IdentityId { get; } }
    public interface ILambdaContext
    {
        string AwsRequestId { get; }
        IClientContext ClientContext { get; }
        string FunctionName { get; }
        ICognitoIdentity Identity { get; }
        ILambdaLogger Logger { get; }
        int MemoryLimitInMB { get; }
        TimeSpan RemainingTime { get; }
    }
    public interface ILambdaSerializer
    {
        T Deserialize<T>(Stream requestStream);
        void Serialize<T>(T response, Stream responseStream);
    }
    [AttributeUsage(AttributeTargets.Method | AttributeTargets.Assembly)]
    public sealed class LambdaSerializerAttribute : Attribute
    {
        public Type SerializerType { get; set; }
        public LambdaSerializerAttribute(Type serializerType) { SerializerType = serializerType; }
    }
    public static class LambdaLogger
    {
        private static Action<string> _loggingAction = _ => {};
        public static void Log(string message) => _loggingAction(message);
    }
}`;

const orders = `
using System;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using Amazon.Lambda.Core;
[assembly: LambdaSerializer(typeof(Shop.Json))]
namespace Shop
{
    public class Json : ILambdaSerializer
    {
        public T Deserialize<T>(Stream stream)
        {
            var text = new StreamReader(stream).ReadToEnd();
            return JsonSerializer.Deserialize<T>(text);
        }
        public void Serialize<T>(T value, Stream stream)
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(value);
            stream.Write(bytes, 0, bytes.Length);
        }
    }
    public class Order { public string Name { get; set; } public int Count { get; set; } }
    public class Receipt
    {
        public string Text { get; set; }
        public string Function { get; set; }
        public int Memory { get; set; }
        public bool HasTime { get; set; }
        public int Taken { get; set; }
        public string Custom { get; set; }
    }
    public class Function
    {
        private int taken;
        public async Task<Receipt> Take(Order order, ILambdaContext context)
        {
            await Task.Delay(1);
            Console.WriteLine("took " + order.Name + "\\nfor the kitchen");
            context.Logger.LogWarning("{count} of {name}", order.Count, order.Name);
            LambdaLogger.Log("plainly");
            if (order.Count == 0) throw new ArgumentException("nothing to do");
            return new Receipt
            {
                Text = order.Count + " " + order.Name, Function = context.FunctionName, Taken = ++taken,
                Memory = context.MemoryLimitInMB, HasTime = context.RemainingTime.TotalSeconds > 1,
                Custom = context.ClientContext?.Custom["table"],
            };
        }
        public static Stream Copy(Stream input) => input;
        public void Overloaded(Order order) {}
        public void Overloaded(string text) {}
    }
}`;

const program = `
using System.Linq;
using System.Net.Http;
class Program
{
    static void Main()
    {
        var address = System.Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API");
        var api = "http://" + address + "/2018-06-01/runtime/invocation/";
        var client = new HttpClient();
        while (true)
        {
            var next = client.GetAsync(api + "next").Result;
            var id = next.Headers.GetValues("Lambda-Runtime-Aws-Request-Id").First();
            var got = next.Content.ReadAsStringAsync().Result;
            client.PostAsync(api + id + "/response", new StringContent("{\\"program\\":" + got + "}")).Wait();
        }
    }
}`;

/** The files of a package, as `dotnet publish` would make them. */
function publish(name: string, sources: readonly string[], kind: "library" | "exe"): Buffer {
  if (!dotnet || compiler === undefined) throw new Error("no SDK");
  const out = join(folder, name);
  mkdirSync(out);
  const files = sources.map((text, index) => {
    const path = join(folder, `${name}-${index}.cs`);
    writeFileSync(path, text);
    return path;
  });
  const framework = join(dirname(dotnet.path), "shared/Microsoft.NETCore.App", dotnet.version);
  const references = readdirSync(framework).filter((file) => file.endsWith(".dll"));
  const compile = (target: string, to: string, from: string[], more: string[] = []): void => {
    const options = ["-nologo", `-t:${target}`, `-out:${join(out, to)}`, ...more];
    const frameworks = references.map((file) => `-r:${join(framework, file)}`);
    const env = { DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1" };
    execFileSync(dotnet.path, ["exec", compiler, ...options, ...frameworks, ...from], { env });
  };
  if (kind === "exe") compile("exe", `${name}.dll`, files);
  else {
    const [own = "", base = ""] = files;
    compile("library", "Amazon.Lambda.Core.dll", [base]);
    compile("library", `${name}.dll`, [own], [`-r:${join(out, "Amazon.Lambda.Core.dll")}`]);
  }
  const runtime = { framework: { name: "Microsoft.NETCore.App", version: dotnet.version } };
  const target = ".NETCoreApp,Version=v3.1";
  const assemblies = readdirSync(out).filter((file) => file.endsWith(".dll"));
  const at = (file: string): string => `${file.replace(/\.dll$/, "")}/1.0.0`;
  const depsJson = {
    runtimeTarget: { name: target },
    targets: {
      [target]: Object.fromEntries(assemblies.map((file) => [at(file), { runtime: { [file]: {} } }])),
    },
    libraries: Object.fromEntries(
      assemblies.map((file) => [at(file), { type: "project", serviceable: false, sha512: "" }]),
    ),
  };
  return zipOf({
    ...Object.fromEntries(assemblies.map((file) => [file, readFileSync(join(out, file))])),
    [`${name}.deps.json`]: JSON.stringify(depsJson),
    [`${name}.runtimeconfig.json`]: JSON.stringify({ runtimeOptions: runtime }),
  });
}

test("lambda-runtime-dotnet: a class library answers, logs and fails", { skip }, async () => {
  const ZipFile = publish("Orders", [orders, core], "library");
  const shared = { Runtime: "dotnet8", Timeout: 60, MemorySize: 256, Code: { ZipFile } } as const;
  await bench.make("take", { ...shared, Handler: "Orders::Shop.Function::Take" });
  const ClientContext = Buffer.from('{"custom":{"table":"4"}}').toString("base64");
  const receipt = { Function: "take", Memory: 256, HasTime: true };
  const first = await bench.invoke("take", { Name: "tea", Count: 2 }, { LogType: "Tail", ClientContext });
  assert.deepEqual(first.answer, { ...receipt, Text: "2 tea", Taken: 1, Custom: "4" }, first.log);
  assert.match(first.log, /^\d{4}-\d\d-\d\dT[\d:.]+Z\t[\da-f-]{36}\tinfo\ttook tea\nfor the kitchen$/m);
  assert.match(first.log, /^\S+Z\t[\da-f-]{36}\twarn\t2 of tea$/m);
  assert.match(first.log, /^\S+Z\t[\da-f-]{36}\tinfo\tplainly$/m);
  const second = await bench.invoke("take", { Name: "tea", Count: 2 });
  assert.deepEqual(second.answer, { ...receipt, Text: "2 tea", Taken: 2, Custom: null });
  const failed = await bench.invoke("take", { Name: "tea", Count: 0 }, { LogType: "Tail" });
  assert.equal(failed.error, "Unhandled");
  const { stackTrace, ...error } = failed.answer as { stackTrace: string[] };
  assert.deepEqual(error, { errorType: "ArgumentException", errorMessage: "nothing to do" });
  assert.match(stackTrace[0] ?? "", /^at Shop\.Function\.Take\(Order order, ILambdaContext context\)/);
  assert.match(failed.log, /\tfail\tSystem\.ArgumentException: nothing to do\n {3}at Shop\.Function\.Take/);
  await bench.make("copy", { ...shared, Handler: "Orders::Shop.Function::Copy" });
  assert.deepEqual((await bench.invoke("copy", { any: [1] })).answer, { any: [1] });
  const wrong = async (name: string, Handler: string): Promise<unknown> => {
    await bench.make(name, { ...shared, Handler });
    return (await bench.invoke(name, {})).answer;
  };
  const invalid = (errorMessage: string): unknown =>
    ({ errorType: "LambdaValidationException", errorMessage, stackTrace: [] });
  assert.deepEqual(
    await wrong("no-type", "Orders::Shop.Other::Take"),
    invalid("Unable to load type 'Shop.Other' from assembly 'Orders'."),
  );
  assert.deepEqual(
    await wrong("no-method", "Orders::Shop.Function::Give"),
    invalid(
      "Unable to find method 'Give' in type 'Shop.Function' from assembly 'Orders': " +
        "Found no methods matching method name 'Give'.",
    ),
  );
  assert.deepEqual(
    await wrong("overloaded", "Orders::Shop.Function::Overloaded"),
    invalid(
      "The method 'Overloaded' in type 'Shop.Function' appears to have a number of overloads. To call this " +
        "method please specify a complete method signature. Possible candidates are:\n" +
        "Void Overloaded(Shop.Order)\nVoid Overloaded(System.String).",
    ),
  );
});

test("a program in .NET brings its own runtime", { skip }, async () => {
  const ZipFile = publish("Waiter", [program], "exe");
  await bench.make("waiter", { Runtime: "dotnet8", Handler: "Waiter", Timeout: 60, Code: { ZipFile } });
  for (const n of [1, 2]) assert.deepEqual((await bench.invoke("waiter", { n })).answer, { program: { n } });
});
