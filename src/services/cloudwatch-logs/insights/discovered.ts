/**
 * Fields that are found in an event by what kind of log it is of.
 *
 * @evidence CloudWatch Logs User Guide, "Supported logs and discovered fields"
 */

export type Members = Readonly<Record<string, unknown>>;

export const noMembers: Members = Object.freeze({});

/** The members of the JSON object that an event is, or holds; or the fields of a line of a known form. */
export function membersOf(message: string): Members {
  const begin = message.indexOf("{");
  if (begin === -1) return lineMembers(message);
  const end = message.lastIndexOf("}");
  try {
    const value: unknown = JSON.parse(message.slice(begin, end + 1));
    return typeof value === "object" && value !== null ? (value as Members) : noMembers;
  } catch {
    return noMembers;
  }
}

interface LineForm {
  readonly form: RegExp;
  readonly names: readonly string[];
}

/** Fields between spaces: the form of the line says what each is. */
const lineForms: readonly LineForm[] = [
  {
    // @evidence VPC User Guide, "Flow log records", the default format
    form: /^\d+ (?:\d{12}|unknown) eni-\S+(?: \S+){9} (?:ACCEPT|REJECT|-) (?:OK|NODATA|SKIPDATA)$/,
    names: ["version", "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol",
      "packets", "bytes", "startTime", "endTime", "action", "logStatus"],
  },
  {
    // @evidence Route 53 Developer Guide, "Values that appear in DNS query logs"
    form: /^\d+\.\d+ \d{4}-\d\d-\d\dT\S+Z Z[A-Z0-9]+ \S+ [A-Z0-9]+ [A-Z]+ (?:UDP|TCP) \S+ \S+ \S+$/,
    names: ["version", "queryTimestamp", "hostZoneId", "queryName", "queryType", "responseCode", "protocol",
      "edgeLocation", "resolverIp", "ednsClientSubnet"],
  },
];

function lineMembers(message: string): Members {
  // Both begin with a version; most lines are told by that alone.
  if (!/^\d/.test(message)) return noMembers;
  const line = message.trimEnd();
  const names = lineForms.find(({ form }) => form.test(line))?.names;
  if (!names) return noMembers;
  const values = line.split(" ");
  return Object.fromEntries(names.flatMap((name, index) => {
    const value = values[index];
    return value === undefined || value === "-" ? [] : [[name, value]];
  }));
}

const megabyte = 1_000_000;
const reportForm = new RegExp(
  "^REPORT RequestId: (\\S+)\\s+Duration: ([\\d.]+) ms\\s+Billed Duration: ([\\d.]+) ms\\s+" +
    "Memory Size: (\\d+) MB\\s+Max Memory Used: (\\d+) MB(?:\\s+Init Duration: ([\\d.]+) ms)?",
);
const traceForm = /\bXRAY TraceId: (\S+)\s+SegmentId: (\S+)/;
const lambdaForm = /^(START|END|REPORT|[\d-]+T[\d:.]+Z?)\s+(?:RequestId: )?([0-9a-f-]{36})?/;

/** Of the lines that functions, and Lambda for them, write as text. */
export function lambdaMembers(message: string): Members {
  const [, type, requestId] = lambdaForm.exec(message) ?? [];
  if (type === undefined) return noMembers;
  const kind = /^\d/.test(type) ? undefined : type;
  const report = kind === "REPORT" ? reportForm.exec(message) : undefined;
  const trace = report ? traceForm.exec(message) : undefined;
  return {
    ...(requestId !== undefined && { "@requestId": requestId }),
    ...(kind !== undefined && { "@type": kind }),
    ...(report && {
      "@duration": Number(report[2]),
      "@billedDuration": Number(report[3]),
      "@memorySize": Number(report[4]) * megabyte,
      "@maxMemoryUsed": Number(report[5]) * megabyte,
      ...(report[6] !== undefined && { "@initDuration": Number(report[6]) }),
    }),
    ...(trace && { "@xrayTraceId": trace[1], "@xraySegmentId": trace[2] }),
  };
}
