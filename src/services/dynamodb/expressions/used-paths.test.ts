import assert from "node:assert/strict";
import { test } from "node:test";
import { bindExpressions } from "./requests.ts";
import {
  conditionPaths, requireKeyUnchanged, requireNoKeyFilter, requireScalarKeys, updatePaths,
} from "./used-paths.ts";

const ExpressionAttributeValues = { ":a": { N: "1" } };

test("an update may not change key attributes, the first of the key schema is named", () => {
  const message = "One or more parameter values were invalid: " +
    "Cannot update attribute a. This attribute is part of the key";
  for (const UpdateExpression of ["add a.b :a", "remove d set b = :a, a = :a", "set c = :a remove b, a"]) {
    const { update } = bindExpressions({ UpdateExpression, ExpressionAttributeValues });
    assert.ok(update);
    assert.throws(() => requireKeyUnchanged(update, ["a", "b"]), { code: "ValidationException", message });
    assert.doesNotThrow(() => requireKeyUnchanged(update, ["x"]));
  }
});

test("paths may not lead into key attributes", () => {
  const text = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: ";
  const { update } = bindExpressions({
    UpdateExpression: "set c = if_not_exists(a.b, d[1]) + :a", ExpressionAttributeValues,
  });
  assert.ok(update);
  const require = (...keys: [string[], string[]?]) => requireScalarKeys(updatePaths(update), ...keys);
  assert.throws(() => require(["a"]), { message: `${text}Key: a` });
  assert.throws(() => require(["c"], ["d"]), { message: `${text}IndexKey: d` });
  assert.doesNotThrow(() => require(["c"]));
  for (const FilterExpression of [
    "x = y OR NOT attribute_exists(a.b)", "size(a[0]) > x", "x BETWEEN y AND a.b", "x IN (a.b)",
    "contains(x, a.b)", "attribute_not_exists(a.b)",
  ]) {
    const { filter } = bindExpressions({ FilterExpression });
    assert.ok(filter);
    assert.throws(() => requireScalarKeys(conditionPaths(filter), ["a"]), { message: `${text}Key: a` });
  }
});

test("a query's filter may not name the key", () => {
  const { filter } = bindExpressions({ FilterExpression: "x = :a AND a < :a", ExpressionAttributeValues });
  assert.ok(filter);
  assert.throws(() => requireNoKeyFilter("Filter Expression", filter, ["p", "a"]), {
    code: "ValidationException",
    message: "Filter Expression can only contain non-primary key attributes: Primary key attribute: a",
  });
  assert.doesNotThrow(() => requireNoKeyFilter("Filter Expression", filter, ["p"]));
});
