/** Amazon S3 Control: what an account sets for its buckets, and other ways to them. */

import * as control from "../../generated/s3-control.ts";
import { service } from "../../kernel/service.ts";
import * as accessGrants from "./access-grants.ts";
import * as accessGrantsInstance from "./access-grants-instance.ts";
import * as accessGrantsLocations from "./access-grants-locations.ts";
import * as accessPointPolicies from "./access-point-policies.ts";
import * as accessPoints from "./access-points.ts";
import * as accountAccessBlock from "./account-access-block.ts";
import * as asyncRequests from "./async-requests.ts";
import * as batchCreation from "./batch-creation.ts";
import * as batchJobs from "./batch-jobs.ts";
import * as batchWork from "./batch-work.ts";
import * as dataAccess from "./data-access.ts";
import * as multiRegion from "./multi-region-access-points.ts";
import { resourcePolicy } from "./resource-policy.ts";
import * as storageLens from "./storage-lens.ts";
import * as storageLensGroups from "./storage-lens-groups.ts";
import * as tagging from "./tagging.ts";

export default service(control.service, {
  nouns: [
    accountAccessBlock, accessPoints, accessPointPolicies, multiRegion, asyncRequests, accessGrantsInstance,
    accessGrantsLocations, accessGrants, dataAccess, storageLens, storageLensGroups, tagging,
    batchCreation, batchJobs, batchWork,
  ],
  resourcePolicy,
});
