/** The cell of what is unique over all accounts and regions of the partition. */

import type { CellName } from "../store/types.ts";

export const partitionCell: CellName = { account: "aws", region: "aws-global" };
