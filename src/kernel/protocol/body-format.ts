/** What the REST protocols and the event streams need of a way to write bodies. */

import type { ServiceModel, ShapeRef } from "../model/model.ts";
import type { Members } from "./compile.ts";
import type { Value } from "./protocol.ts";

export type BodyRead<Read> = (body: Buffer) => Read;
export type BodyWrite = (value: unknown) => string | Buffer;

export interface BodyFormat {
  readonly contentType: string;
  /** A body that is made of some of a structure's members; `ref` is what refers to the structure. */
  readMembers(members: Members, service: ServiceModel, ref: ShapeRef): BodyRead<Value>;
  /** A body that is one member. */
  readShape(ref: ShapeRef, service: ServiceModel): BodyRead<unknown>;
  writeMembers(members: Members, service: ServiceModel, ref: ShapeRef, root?: string): BodyWrite;
  writeShape(ref: ShapeRef, service: ServiceModel): BodyWrite;
}
