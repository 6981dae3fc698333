/**
 * The `Condition` element: all operators and all keys must hold (AND); one of an operator's values must match
 * (OR), or none for a negated operator (NOR).
 *
 * What cannot be understood (an unknown operator, a value that is no number, date, range or boolean) must not
 * let anything through: in an Allow statement it does not hold, in a Deny statement it does. AWS refuses such
 * policies when they are stored, so only a document that got past validation can meet this rule.
 *
 * @evidence IAM User Guide, "Conditions with multiple context keys or values"
 * @evidence IAM User Guide, "Policy evaluation logic", step Errors (evaluation that fails is closed)
 */
import type { ConditionEntry } from "./document.ts";
import { parseOperator, type Quantifier, type ValueTest } from "./operators.ts";
import type { ContextValue } from "./types.ts";
import type { KeyLookup } from "./variables.ts";

export interface Condition {
  readonly type: "test" | "null" | "broken";
  readonly key: string;
  readonly quantifier: Quantifier;
  readonly ifExists: boolean;
  readonly negated: boolean;
  readonly tests: readonly ValueTest[];
  /** For `Null`: whether the policy names `true`, the key is absent, and `false`, it is present. */
  readonly wantsAbsent: boolean;
  readonly wantsPresent: boolean;
}

const broken: Condition = {
  type: "broken", key: "", quantifier: "none", ifExists: false, negated: false, tests: [],
  wantsAbsent: false, wantsPresent: false,
};

export function compileCondition(entry: ConditionEntry, variables: boolean): Condition {
  const operator = parseOperator(entry.operator);
  if (operator === undefined) return broken;
  // A known operator without a key restricts nothing. @evidence IAM, CreatePolicy accepts {"DateGreaterThan":
  // {}}
  const key = entry.key?.toLowerCase();
  const { quantifier, ifExists, negated, compile } = operator;
  const base = { key: key ?? "", quantifier, ifExists, negated, wantsAbsent: false, wantsPresent: false };
  if (key === undefined) return { ...base, type: "null", tests: [], wantsAbsent: true, wantsPresent: true };
  if (compile === undefined) {
    const values = entry.values.map((value) => value.toLowerCase());
    if (values.some((value) => value !== "true" && value !== "false")) return broken;
    const wantsAbsent = values.includes("true");
    return { ...base, type: "null", tests: [], wantsAbsent, wantsPresent: values.includes("false") };
  }
  const tests: ValueTest[] = [];
  for (const value of entry.values) {
    const test = compile(value, variables);
    if (test === undefined) return broken;
    tests.push(test);
  }
  return { ...base, type: "test", tests };
}

/** @param deny whether the condition stands in a Deny statement */
export function conditionHolds(condition: Condition, lookup: KeyLookup, deny: boolean): boolean {
  if (condition.type === "broken") return deny;
  if (condition.type === "null" && condition.key === "") return true;
  const value = lookup(condition.key);
  if (condition.type === "null") return isNull(value) ? condition.wantsAbsent : condition.wantsPresent;
  if (condition.quantifier === "none") {
    if (value === undefined || value.length === 0 && typeof value !== "string") {
      return condition.ifExists || condition.negated;
    }
    return condition.negated
      ? every(condition, value, lookup, deny)
      : some(condition, value, lookup, deny);
  }
  // A set operator decides for itself what a missing key means, with and without IfExists.
  // @evidence IAM User Guide, "Set operators for multivalued context keys"
  // @evidence AWS re:Post, "ForAnyValue:StringEqualsIfExists behaving unexpectedly"
  if (isEmptySet(value)) return condition.quantifier === "all";
  return condition.quantifier === "all"
    ? every(condition, value, lookup, deny)
    : some(condition, value, lookup, deny);
}

function isNull(value: ContextValue | undefined): boolean {
  return value === undefined || (typeof value !== "string" && value.every((item) => item === ""));
}

/** @evidence IAM User Guide, "Set operators …": "resolve to a null dataset, such as an empty string" */
function isEmptySet(value: ContextValue | undefined): value is undefined {
  return value === "" || isNull(value);
}

function every(condition: Condition, value: ContextValue, lookup: KeyLookup, deny: boolean): boolean {
  if (typeof value === "string") return holdsFor(condition, value, lookup, deny);
  for (const item of value) {
    if (!holdsFor(condition, item, lookup, deny)) return false;
  }
  return true;
}

function some(condition: Condition, value: ContextValue, lookup: KeyLookup, deny: boolean): boolean {
  if (typeof value === "string") return holdsFor(condition, value, lookup, deny);
  for (const item of value) {
    if (holdsFor(condition, item, lookup, deny)) return true;
  }
  return false;
}

/**
 * A variable without a value matches nothing. In a negated Allow that would open the statement, where AWS
 * calls the statement invalid; so there it does not hold.
 *
 * @evidence IAM User Guide, "IAM policy elements: Variables and tags" ("any attempt to match fails and causes
 * the statement to be invalid")
 */
function holdsFor(condition: Condition, value: string, lookup: KeyLookup, deny: boolean): boolean {
  let unresolved = false;
  for (const test of condition.tests) {
    const matched = test(value, lookup);
    if (matched === true) return !condition.negated;
    if (matched === undefined) unresolved = true;
  }
  return condition.negated && (!unresolved || deny);
}
