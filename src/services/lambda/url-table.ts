/** URLs of functions as rows, and in the partition, where a request finds whose they are. */

import type { Cors, FunctionUrlAuthType, InvokeMode } from "../../generated/lambda.ts";
import { table } from "../../store/types.ts";

export interface FunctionUrl {
  readonly name: string;
  /** An alias; empty for the function itself. */
  readonly qualifier: string;
  readonly urlId: string;
  readonly authType: FunctionUrlAuthType;
  readonly invokeMode: InvokeMode;
  readonly cors?: Cors | undefined;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export const functionUrls = table<FunctionUrl>("lambda.urls", { key: (row) => [row.name, row.qualifier] });

/** Whose a URL is. Kept after the URL is gone, which its row in the cell says. */
export interface UrlOwner {
  readonly urlId: string;
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly qualifier: string;
}

export const urlOwners = table<UrlOwner>("lambda.urlOwners", { key: (row) => row.urlId });
