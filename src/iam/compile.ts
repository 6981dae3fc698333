/**
 * A policy document made ready for decisions: wildcards, variables, conditions and principals are read once.
 * Results are kept by text, since the same documents decide request after request.
 */
import { compileCondition, conditionHolds, type Condition } from "./conditions.ts";
import { parseDocument, PolicySyntaxError, type PolicyDocument, type Statement } from "./document.ts";
import { compilePrincipals, type PrincipalSet } from "./principals.ts";
import { expandTokens, isConstant, parseTemplate, type KeyLookup, type Template } from "./variables.ts";
import { Glob, resourceMatcher, tokensOf, type Matcher } from "./wildcard.ts";

export interface CompiledStatement {
  readonly index: number;
  readonly source: Statement;
  readonly deny: boolean;
  readonly principals: PrincipalSet | undefined;
  readonly notPrincipals: PrincipalSet | undefined;
  readonly actions: ActionList;
  readonly actionsNegated: boolean;
  /** Undefined when the statement names no resources, as trust policies do not. */
  readonly resources: ResourceList | undefined;
  readonly resourcesNegated: boolean;
  readonly conditions: readonly Condition[];
}

export interface CompiledPolicy {
  readonly statements: readonly CompiledStatement[];
}

/** What a statement is matched against. */
export interface RequestView {
  /** Lower case: actions are compared without regard to case. */
  readonly action: string;
  readonly resource: string;
  readonly lookup: KeyLookup;
}

/** Names without wildcards are looked up; only the rest is compared one by one. */
class ActionList {
  readonly #names = new Set<string>();
  readonly #patterns: Glob[] = [];
  readonly #everything: boolean;

  constructor(actions: readonly string[]) {
    for (const action of actions.map((text) => text.toLowerCase())) {
      if (/[*?]/.test(action)) this.#patterns.push(new Glob(tokensOf(action)));
      else this.#names.add(action);
    }
    this.#everything = actions.includes("*");
  }

  matches(action: string): boolean {
    if (this.#everything || this.#names.has(action)) return true;
    for (const pattern of this.#patterns) {
      if (pattern.matches(action)) return true;
    }
    return false;
  }
}

class ResourceList {
  readonly #constant: Matcher[] = [];
  readonly #variable: Template[] = [];

  constructor(resources: readonly string[], variables: boolean) {
    for (const resource of resources) {
      const template = parseTemplate(resource, variables);
      const tokens = isConstant(template) ? expandTokens(template, () => undefined) : undefined;
      if (tokens === undefined) this.#variable.push(template);
      else this.#constant.push(resourceMatcher(tokens));
    }
  }

  /** Undefined when nothing matches and a variable has no value. */
  matches(resource: string, lookup: KeyLookup): boolean | undefined {
    for (const matcher of this.#constant) {
      if (matcher.matches(resource)) return true;
    }
    let result: boolean | undefined = false;
    for (const template of this.#variable) {
      const tokens = expandTokens(template, lookup);
      if (tokens === undefined) result = undefined;
      else if (resourceMatcher(tokens).matches(resource)) return true;
    }
    return result;
  }
}

function compileStatement(source: Statement, index: number, variables: boolean): CompiledStatement {
  const resources = source.resources ?? source.notResources;
  return {
    index,
    source,
    deny: source.effect === "Deny",
    principals: source.principal && compilePrincipals(source.principal),
    notPrincipals: source.notPrincipal && compilePrincipals(source.notPrincipal),
    actions: new ActionList(source.actions ?? source.notActions ?? []),
    actionsNegated: source.notActions !== undefined,
    resources: resources && new ResourceList(resources, variables),
    resourcesNegated: source.notResources !== undefined,
    conditions: source.conditions.map((entry) => compileCondition(entry, variables)),
  };
}

/**
 * A document that cannot be read denies everything: no one can tell what it was meant to forbid.
 *
 * @evidence IAM User Guide, "Policy evaluation logic", step Errors
 */
const unreadable: PolicyDocument = {
  version: "2012-10-17",
  id: undefined,
  statements: [
    {
      sid: undefined, effect: "Deny", effectText: "Deny", principal: undefined, notPrincipal: undefined,
      actions: ["*"], notActions: undefined, resources: ["*"], notResources: undefined, conditions: [],
    },
  ],
};

function compile(text: string): CompiledPolicy {
  let document: PolicyDocument;
  try {
    document = parseDocument(text);
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    document = unreadable;
  }
  const variables = document.version === "2012-10-17";
  const statements = document.statements.map((source, index) => compileStatement(source, index, variables));
  return { statements };
}

/**
 * Keeps what was compiled, in two generations: when the young one is full the old one is dropped. A memo of a
 * pure function, so it is no state that anyone could observe.
 */
class PolicyMemo {
  readonly #lengthMax: number;
  #young = new Map<string, CompiledPolicy>();
  #old = new Map<string, CompiledPolicy>();
  #youngLength = 0;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  get(text: string): CompiledPolicy {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const compiled = this.#old.get(text) ?? compile(text);
    if (this.#youngLength + text.length > this.#lengthMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngLength = 0;
    }
    this.#young.set(text, compiled);
    this.#youngLength += text.length + 256;
    return compiled;
  }
}

const memo = new PolicyMemo(4_000_000);

/** Never throws: see `unreadable`. */
export function compilePolicy(text: string): CompiledPolicy {
  return memo.get(text);
}

/**
 * Whether a statement's actions, resources and conditions match. Its principals are matched by the caller.
 *
 * @param resourceOptional whether a statement may leave its resources out, meaning the resource that carries
 * the policy
 */
export function statementMatches(
  statement: CompiledStatement, view: RequestView, resourceOptional: boolean,
): boolean {
  const { deny } = statement;
  if (statement.actions.matches(view.action) === statement.actionsNegated) return false;
  if (statement.resources === undefined) {
    if (!resourceOptional && !deny) return false;
  } else {
    const matched = statement.resources.matches(view.resource, view.lookup);
    // A variable without a value matches nothing, so an exception made with it excepts nothing from a Deny.
    const outside = matched === false || (matched === undefined && deny);
    if (statement.resourcesNegated ? !outside : matched !== true) return false;
  }
  for (const condition of statement.conditions) {
    if (!conditionHolds(condition, view.lookup, deny)) return false;
  }
  return true;
}
