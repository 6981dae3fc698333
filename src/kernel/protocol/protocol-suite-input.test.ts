import assert from "node:assert/strict";
import { test } from "node:test";
import type { Protocol, Value } from "./protocol.ts";
import { comparable, loadCases, requestOf, suiteFiles, toValue } from "./protocol-suite.ts";
import { protocolByName } from "./protocols.ts";
import { inputExceptions } from "./protocol-suite-exceptions.ts";

for (const file of suiteFiles) {
  for (const loaded of loadCases("input", file)) {
    if (inputExceptions.has(loaded.test.id)) continue;
    test(`${file} ${loaded.test.id}: what the client sends is what its caller gave`, () => {
      const { operation, service } = loaded;
      const protocol: Protocol = protocolByName(service.protocols[0] ?? "json");
      const parsed = protocol.parse(requestOf(loaded), operation, service);
      const expected = toValue(loaded.test.params, operation.input, service) as Value;
      assert.deepEqual(comparable(parsed), comparable(expected));
    });
  }
}

test("every input case that is left out exists", () => {
  const ids = new Set(suiteFiles.flatMap((file) => loadCases("input", file).map(({ test: { id } }) => id)));
  assert.deepEqual([...inputExceptions.keys()].filter((id) => !ids.has(id)), []);
});
