/** Amazon Data Firehose. */

import * as firehose from "../../generated/firehose.ts";
import { service } from "../../kernel/service.ts";
import * as buffering from "./buffering.ts";
import * as deliveryStreams from "./delivery-streams.ts";
import * as kinesisSource from "./kinesis-source.ts";
import * as putting from "./putting.ts";
import * as streamEncryption from "./stream-encryption.ts";
import * as tags from "./tags.ts";
import * as updates from "./updates.ts";

export default service(firehose.service, {
  nouns: [deliveryStreams, streamEncryption, updates, putting, tags, buffering, kinesisSource],
  tagging: tags.tagging,
});
