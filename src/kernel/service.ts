/** How a service says what it is made of. */

import type { AuthorizationRequest } from "../iam/types.ts";
import type { BodyContext, Context, ReadContext } from "./context.ts";
import type { Caller } from "./auth/caller.ts";
import type { Front, FrontHead } from "./front.ts";
import type { IdentityProvider } from "./auth/identity.ts";
import type { AwsError } from "./errors.ts";
import type { MetricTotal } from "./metrics.ts";
import type { OperationModel } from "./model/model.ts";
import type { AnyOperation, Arrival } from "./operation.ts";
import type { AnyJob } from "../jobs/job.ts";
import type { OperationToken, ServiceToken } from "./tokens.ts";

/** A noun is a module: the service collects its operations and jobs from what it exports. */
export type Noun = Readonly<Record<string, unknown>>;

/**
 * The operations by which a service's resources are tagged by ARN, for the Resource Groups Tagging API.
 * `account` is the caller's, for ARNs that name none.
 */
export interface Tagging {
  tag(
    arn: string,
    tags: Readonly<Record<string, string>>,
    account: string,
  ): readonly [OperationToken<unknown, unknown>, object] | undefined;
  untag(
    arn: string,
    keys: readonly string[],
    account: string,
  ): readonly [OperationToken<unknown, unknown>, object] | undefined;
}

/** For what somebody asks. */
export interface Asked {
  readonly action: string;
  readonly input?: Readonly<Record<string, unknown>>;
}

/** What decides over a resource that is not simply its cell's. */
export interface ResourcePolicy {
  /** JSON text. */
  readonly document?: string;
  /** The account that owns the resource, where it is another than the cell's: an object in a bucket. */
  readonly account?: string;
}

export interface WordedDenial {
  readonly action: string;
  readonly resource: string;
  /** The account that owns the resource. */
  readonly account: string;
  /** AWS's usual sentence. */
  readonly message: string;
}

export interface ObservedCall {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Absent where it was refused. */
  readonly output: Readonly<Record<string, unknown>> | undefined;
  readonly error: AwsError | undefined;
  /** How long it took by the machine's clock. */
  readonly milliseconds: number;
}

export interface BodyLimit {
  readonly bytes: number;
  /** What a longer one is answered. */
  readonly tooLarge: (limitBytes: number) => AwsError;
}

/** Something stored that was read again. */
export interface Scrubbed {
  /** What it is: an ARN, a name. */
  readonly of: string;
  /** Absent when it is as it was stored. */
  readonly damage?: string;
}

export interface ServiceDefinition {
  readonly nouns: readonly Noun[];
  readonly tagging?: Tagging;
  /**
   * The policy attached to a resource of this service, as JSON text. `ctx` is the cell of the resource's
   * owner.
   */
  readonly resourcePolicy?: (
    arn: string,
    ctx: ReadContext,
    asked: Asked,
  ) => string | ResourcePolicy | undefined;
  /** Whose tags are a resource's that cannot have its own: a log stream's group, an alias's function. */
  readonly taggedAs?: (arn: string) => string;
  /** The resource policy must itself let callers in, as KMS's key policies must. */
  readonly resourcePolicyRequired?: boolean;
  /** A denial says `on resource: *` of an action that has no resource; most services say nothing of it. */
  readonly saysAnyResource?: boolean;
  /** How a denial is worded, where the service has its own words for all of its operations. */
  readonly denied?: (denial: WordedDenial, ctx: ReadContext) => AwsError;
  /** What CloudTrail calls an operation, where that is not its name. */
  readonly trailName?: (operation: OperationModel) => string;
  /** A way in beside policies, asked only where they deny implicitly: KMS grants. */
  readonly alsoAllows?: (request: AuthorizationRequest, ctx: ReadContext) => boolean;
  /** Members that the path of a Query request gives, where it says them nowhere else: SQS's queue URLs. */
  readonly inputFromPath?: (path: string) => Readonly<Record<string, unknown>> | undefined;
  /**
   * Input members that stand for others are set to what they stand for, before anything looks at them: an
   * access point's alias that is given as a bucket.
   */
  readonly resolve?: (input: Record<string, unknown>, from: Arrival, operation: string) => void;
  /** Sets output members that say the same of every operation: that the requester was charged. */
  readonly completes?: (
    output: Record<string, unknown>,
    input: Readonly<Record<string, unknown>>,
    ctx: BodyContext,
  ) => void;
  /** Headers that a presigned query may carry as parameters, with their names in lower case. */
  readonly headersInQuery?: (query: string) => Readonly<Record<string, string>> | undefined;
  /** Whether a caller may come here at all, whatever policies say: some sessions are not let into IAM. */
  readonly admits?: (caller: Caller) => boolean;
  /** Unsigned requests are let through to the policies, which may allow everybody: public buckets. */
  readonly admitsAnonymous?: boolean;
  /** The path in the model's form, where the host name says a part of it: `bucket.s3.localhost`. */
  readonly pathOf?: (host: string, path: string) => string;
  /** How long a body may be that is read whole, where that is not what it is for others. */
  readonly bodyLimit?: (head: FrontHead) => BodyLimit | undefined;
  /** What it speaks over HTTP besides the operations of its model. */
  readonly front?: Front;
  /** CloudWatch's own: stores what services measured of themselves, in a transaction in their cell. */
  readonly metricSink?: (totals: readonly MetricTotal[], ctx: Context) => void;
  /** Measures a call of one of its operations that is over, by `ctx.metric`: nothing else. */
  readonly observes?: (call: ObservedCall, ctx: BodyContext) => void;
  /** Measures what is there now, by `ctx.metric`: every minute in cells where something happened lately. */
  readonly gauges?: (ctx: ReadContext) => void;
  /** Reads what the service stored in a cell, and says of each thing whether it is as it was stored. */
  readonly scrub?: (ctx: BodyContext) => AsyncIterable<Scrubbed>;
  /** IAM's own: who holds an access key, and which policies a principal has. */
  readonly identity?: IdentityProvider;
}

export interface Service extends ServiceDefinition {
  readonly service: string;
  readonly operations: ReadonlyMap<string, AnyOperation>;
  readonly jobs: ReadonlyMap<string, AnyJob>;
}

function isOperation(value: unknown): value is AnyOperation {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "operation";
}

function isJob(value: unknown): value is AnyJob {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "job";
}

export function service(token: ServiceToken, definition: ServiceDefinition): Service {
  const operations = new Map<string, AnyOperation>();
  const jobs = new Map<string, AnyJob>();
  for (const exported of definition.nouns.flatMap((noun) => Object.values(noun))) {
    if (isOperation(exported)) {
      if (exported.token.service !== token.service || operations.has(exported.token.name)) {
        throw new Error(`${token.service}: ${exported.token.name} is not its operation, or is there twice`);
      }
      operations.set(exported.token.name, exported);
    } else if (isJob(exported)) {
      jobs.set(exported.name, exported);
    }
  }
  return { ...definition, service: token.service, operations, jobs };
}
