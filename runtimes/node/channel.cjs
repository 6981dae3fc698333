// The runtime's own way to the Runtime API: two descriptors that it was started with. Where nothing but the next event
// is waited for, one system call waits for it, and the event loop rests, as it does on Lambda between invocations.
// Whatever else the function has begun goes on: then another thread waits.
"use strict";

const { fstatSync, read, readSync, write, writeSync } = require("node:fs");

const pieceBytes = 65_536;
/** After so long a wait the event loop has its turn before the event does: connections may have been closed. */
const longMilliseconds = 20;

class Channel {
  /** @param take hears of what has come, which is overwritten by what comes next; says whether more is awaited */
  constructor(source, sink, take) {
    this.source = source;
    this.sink = sink;
    this.take = take;
    this.piece = Buffer.allocUnsafeSlow(pieceBytes);
    this.isReading = false;
    this.readNow = () => this.read();
    this.unwritten = [];
  }

  /** Nothing is read while the function runs: its event loop ends when it has nothing to do. */
  hold() {}

  release() {}

  write(text) {
    if (this.unwritten.length > 0) return this.writeSlowly(Buffer.from(text));
    try {
      const written = writeSync(this.sink, text);
      // What is short is never written in part.
      if (written >= pieceBytes) this.writeRest(Buffer.from(text), written);
    } catch {
      gone();
    }
  }

  writeRest(bytes, from) {
    for (let at = from; at < bytes.length;) at += writeSync(this.sink, bytes, at);
  }

  /** While the function goes on, however long it takes until somebody reads. */
  writeSlowly(bytes, done) {
    this.unwritten.push({ bytes, done });
    if (this.unwritten.length === 1) this.writeNext();
  }

  writeNext() {
    const { bytes, done } = this.unwritten[0];
    write(this.sink, bytes, 0, bytes.length, null, (error, count) => {
      if (error) gone();
      if (count < bytes.length) this.unwritten[0] = { bytes: bytes.subarray(count), done };
      else this.unwritten.shift();
      if (this.unwritten.length > 0) this.writeNext();
      if (count === bytes.length) done?.();
    });
  }

  /** What was asked is to be answered. What is under way in this turn of the event loop comes first. */
  expect() {
    if (this.isReading) return;
    this.isReading = true;
    setImmediate(this.readNow);
  }

  read() {
    if (!isQuiet()) {
      read(this.source, this.piece, 0, pieceBytes, null, (_error, count) => this.got(count));
      return;
    }
    const began = Date.now();
    let count = 0;
    try {
      count = readSync(this.source, this.piece, 0, pieceBytes, null);
    } catch {
      gone();
    }
    if (Date.now() - began < longMilliseconds) this.got(count);
    else setImmediate(() => this.got(count));
  }

  got(count) {
    if (!(count > 0)) gone();
    this.isReading = false;
    if (this.take(this.piece, count)) this.expect();
  }
}

/** Without its Runtime API there is nothing left to do. */
function gone() {
  process.exit(1);
}

/** A debugger is answered by the event loop. */
const isDebugged = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((text) => text.includes("--inspect"));

/** Nothing keeps the event loop alive but standard output and error, which are written at once. */
function isQuiet() {
  if (isDebugged) return false;
  const active = process.getActiveResourcesInfo();
  if (active.length === 0) return true;
  if (active.some((name) => name !== "PipeWrap")) return false;
  return process._getActiveHandles().every(({ fd }) => fd === 1 || fd === 2);
}

/**
 * @param text the address that it stands for, and two descriptors
 * @returns undefined where it leads elsewhere than the address, or has not come through what has started this process
 */
function openChannel(address, text = "", take) {
  const [meant, source, sink] = text.split(" ");
  if (meant !== address) return undefined;
  try {
    const isThere = [source, sink].every((descriptor) => fstatSync(Number(descriptor)).isSocket());
    return isThere ? new Channel(Number(source), Number(sink), take) : undefined;
  } catch {
    return undefined;
  }
}

module.exports = { openChannel };
