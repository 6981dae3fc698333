/**
 * The shape of a service model at run time: AWS's own C2J model, prose removed, with what other sources say
 * of
 * the same operations (IAM actions and resource types) joined to it by `tools/compile-models`.
 */

export type ProtocolName =
  "json" | "query" | "ec2" | "rest-json" | "rest-xml" | "smithy-rpc-v2-cbor" | "cbor-1.1";

export interface ServiceModel {
  /** Our name of the service: that of its SDK v3 client package, `secrets-manager`. */
  readonly service: string;
  /** C2J `serviceId`: `Secrets Manager`. */
  readonly serviceId: string;
  readonly apiVersion: string;
  /** The service name in a SigV4 credential scope. */
  readonly signingName: string;
  /** The first label of the AWS host name: `monitoring` for CloudWatch. */
  readonly endpointPrefix: string;
  /** `X-Amz-Target` is `<targetPrefix>.<Operation>`; also the service name in RPC v2 CBOR paths. */
  readonly targetPrefix?: string;
  readonly jsonVersion?: "1.0" | "1.1";
  /** Every protocol that clients may speak to the service, AWS's preferred one first. */
  readonly protocols: readonly ProtocolName[];
  /** Clients that send `x-amzn-query-mode: true` want the Query protocol's error code in a header. */
  readonly queryCompatible: boolean;
  readonly xmlNamespace?: string;
  /** State lives in the account's `aws-global` cell, whatever region the request names. */
  readonly global: boolean;
  /** The part before the colon in IAM actions. */
  readonly iamPrefix: string;
  /** CloudTrail's `eventSource`. */
  readonly eventSource: string;
  readonly operations: Readonly<Record<string, OperationModel>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

export interface OperationModel {
  readonly name: string;
  readonly http: { readonly method: string; readonly requestUri: string; readonly responseCode?: number };
  readonly input?: ShapeRef;
  readonly output?: ShapeRef & { readonly resultWrapper?: string };
  readonly errors?: readonly { readonly shape: string }[];
  readonly endpoint?: { readonly hostPrefix?: string };
  readonly authtype?: "none" | "v4-unsigned-body";
  readonly httpChecksum?: HttpChecksum;
  readonly httpChecksumRequired?: boolean;
  readonly requestcompression?: { readonly encodings: readonly string[] };
  readonly unsignedPayload?: boolean;
  readonly paginator?: Paginator;
  /** `service:Action`, as IAM's service authorization reference names it. */
  readonly iamAction: string;
  /** IAM's access level, which also gives CloudTrail's `readOnly`. */
  readonly access: "Read" | "List" | "Write" | "Tagging" | "Permissions management";
}

export interface HttpChecksum {
  readonly requestValidationModeMember?: string;
  readonly requestAlgorithmMember?: string;
  readonly requestChecksumRequired?: boolean;
  readonly responseAlgorithms?: readonly string[];
}

export interface Paginator {
  readonly input_token: string | readonly string[];
  readonly output_token: string | readonly string[];
  readonly limit_key?: string;
  readonly result_key?: string | readonly string[];
  readonly more_results?: string;
}

export type TimestampFormat = "iso8601" | "rfc822" | "unixTimestamp";

/** What a member, a list's element, or a map's key or value says about itself, over what its shape says. */
export interface ShapeRef {
  readonly shape: string;
  readonly location?: "uri" | "querystring" | "header" | "headers" | "statusCode";
  readonly locationName?: string;
  readonly queryName?: string;
  readonly flattened?: boolean;
  readonly streaming?: boolean;
  readonly xmlAttribute?: boolean;
  readonly xmlNamespace?: string | { readonly uri: string; readonly prefix?: string };
  readonly idempotencyToken?: boolean;
  readonly hostLabel?: boolean;
  readonly jsonvalue?: boolean;
  readonly timestampFormat?: TimestampFormat;
  readonly eventpayload?: boolean;
  readonly eventheader?: boolean;
  readonly box?: boolean;
}

export interface Shape {
  readonly type:
    | "structure"
    | "list"
    | "map"
    | "string"
    | "character"
    | "blob"
    | "boolean"
    | "timestamp"
    | "integer"
    | "long"
    | "float"
    | "double"
    | "bigInteger"
    | "bigDecimal"
    | "short"
    | "byte";
  readonly members?: Readonly<Record<string, ShapeRef>>;
  readonly required?: readonly string[];
  readonly member?: ShapeRef;
  readonly key?: ShapeRef;
  readonly value?: ShapeRef;
  readonly flattened?: boolean;
  readonly locationName?: string;
  readonly xmlNamespace?: string | { readonly uri: string; readonly prefix?: string };
  readonly payload?: string;
  readonly streaming?: boolean;
  readonly document?: boolean;
  readonly union?: boolean;
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly sensitive?: boolean;
  readonly timestampFormat?: TimestampFormat;
  readonly exception?: boolean;
  readonly fault?: boolean;
  readonly error?: {
    readonly code?: string;
    readonly httpStatusCode?: number;
    readonly senderFault?: boolean;
  };
  readonly eventstream?: boolean;
  readonly event?: boolean;
  readonly wrapper?: boolean;
  readonly sparse?: boolean;
  readonly requiresLength?: boolean;
}
