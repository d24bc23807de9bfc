// Uses the service as a JavaScript program would, with stubs made from the protos, and
// prints what it saw as one JSON object.
//
// Arguments: the server's address, a key, and the folders to look for protos in.

import { credentials, loadPackageDefinition, Metadata } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const [address, key, ...includeDirs] = process.argv.slice(2);
const DEADLINE_MILLISECONDS = 30_000;

const options = { includeDirs, keepCase: true, enums: String, longs: Number, oneofs: true };
const definition = loadSync(
  [
    "openinteractions/v1/interaction_service.proto",
    "google/rpc/status.proto",
    "google/rpc/error_details.proto",
  ],
  options,
);
const { InteractionService } = loadPackageDefinition(definition).openinteractions.v1;
const client = new InteractionService(address, credentials.createInsecure());

const metadata = new Metadata();
metadata.set("x-goog-api-key", key);
metadata.set("x-request-id", "from-node");

const decode = (type, bytes) => definition[type].deserialize(bytes);

const failed = (error) => {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const status = decode("google.rpc.Status", bytes);
  const details = status.details.map(({ type_url, value }) =>
    decode(type_url.split("/").pop(), value),
  );
  const [requestId] = error.metadata.get("x-request-id");
  return { code: error.code, message: error.details, details, requestId };
};

const unary = (method, request) =>
  new Promise((resolve) => {
    const deadline = Date.now() + DEADLINE_MILLISECONDS;
    client[method](request, metadata, { deadline }, (error, response) =>
      resolve(error ? failed(error) : response),
    );
  });

const stream = async (method, request) => {
  const deadline = Date.now() + DEADLINE_MILLISECONDS;
  const events = [];
  try {
    for await (const event of client[method](request, metadata, { deadline })) {
      events.push(event);
    }
  } catch (error) {
    return failed(error);
  }
  return events;
};

const ask = { model: "m", input: { text: "hi" } };
const created = await unary("CreateInteraction", ask);
const events = await stream("StreamCreateInteraction", ask);
const streamed = events[0].created.interaction.id;
const seen = {
  created,
  events,
  replay: await stream("StreamInteraction", {
    id: streamed,
    last_event_id: events[2].event_id,
  }),
  fetched: await unary("GetInteraction", { id: created.id }),
  listed: await unary("ListInteractions", {}),
  deleted: await unary("DeleteInteraction", { id: created.id }),
  gone: await unary("GetInteraction", { id: created.id }),
  refused: await stream("StreamCreateInteraction", { ...ask, cached_content: "x" }),
};
client.close();
console.log(JSON.stringify(seen));
