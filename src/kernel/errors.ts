/**
 * Every refusal a caller can see. Thrown by handlers and by the kernel; serialized by the protocol in use.
 */

export interface ErrorDetails {
  /** The code as the service's own protocol family spells it: `NoSuchEntity`, `QueueDoesNotExist`. */
  readonly code: string;
  readonly message: string;
  /** HTTP status. */
  readonly status: number;
  /**
   * The name of the model's exception shape, where it has one; JSON and CBOR protocols put it in `__type`.
   */
  readonly shape?: string;
  /**
   * The code of the Query protocol for services that moved away from it:
   * `AWS.SimpleQueueService.NonExistentQueue`.
   */
  readonly queryCode?: string;
  /** Members of the modelled error beyond its message. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** HTTP headers that go with it and are no members: where a bucket is, that it was a delete marker. */
  readonly headers?: Readonly<Record<string, string>>;
}

export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  readonly shape: string | undefined;
  readonly queryCode: string | undefined;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(details: ErrorDetails) {
    super(details.message);
    this.name = details.code;
    this.code = details.code;
    this.status = details.status;
    this.shape = details.shape;
    this.queryCode = details.queryCode;
    this.members = details.members ?? {};
    this.headers = details.headers;
  }

  /** Whose fault it is, as the Query protocol's `<Type>` says it. */
  get fault(): "Sender" | "Receiver" {
    return this.status >= 500 ? "Receiver" : "Sender";
  }
}

/**
 * An error of a service's model, known at compile time: generated modules export one token an exception
 * shape.
 */
export interface ErrorToken {
  readonly shape: string;
  readonly code: string;
  readonly status: number;
  readonly queryCode?: string;
}

/** An error that the service's model declares. */
export function modelled(token: ErrorToken, message: string, members?: Record<string, unknown>): AwsError {
  return new AwsError({ ...token, message, ...(members && { members }) });
}

/** An error that AWS answers without declaring it in the model: `ValidationError`, `AccessDenied`. */
export function unmodelled(code: string, message: string, status = 400): AwsError {
  return new AwsError({ code, message, status });
}

/** An operation that this region does not offer yet. Never a fake success. */
export function notImplemented(what: string): AwsError {
  return unmodelled("NotImplemented", `${what} is not implemented by us-local-1 yet.`, 501);
}

export function internalFailure(requestId: string): AwsError {
  return unmodelled(
    "InternalFailure",
    `The request processing has failed because of an unknown error, exception or failure. (${requestId})`,
    500,
  );
}
