/**
 * What SNS measures of its topics.
 *
 * @evidence SNS Developer Guide, "Metrics in Amazon SNS"
 */

import { meter, type MetricUnit } from "../../kernel/metrics.ts";

function ofTopic(name: string, unit: MetricUnit = "Count"): ReturnType<typeof meter> {
  return meter("AWS/SNS", name, unit, ["TopicName"]);
}

export const meters = {
  published: ofTopic("NumberOfMessagesPublished"),
  size: ofTopic("PublishSize", "Bytes"),
  delivered: ofTopic("NumberOfNotificationsDelivered"),
  failed: ofTopic("NumberOfNotificationsFailed"),
  filteredOut: ofTopic("NumberOfNotificationsFilteredOut"),
  filteredByAttributes: ofTopic("NumberOfNotificationsFilteredOut-MessageAttributes"),
  filteredWithoutAttributes: ofTopic("NumberOfNotificationsFilteredOut-NoMessageAttributes"),
  filteredByBody: ofTopic("NumberOfNotificationsFilteredOut-MessageBody"),
  redriven: ofTopic("NumberOfNotificationsRedrivenToDlq"),
  notRedriven: ofTopic("NumberOfNotificationsFailedToRedriveToDlq"),
} as const;
