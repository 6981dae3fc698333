/**
 * How AWS words input that is not of its type. Most services share one serialization framework and its texts.
 */

import { AwsError } from "../errors.ts";
import type { ServiceModel, Shape } from "../model/model.ts";

/** What a JSON or CBOR value is, where something else was wanted. */
export type Found =
  | "structure" | "list" | "string" | "number" | "decimal" | "true" | "false" | "bytes" | "timestamp";

/** Words the refusal of a value that is not of its shape's type. */
export type Mismatch = (found: Found, type: Shape["type"]) => AwsError;

const javaTypes: Readonly<Record<Shape["type"], string>> = {
  structure: "Structure", list: "List", map: "Map", string: "String", character: "String", blob: "Blob",
  boolean: "Boolean", timestamp: "Timestamp", integer: "Integer", long: "Long", float: "Float",
  double: "Double",
  bigInteger: "BigInteger", bigDecimal: "BigDecimal", short: "Short", byte: "Byte",
};

const tokens: Readonly<Record<Found, string>> = {
  structure: "START_OBJECT", list: "START_ARRAY", string: "STRING_VALUE", number: "NUMBER_VALUE",
  decimal: "DECIMAL_VALUE", true: "TRUE_VALUE", false: "FALSE_VALUE", bytes: "BINARY_VALUE",
  timestamp: "TIMESTAMP_VALUE",
};

export function serializationException(message: string): AwsError {
  return new AwsError({ code: "SerializationException", message, status: 400 });
}

/** `STRING_VALUE can not be converted to an Integer`. */
export function cannotConvert(found: Found, type: Shape["type"]): string {
  const token = found === "decimal" ? "NUMBER_VALUE" : tokens[found];
  const java = javaTypes[type];
  return `${token} can not be converted to ${/^[AEIO]/.test(java) ? "an" : "a"} ${java}`;
}

/** The texts of AWS JSON and REST-JSON services, DynamoDB apart. */
const usual: Mismatch = (found, type) => {
  if (found === "structure") {
    return serializationException("Start of structure or map found where not expected.");
  }
  if (found === "list") return serializationException("Start of list found where not expected");
  if (type === "list") return serializationException("Expected list or null");
  if (type === "map" || type === "structure") return serializationException("Expected map or null");
  return serializationException(cannotConvert(found, type));
};

/**
 * DynamoDB has a parser of its own, with texts of its own.
 *
 * @evidence DynamoDB, recorded answers in dynalite's test suite (assertType)
 */
const dynamodb: Mismatch = (found, type) => {
  if (found === "structure") {
    return serializationException("Start of structure or map found where not expected");
  }
  if (type === "list" || type === "map" || type === "structure") {
    return serializationException("Unexpected field type");
  }
  const java = type === "blob" ? "java.nio.ByteBuffer" : `java.lang.${javaTypes[type]}`;
  if (found === "list") return serializationException(`Unrecognized collection type class ${java}`);
  if (type === "blob") return serializationException("only base-64-encoded strings are convertible to bytes");
  if (type === "boolean" && found === "string") {
    return serializationException("Unexpected token received from parser");
  }
  return serializationException(`${tokens[found]} cannot be converted to ${javaTypes[type]}`);
};

export function isDynamodb(service: ServiceModel): boolean {
  return service.targetPrefix?.startsWith("DynamoDB") ?? false;
}

export function mismatchOf(service: ServiceModel): Mismatch {
  return isDynamodb(service) ? dynamodb : usual;
}

/** What is wrong with text that should be base64; undefined when nothing is. */
export function base64Fault(text: string): string | undefined {
  if (text.length % 4 !== 0) {
    return `Base64 encoded length is expected a multiple of 4 bytes but found: ${text.length}`;
  }
  const stranger = /[^A-Za-z0-9+/=]|=[^=]/.exec(text);
  if (stranger) return `Invalid Base64 character: '${stranger[0].charAt(0)}'`;
  return /===$/.test(text) ? "Invalid last non-pad Base64 character dectected" : undefined;
}

/**
 * @evidence DynamoDB and Kinesis, recorded answers in dynalite's and kinesalite's test suites (assertType,
 * Blob)
 */
export function malformedBlob(text: string, fault: string, service: ServiceModel): AwsError {
  return serializationException(
    isDynamodb(service) ? fault : `'${text}' can not be converted to a Blob: ${fault}`,
  );
}

/** The Query protocol and the XML of services other than S3 answer `MalformedInput`. */
export function malformedInput(message: string): AwsError {
  return new AwsError({ code: "MalformedInput", message, status: 400 });
}

export function tooDeep(): AwsError {
  return serializationException("The request is nested too deeply.");
}
