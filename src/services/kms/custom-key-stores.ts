/** Custom key stores: none can be made here, and so there are none. */

import * as kms from "../../generated/kms.ts";
import { operation } from "../../kernel/operation.ts";
import { customKeyStoreNotFound, invalidMarker } from "./errors.ts";

export const DescribeCustomKeyStores = operation(kms.DescribeCustomKeyStores, {
  run(input) {
    if (input.CustomKeyStoreId !== undefined || input.CustomKeyStoreName !== undefined) {
      throw customKeyStoreNotFound();
    }
    // No page ever has another behind it, so no marker was given out.
    if (input.Marker !== undefined) throw invalidMarker();
    return { CustomKeyStores: [], Truncated: false };
  },
});

export const ConnectCustomKeyStore = operation(kms.ConnectCustomKeyStore, {
  run() {
    throw customKeyStoreNotFound();
  },
});

export const DisconnectCustomKeyStore = operation(kms.DisconnectCustomKeyStore, {
  run() {
    throw customKeyStoreNotFound();
  },
});

export const UpdateCustomKeyStore = operation(kms.UpdateCustomKeyStore, {
  run() {
    throw customKeyStoreNotFound();
  },
});

export const DeleteCustomKeyStore = operation(kms.DeleteCustomKeyStore, {
  run() {
    throw customKeyStoreNotFound();
  },
});
