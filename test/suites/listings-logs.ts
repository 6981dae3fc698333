/** Several of everything that CloudWatch Logs lists. */

import type { Listings, Make } from "./listings.ts";

const numbers = [1, 2, 3, 4, 5];
const now = Date.UTC(2026, 0, 1);
const account = "000000000000";
const streamArn = `arn:aws:kinesis:us-east-1:${account}:stream/log-target`;
const roleArn = `arn:aws:iam::${account}:role/log-sender`;

const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "logs.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const putsRecords = JSON.stringify({
  Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "kinesis:PutRecord", Resource: "*" }],
});
const letsDnsIn = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{
    Effect: "Allow", Principal: {
      Service: "route53.amazonaws.com",
    }, Action: "logs:PutLogEvents", Resource: "*",
  }],
});
const letsExportsIn = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{
    Effect: "Allow", Principal: { Service: "logs.us-east-1.amazonaws.com" },
    Action: ["s3:GetBucketAcl", "s3:PutObject"],
    Resource: ["arn:aws:s3:::log-exports", "arn:aws:s3:::log-exports/*"],
  }],
});

const epochSeconds = now / 1_000;
const aroundNow = { startTime: epochSeconds - 60, endTime: epochSeconds + 60 };

async function fillVended(make: Make): Promise<void> {
  for (const number of numbers) {
    await make("cloudwatch-logs:CreateScheduledQuery", {
      name: `scheduled-${number}`, queryLanguage: "CWLI", queryString: "fields a", executionRoleArn: roleArn,
      logGroupIdentifiers: ["group-1"], scheduleExpression: "rate(1 hour)",
    });
    await make("cloudwatch-logs:PutDeliverySource", {
      name: `source-${number}`, logType: "INFO_LOGS",
      resourceArn: `arn:aws:events:us-east-1:${account}:event-bus/bus-${number}`,
    });
    const { deliveryDestination } = await make("cloudwatch-logs:PutDeliveryDestination", {
      name: `destination-${number}`, deliveryDestinationConfiguration: {
        destinationResourceArn: `arn:aws:logs:us-east-1:${account}:log-group:group-${number}`,
      },
    });
    await make("cloudwatch-logs:CreateDelivery", {
      deliverySourceName: `source-${number}`,
      deliveryDestinationArn: (deliveryDestination as { readonly arn: string }).arn,
    });
  }
}

export const logsListings: Listings = {
  async prepare(make) {
    await make("kinesis:CreateStream", { StreamName: "log-target", ShardCount: 1 });
  },
  async fill(make) {
    await make("iam:CreateRole", { RoleName: "log-sender", AssumeRolePolicyDocument: trust });
    await make(
      "iam:PutRolePolicy", { RoleName: "log-sender", PolicyName: "put", PolicyDocument: putsRecords }
    );
    await make("s3:CreateBucket", { Bucket: "log-exports" });
    await make("s3:PutBucketPolicy", { Bucket: "log-exports", Policy: letsExportsIn });
    for (const number of numbers) {
      await make("cloudwatch-logs:CreateLogGroup", { logGroupName: `group-${number}` });
    }
    for (const number of numbers) {
      await make(
        "cloudwatch-logs:CreateLogStream", { logGroupName: "group-1", logStreamName: `stream-${number}` }
      );
      await make("cloudwatch-logs:PutLogEvents", {
        logGroupName: "group-1", logStreamName: `stream-${number}`, logEvents: [
          { timestamp: now, message: "x" },
        ],
      });
      await make("cloudwatch-logs:PutMetricFilter", {
        logGroupName: "group-1", filterName: `filter-${number}`, filterPattern: "no such word",
        metricTransformations: [{ metricName: "m", metricNamespace: "n", metricValue: "1" }],
      });
      await make("cloudwatch-logs:PutDestination", {
        destinationName: `destination-${number}`, targetArn: streamArn, roleArn,
      });
      await make(
        "cloudwatch-logs:PutResourcePolicy", { policyName: `p-${number}`, policyDocument: letsDnsIn }
      );
      await make("cloudwatch-logs:CreateLogAnomalyDetector", {
        logGroupArnList: [`arn:aws:logs:us-east-1:${account}:log-group:group-${number}`],
      });
      await make(
        "cloudwatch-logs:StartQuery", { logGroupName: "group-2", queryString: "fields a", ...aroundNow }
      );
      const { taskId } = await make("cloudwatch-logs:CreateExportTask", {
        logGroupName: "group-2", from: now, to: now + 1, destination: "log-exports",
      });
      await make("cloudwatch-logs:CancelExportTask", { taskId });
    }
    await fillVended(make);
    for (const filterName of ["one", "two"]) {
      await make("cloudwatch-logs:PutSubscriptionFilter", {
        logGroupName: "group-1", filterName, filterPattern: "no such word",
        destinationArn: streamArn, roleArn,
      });
    }
  },
  inputs: {
    DescribeConfigurationTemplates: {},
    DescribeDeliveries: {},
    DescribeDeliveryDestinations: {},
    DescribeDeliverySources: {},
    DescribeDestinations: {},
    DescribeExportTasks: {},
    DescribeLogGroups: {},
    DescribeLogStreams: { logGroupName: "group-1" },
    DescribeMetricFilters: {},
    DescribeQueries: {},
    DescribeResourcePolicies: {},
    DescribeSubscriptionFilters: { logGroupName: "group-1" },
    FilterLogEvents: { logGroupName: "group-1" },
    GetScheduledQueryHistory: {
      identifier: "scheduled-1", startTime: epochSeconds, endTime: epochSeconds + 60,
    },
    ListAnomalies: {},
    ListLogAnomalyDetectors: {},
    ListScheduledQueries: {},
    ListLogGroupsForQuery: async (make) => {
      const { queryId } = await make("cloudwatch-logs:StartQuery", {
        logGroupNames: numbers.map((number) => `group-${number}`), queryString: "fields a", ...aroundNow,
      });
      return { queryId };
    },
  },
  // The smallest page holds as many groups as a query may have.
  single: ["GetScheduledQueryHistory", "ListAnomalies", "ListLogGroupsForQuery"],
};
