// A connection to the Runtime API, for a runtime that has no channel of its own.
"use strict";

const { connect } = require("node:net");

class Connection {
  /** @param take hears of what has come */
  constructor(address, take) {
    const colon = address.lastIndexOf(":");
    this.socket = connect({
      host: address.slice(0, colon),
      port: Number(address.slice(colon + 1)),
      noDelay: true,
    });
    this.socket.on("data", (bytes) => take(bytes, bytes.length));
    // Without its Runtime API there is nothing left to do.
    this.socket.on("error", () => process.exit(1));
    this.socket.on("close", () => process.exit(1));
  }

  /** The event loop may end while a function runs; not while the next event is waited for. */
  hold() {
    this.socket.ref();
  }

  release() {
    this.socket.unref();
  }

  write(text) {
    this.socket.write(text);
  }

  writeSlowly(bytes, done) {
    this.socket.write(bytes, done);
  }

  /** It hears of what comes, asked for or not. */
  expect() {}
}

module.exports = { Connection };
