/** The row of a destination: where other accounts may send their logs. */

import { table } from "../../store/types.ts";

export interface Destination {
  readonly name: string;
  readonly targetArn: string;
  readonly roleArn: string;
  /** JSON text: who may subscribe. */
  readonly accessPolicy?: string;
  readonly createdAt: number;
}

export const destinations = table<Destination>("logs.destinations", { key: (row) => row.name });
