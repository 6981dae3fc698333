/** An inventory report as Parquet, a group of rows after the other: no more of it is in memory. */

import type { SchemaElement } from "hyparquet-writer";
import type { InventoryColumns, Values } from "./inventory-rows.ts";

interface Kind {
  /** As the schema of a manifest writes it, around the name. */
  readonly shown: (name: string) => string;
  readonly element: Partial<SchemaElement>;
  readonly valueOf: (text: string) => unknown;
}

const text: Kind = {
  shown: (name) => `binary ${name} (UTF8)`,
  element: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  valueOf: (value) => value,
};
const truth: Kind = {
  shown: (name) => `boolean ${name}`,
  element: { type: "BOOLEAN" },
  valueOf: (value) => value === "true",
};
const count: Kind = {
  shown: (name) => `int64 ${name}`,
  element: { type: "INT64" },
  valueOf: BigInt,
};
const time: Kind = {
  shown: (name) => `int64 ${name} (TIMESTAMP_MILLIS)`,
  element: { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
  valueOf: (value) => BigInt(Date.parse(value)),
};

const kinds = new Map<string, Kind>([
  ["IsLatest", truth], ["IsDeleteMarker", truth], ["IsMultipartUploaded", truth], ["Size", count],
  ["LastModifiedDate", time], ["ObjectLockRetainUntilDate", time], ["LifecycleExpirationDate", time],
]);

interface Column {
  readonly name: string;
  readonly kind: Kind;
  readonly repetition: "REQUIRED" | "OPTIONAL";
}

const required: ReadonlySet<string> = new Set(["Bucket", "Key"]);

function columnsOf({ names }: InventoryColumns): Column[] {
  return names.map((name) => ({
    name: name.replace(/(?<=[A-Za-z])(?=[A-Z][a-z])/g, "_").toLowerCase(),
    kind: kinds.get(name) ?? text,
    repetition: required.has(name) ? "REQUIRED" : "OPTIONAL",
  }));
}

/** @evidence S3 User Guide, "Locating your inventory list", manifest of a report in the Parquet format */
export function parquetSchema(columns: InventoryColumns): string {
  const fields = columnsOf(columns).map(
    ({ name, kind, repetition }) => `${repetition.toLowerCase()} ${kind.shown(name)};`,
  );
  return `message s3.inventory { ${fields.join(" ")}}`;
}

const rowsPerGroup = 5_000;

/** @param pages of rows, each read when the last one has been taken; keys as they are */
export async function* parquetOf(
  columns: InventoryColumns,
  pages: AsyncIterable<readonly Values[]>,
): AsyncGenerator<Buffer> {
  // Few regions ever write it.
  const { ByteWriter, ParquetWriter } = await import("hyparquet-writer");
  const described = columnsOf(columns);
  const schema: SchemaElement[] = [
    { name: "s3.inventory", num_children: described.length },
    ...described.map(({ name, kind, repetition: repetition_type }) => ({
      name, repetition_type, ...kind.element,
    })),
  ];
  const bytes = new ByteWriter();
  const file = new ParquetWriter({ writer: bytes, schema });
  const written = (): Buffer => {
    const part = Buffer.from(bytes.getBytes());
    bytes.index = 0;
    return part;
  };
  let rows: Values[] = [];
  const writeGroup = async (): Promise<Buffer> => {
    const columnData = described.map(({ name, kind }, index) => ({
      name, data: rows.map((row) => (row[index] ? kind.valueOf(row[index]) : undefined)),
    }));
    await file.write({ columnData, rowGroupSize: rows.length });
    rows = [];
    return written();
  };
  for await (const page of pages) {
    rows.push(...page);
    if (rows.length >= rowsPerGroup) yield await writeGroup();
  }
  if (rows.length > 0) yield await writeGroup();
  await file.finish();
  yield written();
}
