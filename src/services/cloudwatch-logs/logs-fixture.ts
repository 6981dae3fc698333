/** A log group as tests use it: few words a call, over the real client. */

import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, FilterLogEventsCommand,
  GetLogEventsCommand, PutLogEventsCommand, type FilterLogEventsCommandInput, type GetLogEventsCommandInput,
  type GetLogEventsCommandOutput, type PutLogEventsCommandOutput,
} from "@aws-sdk/client-cloudwatch-logs";

/** When tests begin, as `test/region.ts` has it. */
const testEpoch = Date.UTC(2026, 0, 1);

/** A region, as far as clients are concerned. */
export interface ClientSource {
  client<Client>(construct: new (configuration: never) => Client): Client;
}

export interface LogsFixture {
  readonly logs: CloudWatchLogsClient;
  readonly group: string;
  stream(name: string): Promise<void>;
  /** Events of a millisecond each, or at the given times after the tests' epoch. */
  put(stream: string, ...events: (string | readonly [milliseconds: number, message: string])[]):
    Promise<PutLogEventsCommandOutput>;
  get(stream: string, more?: Partial<GetLogEventsCommandInput>): Promise<GetLogEventsCommandOutput>;
  messages(stream: string, more?: Partial<GetLogEventsCommandInput>): Promise<(string | undefined)[]>;
  /** Messages of all pages. */
  filter(
    filterPattern?: string, more?: Partial<FilterLogEventsCommandInput>
  ): Promise<(string | undefined)[]>;
}

export async function createGroup(
  region: ClientSource, group: string, logs = region.client(CloudWatchLogsClient),
): Promise<LogsFixture> {
  await logs.send(new CreateLogGroupCommand({ logGroupName: group }));
  const fixture: LogsFixture = {
    logs,
    group,
    stream: async (logStreamName) => {
      await logs.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName }));
    },
    put: (logStreamName, ...events) => logs.send(new PutLogEventsCommand({
      logGroupName: group,
      logStreamName,
      logEvents: events.map((event, index) => (typeof event === "string"
        ? { timestamp: testEpoch + index, message: event }
        : { timestamp: testEpoch + event[0], message: event[1] })),
    })),
    get: (logStreamName, more) =>
      logs.send(new GetLogEventsCommand({ logGroupName: group, logStreamName, ...more })),
    messages: async (stream, more) => ((await fixture.get(stream, more)).events ?? []).map(
      (each) => each.message
    ),
    filter: async (filterPattern, more) => {
      const found: (string | undefined)[] = [];
      for (let nextToken: string | undefined; ;) {
        const page = await logs.send(new FilterLogEventsCommand({
          logGroupName: group, filterPattern, ...more, ...(nextToken && { nextToken }),
        }));
        found.push(...(page.events ?? []).map(({ message }) => message));
        nextToken = page.nextToken;
        if (nextToken === undefined) return found;
      }
    },
  };
  return fixture;
}
