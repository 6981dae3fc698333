/** What large objects are compared with: a bare `node:http` server of files. Arguments: port, folder. */

import { createReadStream, createWriteStream } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

const [port = "0", folder = "."] = process.argv.slice(2);
const file = join(folder, "object");

createServer((request, response) => {
  const done =
    request.method === "PUT"
      ? pipeline(request, createWriteStream(file)).then(() => response.end())
      : pipeline(createReadStream(file), response);
  done.catch(() => response.destroy());
}).listen(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"));
