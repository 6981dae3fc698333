/** The row of a table: everything that an operation on its items must know of it. */

import type { BillingMode, ProjectionType, StreamViewType, TableClass } from "../../../generated/dynamodb.ts";
import { table } from "../../../store/types.ts";
import type { ReplicaSettings } from "../replicas/replica-settings.ts";

export interface KeyAttribute {
  readonly name: string;
  readonly type: "S" | "N" | "B";
}

/** A table has one attribute for the partition and at most one to sort by; a global index up to four each. */
export interface KeySchema {
  readonly partition: readonly KeyAttribute[];
  readonly sort: readonly KeyAttribute[];
}

/** What holds items: a table, or an index of one. */
export interface ItemSpace {
  readonly name: string;
  /** What its items are stored under: its own even among tables of one name that followed each other. */
  readonly number: number;
  readonly key: KeySchema;
}

/** What was provisioned; all zero for what is paid by request. */
export interface Throughput {
  readonly read: number;
  readonly write: number;
  /** Epoch milliseconds, as all times here. */
  readonly increasedAt?: number;
  readonly decreasedAt?: number;
  /** How often it was decreased on the day of `decreasedAt`. */
  readonly decreases?: number;
}

/** Units a second that are ready at once, or the most that may be used; absent members are not limited. */
export interface Units {
  readonly read?: number;
  readonly write?: number;
}

/** What comes of itself: at `until` the row is taken to be ACTIVE, and what `becomes` says. */
export interface Transition<Row> {
  readonly until: number;
  /** What is under way: others must not come in between. */
  readonly what?: "throughput" | "stream" | "class" | "encryption" | "index" | "replica" | "protection";
  readonly becomes: Partial<Row>;
}

export interface Index extends ItemSpace {
  readonly isGlobal: boolean;
  readonly projection: ProjectionType;
  /** With the projection INCLUDE. */
  readonly nonKeyAttributes?: readonly string[];
  /** Which attributes an entry holds; absent for all of them. */
  readonly projected?: readonly string[];
  readonly status: "CREATING" | "UPDATING" | "DELETING" | "ACTIVE";
  /** Its entries are being made from the items of the table. */
  readonly isBackfilling?: boolean;
  readonly transition?: Transition<Index>;
  readonly throughput: Throughput;
  readonly onDemand?: Units;
  readonly warm: Units;
}

export interface Stream {
  /** What its records are stored under. */
  readonly number: number;
  /** When it was enabled, as its ARN says it. */
  readonly label: string;
}

export interface Encryption {
  readonly keyArn: string;
  /** The leave to use the key, where the key is the customer's. */
  readonly grantId?: string;
  readonly status: "ENABLED" | "UPDATING" | "DISABLING" | "ENABLING";
  /** While the key cannot be used: what KMS says, in DynamoDB's words, and since when. */
  readonly locked?: {
    readonly code: string;
    readonly message: string;
    readonly since: number;
    /** When the status of the table began to say so. */
    readonly shownSince?: number;
  };
}

/** A table of the same name in another region. */
export interface Replica {
  readonly region: string;
  readonly status: "CREATING" | "UPDATING" | "DELETING" | "ACTIVE";
  /** What that region is to be told of settings of its own. */
  readonly settings?: ReplicaSettings;
}

export interface Table extends ItemSpace {
  /** Its `TableId`. */
  readonly id: string;
  readonly createdAt: number;
  readonly status: "CREATING" | "UPDATING" | "DELETING" | "ACTIVE";
  readonly transition?: Transition<Table>;
  /** The key attributes of the table and of its indexes, by name. */
  readonly attributes: readonly KeyAttribute[];
  /** The local ones first; each kind in the order in which they were given. */
  readonly indexes: readonly Index[];
  readonly billingMode: BillingMode;
  /** When it was last changed to being paid by request. */
  readonly onDemandSince?: number;
  readonly throughput: Throughput;
  readonly onDemand?: Units;
  readonly warm: Units;
  readonly tableClass?: { readonly name: TableClass; readonly updatedAt?: number };
  /** When the class was changed, as far as that counts. */
  readonly classChanges?: readonly number[];
  readonly isProtected: boolean;
  /** Without it nobody has to look for one with every request. */
  readonly hasPolicy?: true;
  readonly encryption?: Encryption;
  readonly encryptionChanges?: readonly number[];
  /** Absent while changes are not streamed. */
  readonly streamView?: StreamViewType;
  /** The latest stream, which outlives its being disabled. */
  readonly stream?: Stream;
  /** Changes go to streams of Kinesis. */
  readonly streamsToKinesis?: true;
  /** The attribute whose time an item expires at; absent while nothing expires. */
  readonly expiryAttribute?: string;
  /** While changes are kept for point-in-time recovery. */
  readonly recovery?: { readonly since: number; readonly days: number };
  /** Copies of the table as it was are being made: meanwhile changes are kept. */
  readonly copies?: true;
  /** The table in the other regions of its global table. */
  readonly replicas?: readonly Replica[];
  /** The regions of the global table hold the same at every moment. */
  readonly isStrong?: true;
  /** The region that only votes on writes, in AWS. Here it is a name. */
  readonly witness?: string;
  /** As it was asked for; absent while nobody did. */
  readonly settingsReplication?: "ENABLED" | "DISABLED";
  /** The regions that took their items from here, and when. */
  readonly sourced?: readonly { readonly region: string; readonly at: number }[];
  /** What it is restored from. */
  readonly restored?: {
    readonly backupArn?: string;
    readonly tableArn: string;
    readonly at: number;
  };
}

export const tables = table<Table, "transition">("dynamodb.tables", {
  key: (row) => row.name,
  indexes: { transition: (row) => row.transition?.until },
});

/** How much a table or an index holds: kept with every write, so that nobody has to count. */
export interface Extent {
  readonly number: number;
  readonly items: number;
  readonly sizeBytes: number;
}

export const extents = table<Extent>("dynamodb.extents", { key: (row) => row.number });

/** The row as it is now: with what has come of itself. */
export function settled(row: Table, now: number): Table {
  const indexes = row.indexes.some((index) => isDue(index.transition, now))
    ? row.indexes.map((index) => settledRow<Index>(index, now)) : row.indexes;
  return settledRow<Table>(indexes === row.indexes ? row : { ...row, indexes }, now);
}

function settledRow<Row extends { readonly status: string; readonly transition?: Transition<Row> }>(
  row: Row, now: number,
): Row {
  if (!isDue(row.transition, now)) return row;
  const { transition, ...rest } = row;
  return { ...rest, status: "ACTIVE", ...transition?.becomes } as unknown as Row;
}

function isDue(transition: { readonly until: number } | undefined, now: number): boolean {
  return transition !== undefined && transition.until <= now;
}

export function findIndex(row: Table, name: string): Index | undefined {
  return row.indexes.find((index) => index.name === name);
}

export function isOnDemand(row: Table): boolean {
  return row.billingMode === "PAY_PER_REQUEST";
}

/** What of a table's or an index's own key and the table's key an entry holds at least. */
export function keyNames(...schemas: readonly KeySchema[]): string[] {
  const names = schemas.flatMap(({ partition, sort }) => [...partition, ...sort].map(({ name }) => name));
  return [...new Set(names)];
}
