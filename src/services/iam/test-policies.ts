/** How IAM refuses, for its tests. */

interface ServiceError {
  readonly name: string;
  readonly Error?: { readonly Code?: string };
  readonly Code?: string;
  readonly message: string;
  readonly $metadata: { readonly httpStatusCode?: number };
}

/** Code, text and HTTP status. */
type Refusal = readonly [string, string, number | undefined];

/** How AWS refuses. The SDK names errors by their shape; the code is on the wire. */
export async function refusal(sent: Promise<unknown>): Promise<Refusal> {
  try {
    await sent;
  } catch (error) {
    const { name, Error: wire, Code, message, $metadata } = error as ServiceError;
    return [wire?.Code ?? Code ?? name, message, $metadata.httpStatusCode];
  }
  throw new Error("was not refused");
}
