// The console as Lambda has it: each call is one event of the log, with its time, request and level.
"use strict";

const { writeSync } = require("node:fs");
const { format } = require("node:util");

const levels = {
  TRACE: { name: "TRACE", priority: 1, mask: 0b00100 },
  DEBUG: { name: "DEBUG", priority: 2, mask: 0b01000 },
  INFO: { name: "INFO", priority: 3, mask: 0b01100 },
  WARN: { name: "WARN", priority: 4, mask: 0b10000 },
  ERROR: { name: "ERROR", priority: 5, mask: 0b10100 },
  FATAL: { name: "FATAL", priority: 6, mask: 0b11000 },
};
const frameType = 0xa55a0003;

/** Of the request at hand. */
const current = { requestId: undefined, tenantId: undefined };

/** @param file descriptor that takes framed messages; without it they go to standard output */
function patchConsole(file, formatName, levelName) {
  const isJson = formatName === "JSON";
  const least = isJson ? (levels[levelName]?.priority ?? 0) : 0;
  const write = (level, values) => {
    const time = new Date();
    const text = isJson ? jsonLine(time, level, values) : textLine(time, level, values);
    emit(file, level, time, text);
  };
  const at = (level) => (level.priority < least ? () => undefined : (...values) => write(level, values));
  Object.assign(console, {
    trace: at(levels.TRACE),
    debug: at(levels.DEBUG),
    info: at(levels.INFO),
    warn: at(levels.WARN),
    error: at(levels.ERROR),
    log: at(levels.INFO),
    fatal: at(levels.FATAL),
  });
}

function textLine(time, level, values) {
  return `${time.toISOString()}\t${current.requestId}\t${level.name}\t${format(...values)}`;
}

function jsonLine(time, level, values) {
  const line = { timestamp: time.toISOString(), level: level.name, requestId: current.requestId };
  if (current.tenantId !== undefined) line.tenantId = current.tenantId;
  line.message = values.length === 1 ? values[0] : format(...values);
  const error = values.find((value) => value instanceof Error);
  if (error !== undefined) {
    if (values.length === 1) line.message = error.message;
    line.errorType = error.name;
    line.errorMessage = error.message;
    line.stackTrace =
      typeof error.stack === "string"
        ? error.stack
            .split("\n")
            .slice(1)
            .map((s) => s.trim())
        : [];
  }
  const seen = new Set();
  try {
    return JSON.stringify(line, (_key, value) => {
      if (typeof value === "bigint") return value.toString();
      if (typeof value !== "object" || value === null) return value;
      if (seen.has(value)) return "[Circular]";
      seen.add(value);
      return value;
    });
  } catch {
    return JSON.stringify({ ...line, message: format(...values) });
  }
}

function emit(file, level, time, text) {
  if (file === undefined) {
    writeAll(1, Buffer.from(`${text.replace(/\n/g, "\r")}\n`));
    return;
  }
  const message = Buffer.from(text);
  const frame = Buffer.allocUnsafe(16 + message.length);
  frame.writeUInt32BE((frameType | level.mask) >>> 0, 0);
  frame.writeUInt32BE(message.length, 4);
  frame.writeBigUInt64BE(BigInt(time.getTime()) * 1000n, 8);
  message.copy(frame, 16);
  writeAll(file, frame);
}

/** A pipe that is full makes the function wait, as Lambda's does. */
function writeAll(file, bytes) {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(file, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

module.exports = { patchConsole, current };
