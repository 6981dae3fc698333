/**
 * Readers and writers are closures, made from the model once and kept as long as the service's model lives,
 * so that a request costs no more than walking its own data.
 */

import type { ServiceModel, Shape, ShapeRef } from "../model/model.ts";

/** The deepest nesting that a request may have; beyond it a recursive shape would exhaust the stack. */
export const depthMax = 200;

/** Remembers what was made of each part of each service's model. */
export function onceFor<Part extends object, Made>(
  make: (part: Part, service: ServiceModel) => Made,
): (part: Part, service: ServiceModel) => Made {
  const made = new WeakMap<ServiceModel, WeakMap<Part, Made>>();
  return (part, service) => {
    let ofService = made.get(service);
    if (!ofService) made.set(service, (ofService = new WeakMap()));
    let one = ofService.get(part);
    if (one === undefined) ofService.set(part, (one = make(part, service)));
    return one;
  };
}

/** Remembers one thing made of each service's model. */
export function onceForService<Made>(make: (service: ServiceModel) => Made): (service: ServiceModel) => Made {
  const made = new WeakMap<ServiceModel, Made>();
  return (service) => {
    let one = made.get(service);
    if (one === undefined) made.set(service, (one = make(service)));
    return one;
  };
}

/**
 * @throws Error when the model names a shape that it does not have: a fault of the model, never of a request
 */
export function shapeOf(ref: ShapeRef, service: ServiceModel): Shape {
  const shape = findShape(ref.shape, service);
  if (!shape) throw new Error(`The model of ${service.service} has no shape ${ref.shape}.`);
  return shape;
}

export function findShape(name: string, service: ServiceModel): Shape | undefined {
  return Object.hasOwn(service.shapes, name) ? service.shapes[name] : undefined;
}

export type Members = readonly (readonly [name: string, ref: ShapeRef])[];

export function membersOf(shape: Shape): Members {
  return Object.entries(shape.members ?? {});
}

/** The parts of a list or map shape. */
export function partOf(shape: Shape, part: "member" | "key" | "value"): ShapeRef {
  const ref = shape[part];
  if (!ref) throw new Error(`A ${shape.type} shape of the model has no ${part}.`);
  return ref;
}

export function isFlattened(ref: ShapeRef, shape: Shape): boolean {
  return ref.flattened ?? shape.flattened ?? false;
}

export function emptyMap<Item>(): Record<string, Item> {
  return Object.create(null) as Record<string, Item>;
}
