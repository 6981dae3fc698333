import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../kernel/package-root.ts";
import { routes } from "../local/routes.ts";
import { commands, findCommand } from "./commands.ts";
import { exitCodes } from "./failure.ts";

const page = (name: string): string => readFileSync(join(packageRoot(), "docs", name), "utf8");

test("docs/local-api.md lists every route, and no other", () => {
  const listed = [...page("local-api.md").matchAll(/^\| `((?:GET|POST|DELETE) \/\S+)`/gm)].map(
    ([, route]) => route,
  );
  const there = routes
    .map(({ method, path }) => `${method} ${path}`)
    .filter((route) => route !== "GET /_local/");
  assert.deepEqual(listed.sort(), there.sort());
});

test("every link between documents leads somewhere", () => {
  const root = packageRoot();
  const ofFolder = (folder: string): string[] =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path));
  const documents = [...readdirSync(root), ...ofFolder("docs"), ...ofFolder("src/services")]
    .filter((path) => path.endsWith(".md"));
  const broken = documents.flatMap((document) => {
    const text = readFileSync(join(root, document), "utf8");
    return [...text.matchAll(/\]\((?!https?:)([^)#\s]+)/g)]
      .map(([, link = ""]) => link)
      .filter((link) => !existsSync(join(root, dirname(document), link)))
      .map((link) => `${document}: ${link}`);
  });
  assert.deepEqual(broken, []);
});

test("docs/cli.md lists every command, every exit code and every setting of start", async () => {
  const text = page("cli.md");
  for (const name of commands.keys()) assert.ok(text.includes(`| \`${name}\` |`), name);
  for (const [name, code] of Object.entries(exitCodes)) {
    assert.ok(text.includes(name === "ok" ? "| 0 |" : `| ${code} | \`${name}\` |`), name);
  }
  for (const option of Object.keys((await findCommand("start")).options)) {
    assert.ok(text.includes(`| \`--${option}\` |`), option);
  }
});
