/** What happened to alarms. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { AlarmHistoryItem, HistoryItemType } from "../../generated/cloudwatch.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { table } from "../../store/types.ts";
import { invalidNextToken } from "./errors.ts";
import { millisecondsPerDay } from "./metric-rows.ts";

/** A time series of an alarm that goes by several. */
export interface Contributor {
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface HistoryRow {
  readonly at: number;
  readonly order: number;
  readonly alarm: string;
  readonly isComposite: boolean;
  readonly type: HistoryItemType;
  readonly summary: string;
  /** JSON text. */
  readonly data: string;
  /** Whose it is, of an alarm on several time series. */
  readonly contributor?: Contributor;
}

const history = table<HistoryRow, "alarm">("cloudwatch.alarmHistory", {
  key: (row) => [row.at, row.order],
  indexes: { alarm: (row) => [row.alarm, row.at, row.order] },
});

/** @evidence CloudWatch User Guide, "Alarm history": kept for 30 days */
const keptMilliseconds = 30 * millisecondsPerDay;

export function remember(
  ctx: Context, alarm: { readonly name: string; readonly composite?: object }, type: HistoryItemType,
  summary: string,
  data: object,
  contributor?: Contributor,
): void {
  const at = ctx.clock.now();
  const rows = ctx.db(history);
  for (
    const old of rows.list({ before: [at - keptMilliseconds], limit: 2 })
  ) rows.delete([old.at, old.order]);
  rows.put({
    at, order: ctx.ids.sequence(), alarm: alarm.name, isComposite: alarm.composite !== undefined, type,
    summary,
    data: JSON.stringify(data),
    ...(contributor && { contributor }),
  });
}

function shown({ at, alarm, isComposite, type, summary, data, contributor }: HistoryRow): AlarmHistoryItem {
  return {
    AlarmName: alarm, AlarmType: isComposite ? "CompositeAlarm" : "MetricAlarm", Timestamp: at,
    HistoryItemType: type, HistorySummary: summary, HistoryData: data,
    ...(contributor && {
      AlarmContributorId: contributor.id, AlarmContributorAttributes: { ...contributor.attributes },
    }),
  };
}

/** What befell contributors is shown where they, or what befell them, are asked for. */
function isMeant({ type, contributor }: HistoryRow, { HistoryItemType: wanted, AlarmContributorId: id }:
  cloudwatch.DescribeAlarmHistoryInput): boolean {
  if (id !== undefined && contributor?.id !== id) return false;
  return wanted === undefined ? id !== undefined || !contributor : type === wanted;
}

/** @evidence CloudWatch API Reference, DescribeAlarmHistory: metric alarms alone unless asked otherwise */
export const DescribeAlarmHistory = operation(cloudwatch.DescribeAlarmHistory, {
  resource: (input, ctx) => (input.AlarmName === undefined ? "*" : ctx.arn(`alarm:${input.AlarmName}`)),

  run(input, ctx) {
    const now = ctx.clock.now();
    const { AlarmName: name, StartDate = 0, EndDate = Number.POSITIVE_INFINITY } = input;
    const types = input.AlarmTypes ?? ["MetricAlarm"];
    const { items, next } = page({
      rows: name === undefined ? ctx.db(history) : ctx.db(history).by("alarm"),
      range: {
        reverse: input.ScanBy !== "TimestampAscending", ...(name !== undefined && { prefix: [name] }),
      },
      key: (row) => (name === undefined ? [row.at, row.order] : [row.alarm, row.at, row.order]),
      keep: (row) => {
        const isKept = row.at >= now - keptMilliseconds && row.at >= StartDate && row.at <= EndDate;
        const isOfType = types.includes(row.isComposite ? "CompositeAlarm" : "MetricAlarm");
        return isKept && isOfType && isMeant(row, input);
      },
      limit: input.MaxRecords ?? 50,
      token: input.NextToken,
      scope: `cloudwatch:DescribeAlarmHistory ${name ?? ""}`,
      invalid: invalidNextToken,
    });
    return { AlarmHistoryItems: items.map(shown), NextToken: next };
  },
});
