/**
 * What the kernel does for trails: it knows whose data events are wanted, and has CloudTrail deliver once
 * there is something to deliver. Where no trail logs, neither costs anything to speak of.
 */

import { jobRow, jobs } from "../jobs/rows.ts";
import type { CellName, Store } from "../store/types.ts";
import { loggingTrails } from "./event-listeners.ts";
import type { Ids } from "./ids.ts";
import type { ServiceModel } from "./model/model.ts";

export interface TrailDeliveriesHost {
  readonly store: Store;
  readonly ids: Ids;
  readonly scheduler: { expect(cell: CellName, at: number): void };
}

/** @evidence CloudTrail User Guide, "How CloudTrail works": about every 5 minutes */
export const deliveryMilliseconds = 5 * 60_000;
/** A job of each account's global cell. */
export const deliveryJob = "cloudtrail.deliver";
/** A job of each cell in which a trail is to be told of unusual activity. */
export const insightsJob = "cloudtrail.insights";

/** @evidence CloudTrail User Guide, "Data events": `resources.type` by service */
const dataTypes: Readonly<Record<string, string>> = {
  s3: "AWS::S3::Object",
  lambda: "AWS::Lambda::Function",
  dynamodb: "AWS::DynamoDB::Table",
  "dynamodb-streams": "AWS::DynamoDB::Stream",
  sqs: "AWS::SQS::Queue",
  sns: "AWS::SNS::Topic",
  kinesis: "AWS::Kinesis::Stream",
};

export class TrailDeliveries {
  readonly #host: TrailDeliveriesHost;
  /** By account: the types that its trails want. */
  #wanted = new Map<string, ReadonlySet<string>>();

  constructor(host: TrailDeliveriesHost) {
    this.#host = host;
  }

  /** To be called whenever trails may have changed, which is with a call that is recorded. */
  forget(): void {
    if (this.#wanted.size > 0) this.#wanted = new Map();
  }

  wantedData(account: string, { service }: ServiceModel): string | undefined {
    let wanted = this.#wanted.get(account);
    if (!wanted) this.#wanted.set(account, (wanted = this.#typesWantedIn(account)));
    const type = wanted.size > 0 ? dataTypes[service] : undefined;
    return type !== undefined && wanted.has(type) ? type : undefined;
  }

  /** There is something to deliver at the next full five minutes. @param at epoch milliseconds */
  expect(account: string, at: number): void {
    this.#expect(globalCell(account), deliveryJob, "account", at);
  }

  /** There is something to look at for Insights at the next full five minutes. */
  expectInsights(cell: CellName, at: number): void {
    this.#expect(cell, insightsJob, String(nextDelivery(at)), at);
  }

  #expect(cell: CellName, job: string, id: string, at: number): void {
    const { store, ids, scheduler } = this.#host;
    const due = nextDelivery(at);
    store.transact(cell, (transaction) => {
      const rows = transaction.rows(jobs);
      const known = rows.get([job, id]);
      // One that is under way has read already what there was.
      if (known && known.at > at) return;
      rows.put(jobRow(job, id, due, {}, ids.sequence()));
      scheduler.expect(cell, due);
    });
  }

  #typesWantedIn(account: string): ReadonlySet<string> {
    const types = new Set<string>();
    this.#host.store.read(globalCell(account), (transaction) => {
      for (const trail of transaction.rows(loggingTrails).list()) {
        for (const type of trail.dataTypes ?? []) types.add(type);
      }
    });
    return types;
  }
}

/** The next full five minutes. */
export function nextDelivery(at: number): number {
  return (Math.floor(at / deliveryMilliseconds) + 1) * deliveryMilliseconds;
}

function globalCell(account: string): CellName {
  return { account, region: "aws-global" };
}
