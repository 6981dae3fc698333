/** The condition keys of one request, worked out only when a policy asks for them. */

import type { ConditionContext, ContextValue } from "../iam/types.ts";
import { parseArn } from "./arn.ts";
import type { CellContext } from "./cell-context.ts";
import { globalRegion } from "./perform.ts";
import type { Service } from "./service.ts";
import { TagSet, taggedResources, type Tag } from "./tags.ts";

export interface ConditionSources {
  readonly ctx: CellContext;
  readonly resource: string;
  /** The parsed input, for `aws:RequestTag` and `aws:TagKeys`; absent for jobs. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** Of the resource, where it is loaded. */
  readonly service?: Pick<Service, "taggedAs">;
  /** The service's own keys. */
  readonly own?: () => Readonly<Record<string, ContextValue | undefined>>;
}

type Reader = (ctx: CellContext) => ContextValue | undefined;

function isoTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/**
 * Booleans are the words `true` and `false`. @evidence IAM User Guide, "AWS global condition context keys"
 */
const globalKeys: Readonly<Record<string, Reader>> = {
  "aws:currenttime": (ctx) => isoTime(ctx.clock.now()),
  "aws:epochtime": (ctx) => String(Math.floor(ctx.clock.now() / 1000)),
  "aws:sourceip": (ctx) => (ctx.caller.type === "AWSService" ? undefined : ctx.origin.sourceIp),
  "aws:useragent": (ctx) => ctx.origin.userAgent,
  "aws:securetransport": (ctx) => String(ctx.origin.secureTransport),
  "aws:principalarn": ({ caller }) =>
    caller.roleArn ?? (caller.type === "Anonymous" ? undefined : caller.arn),
  "aws:principalaccount": ({ caller }) => caller.account || undefined,
  "aws:principaltype": ({ caller }) => principalTypes[caller.type],
  "aws:principalisawsservice": ({ caller }) => String(caller.type === "AWSService"),
  "aws:principalservicename": ({ caller }) => (caller.type === "AWSService" ? caller.arn : undefined),
  "aws:sourcearn": ({ caller }) => caller.sourceArn,
  // The ARNs of buckets name no account: it is the one on whose behalf the service acts.
  "aws:sourceaccount": ({ caller: { sourceArn, account } }) =>
    sourceArn && (parseArn(sourceArn)?.account || account || undefined),
  "aws:userid": ({ caller }) => caller.principalId || undefined,
  "aws:username": ({ caller }) => caller.userName,
  /** What SNS's topics ask for. @evidence SNS Developer Guide, "aws:SourceAccount versus aws:SourceOwner" */
  "aws:sourceowner": ({ caller }) =>
    caller.sourceArn && (parseArn(caller.sourceArn)?.account || caller.account || undefined),
  "aws:requestedregion": (ctx) => ctx.requestRegion,
  "aws:multifactorauthpresent": ({ caller }) =>
    caller.session ? String(caller.session.mfaAuthenticatedAt !== undefined) : undefined,
  "aws:multifactorauthage": (ctx) => {
    const at = ctx.caller.session?.mfaAuthenticatedAt;
    return at === undefined ? undefined : String(Math.floor((ctx.clock.now() - at) / 1000));
  },
  "aws:tokenissuetime": ({ caller }) => caller.session && isoTime(caller.session.issuedAt),
  "aws:sourceidentity": ({ caller }) => caller.session?.sourceIdentity,
  "aws:federatedprovider": ({ caller }) => caller.session?.federatedProvider,
  "aws:viaawsservice": ({ caller }) => String(caller.calledVia.length > 0),
  "aws:calledvia": ({ caller }) => (caller.calledVia.length > 0 ? caller.calledVia : undefined),
  "aws:calledviafirst": ({ caller }) => caller.calledVia[0],
  "aws:calledvialast": ({ caller }) => caller.calledVia[caller.calledVia.length - 1],
};

/** What they are of a service follows from its principal, what it acts for, and the account of that. */
const keysOfCaller: ReadonlySet<string> = new Set([
  "aws:principalisawsservice", "aws:principalservicename", "aws:sourcearn", "aws:sourceaccount",
  "aws:sourceowner",
]);

const principalTypes: Readonly<Record<string, string>> = {
  Root: "Account",
  IAMUser: "User",
  AssumedRole: "AssumedRole",
  FederatedUser: "FederatedUser",
  AWSService: "Service",
  Anonymous: "Anonymous",
};

/** Members by which operations take tags, whatever the service's style. */
const tagMembers = ["Tags", "tags", "TagList", "TagSet", "TagsList"];
const tagKeyMembers = ["TagKeys", "tagKeys", "TagKeyList"];

