/** What generated modules export: names of the model's parts that carry their types, and no behaviour. */

/**
 * An operation of a model. `Input` and `Output` are for the compiler only; nothing holds them at run time.
 */
export interface OperationToken<Input, Output> {
  readonly service: string;
  readonly name: string;
  readonly types?: { readonly input: Input; readonly output: Output };
}

export interface ServiceToken {
  readonly service: string;
}

/** What the gateway needs to tell whose request it is, without loading the service's model. */
export interface DirectoryEntry {
  readonly service: string;
  readonly signingName: string;
  readonly endpointPrefix: string;
  readonly iamPrefix: string;
  readonly protocols: readonly string[];
  readonly targetPrefix?: string;
  readonly apiVersion: string;
  readonly global: boolean;
  /** Loads the service's handlers; absent while only its model is here. */
  readonly load?: () => Promise<{ readonly default: unknown }>;
}
