import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../kernel/package-root.ts";
import { startPlane } from "../../../test/functions-plane.ts";
import { compilerOf } from "./java-runtime.ts";

const example = `
package example;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.List;
import java.util.Map;
public class Orders implements RequestHandler<Orders.Order, Map<String, Object>> {
  public static class Order {
    private String name;
    private int count;
    private List<String> tags;
    public String getName() { return name; }
    public void setName(String name) { this.name = name; }
    public int getCount() { return count; }
    public void setCount(int count) { this.count = count; }
    public List<String> getTags() { return tags; }
    public void setTags(List<String> tags) { this.tags = tags; }
  }
  @Override public Map<String, Object> handleRequest(Order order, Context context) {
    context.getLogger().log("got " + order.getName() + "\\nand more");
    if (order.getCount() < 0) throw new IllegalArgumentException("negative");
    return Map.of("order", order, "id", context.getAwsRequestId());
  }
  public static String shout(String text) { return text.toUpperCase(); }
}`;

test("lambda-runtime-java: handlers in Java, by interface and by method", async (context) => {
  const { function: create, plane, folder } = await startPlane(context);
  const facts = await plane.runtimes();
  const java = facts.find(({ runtime }) => runtime === "java17");
  if (!java?.available) return context.skip(java?.detail ?? "there is no Java");
  const compiler =
    compilerOf({ path: java.detail.replace(/^.* at ([^:]*).*$/, "$1"), version: "" }) ?? "javac";
  const sources = folder({ "example/Orders.java": example });
  const classes = join(sources, "classes");
  mkdirSync(classes);
  const interfaces = join(packageRoot(), "runtimes/java/src");
  execFileSync(compiler, [
    "--release",
    "11",
    "-implicit:none",
    "-proc:none",
    "-sourcepath",
    interfaces,
    "-d",
    classes,
    join(sources, "example/Orders.java"),
  ]);
  writeFileSync(join(classes, "note.txt"), "resources lie beside classes");

  const further = {
    runtime: "java17",
    memoryMegabytes: 256,
    timeoutSeconds: 30,
    code: { kind: "folder" as const, path: classes },
  };
  const orders = create({}, { ...further, handler: "example.Orders" });
  const order = { name: "tea", count: 2, tags: ["hot"] };
  const good = await orders.run(order);
  assert.deepEqual(good.json, { order, id: good.requestId });
  assert.match(good.logTail, /^got tea\nand more$/m);
  const { error, functionError } = await orders.run({ ...order, count: -1 });
  assert.equal(functionError, "Unhandled");
  assert.deepEqual([error.errorType, error.errorMessage], ["java.lang.IllegalArgumentException", "negative"]);
  assert.match(
    String((error["stackTrace"] as string[])[0]),
    /^example\.Orders\.handleRequest\(Orders\.java:21\)$/,
  );

  const shout = create({}, { ...further, handler: "example.Orders::shout" });
  assert.equal((await shout.run("hello")).json, "HELLO");
  const missing = await create({}, { ...further, handler: "example.Nothing" }).run();
  assert.deepEqual(
    [missing.error.errorType, missing.error.errorMessage],
    ["java.lang.ClassNotFoundException", "Class not found: example.Nothing"],
  );
});