/** The tags in a request, from a list of pairs or from a map. */
export function requestTags(
  input: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> | undefined {
  const given = tagMembers.map((member) => input[member]).find((value) => value !== undefined);
  if (given === undefined || given === null || typeof given !== "object") return undefined;
  if (!Array.isArray(given)) return given as Record<string, string>;
  const tags = Object.create(null) as Record<string, string>;
  for (const tag of given as (Partial<Tag> & { TagKey?: string; TagValue?: string })[]) {
    const key = tag.Key ?? tag.TagKey;
    if (key !== undefined) tags[key] = tag.Value ?? tag.TagValue ?? "";
  }
  return tags;
}

/** Of the tags that are set, or that are to go: UntagLogGroup calls their keys `tags`. */
function requestTagKeys(input: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const keys = tagKeyMembers.map((member) => input[member]).find((value) => Array.isArray(value));
  if (keys) return keys as string[];
  const names = input["tags"];
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  const tags = requestTags(input);
  return tags && Object.keys(tags);
}

/**
 * Tag keys in condition keys are compared without regard to case. @evidence IAM User Guide, aws:RequestTag
 */
function tagValue(tags: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  if (!tags) return undefined;
  const name = Object.keys(tags).find((candidate) => candidate.toLowerCase() === key);
  return name === undefined ? undefined : tags[name];
}

function accountOf(ctx: CellContext, resource: string): string {
  const account = parseArn(resource)?.account ?? "";
  return /^\d{12}$/.test(account) ? account : ctx.account;
}

type TagMap = Readonly<Record<string, string>>;

/**
 * A resource's tags are where the request works, or in the cell that its ARN names: a role's are IAM's, and
 * `sts:AssumeRole` and `iam:PassRole` are asked about it elsewhere.
 */
function resourceTags({ ctx, resource, service }: ConditionSources): TagMap {
  const arn = service?.taggedAs?.(resource) ?? resource;
  const here = ctx.reading(() => new TagSet(ctx.db(taggedResources), arn).get());
  const { service: name, region: named = "" } = parseArn(arn) ?? {};
  const account = accountOf(ctx, arn);
  const region = name === "iam" ? globalRegion : named === "" ? ctx.region : named;
  const isHere = account === ctx.account && region === ctx.region;
  if (isHere || Object.keys(here).length > 0) return here;
  return ctx.kernel.read({ account, region }, (transaction) =>
    new TagSet(transaction.rows(taggedResources), arn).get(),
  );
}

export class RequestConditions implements ConditionContext {
  readonly #sources: ConditionSources;
  #own: Readonly<Record<string, ContextValue | undefined>> | undefined;
  /** Whether any policy looked at a condition: if none did, the decision holds for other requests too. */
  wasAsked = false;
  /** So far only for what the caller is, which the service says nothing of by itself. */
  wasAskedOfCallerAlone = true;

  constructor(sources: ConditionSources) {
    this.#sources = sources;
  }

  get(key: string): ContextValue | undefined {
    this.wasAsked = true;
    this.wasAskedOfCallerAlone &&= this.#sources.own === undefined && keysOfCaller.has(key);
    const { ctx, input, resource } = this.#sources;
    const own = this.#ownKeys();
    if (Object.hasOwn(own, key) && own[key] !== undefined) return own[key];
    const reader = Object.hasOwn(globalKeys, key) ? globalKeys[key] : undefined;
    if (reader) return reader(ctx);
    if (key === "aws:resourceaccount") return accountOf(ctx, resource);
    const slash = key.indexOf("/");
    if (slash > 0) return this.#tagKey(key.slice(0, slash), key.slice(slash + 1));
    if (key === "aws:tagkeys") return input && requestTagKeys(input);
    const given = ctx.caller.session?.contextKeys;
    return given && Object.hasOwn(given, key) ? given[key] : undefined;
  }

  *keys(): Iterable<string> {
    for (const key of Object.keys(globalKeys)) if (this.get(key) !== undefined) yield key;
    yield* Object.entries(this.#ownKeys())
      .filter(([, value]) => value !== undefined)
      .map(([key]) => key);
    const { input, ctx } = this.#sources;
    yield "aws:resourceaccount";
    for (const tag of Object.keys(resourceTags(this.#sources))) {
      yield `aws:resourcetag/${tag.toLowerCase()}`;
    }
    if (input && requestTagKeys(input)) yield "aws:tagkeys";
    for (const tag of Object.keys((input && requestTags(input)) ?? {}))
      yield `aws:requesttag/${tag.toLowerCase()}`;
    for (const tag of Object.keys(ctx.caller.tags)) yield `aws:principaltag/${tag.toLowerCase()}`;
  }

  #ownKeys(): Readonly<Record<string, ContextValue | undefined>> {
    return (this.#own ??= this.#sources.own?.() ?? {});
  }

  /**
   * `aws:ResourceTag/x`, and the older `iam:ResourceTag/x`, `secretsmanager:ResourceTag/x` of single
   * services.
   */
  #tagKey(family: string, tag: string): string | undefined {
    const { ctx, input } = this.#sources;
    if (family === "aws:principaltag") return tagValue(ctx.caller.tags, tag);
    if (family.endsWith(":requesttag")) return input && tagValue(requestTags(input), tag);
    if (!family.endsWith(":resourcetag")) return undefined;
    return tagValue(resourceTags(this.#sources), tag);
  }
}
