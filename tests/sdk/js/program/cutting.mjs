// A proxy that loses the first piece of every upload half-way.
//
// The server gets half of it and then nothing; the client gets an answer that says
// nothing of the upload, as after a failure of something between the two. Whatever else
// comes is passed on.

import { once } from "node:events";
import http from "node:http";

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Send half of the body, and close the connection when it is out. */
async function lose(options, body) {
  const request = http.request(options);
  request.on("error", () => {});
  const half = body.subarray(0, body.length >> 1);
  await new Promise((resolve) => request.write(half, resolve));
  request.destroy();
}

async function pass(options, body, reply) {
  const request = http.request(options);
  request.end(body);
  const [response] = await once(request, "response");
  const found = await read(response);
  const headers = { ...response.headers, "content-length": String(found.length) };
  delete headers["transfer-encoding"];
  reply.writeHead(response.statusCode, headers).end(found);
}

/** Run the proxy in front of a server while `work` runs with the proxy's URL. */
export async function cutting(server, work) {
  const { hostname, port } = new URL(server);
  let lost = 0;
  const proxy = http.createServer(async (request, reply) => {
    const body = await read(request);
    const { method, url, headers } = request;
    const length = { "content-length": String(body.length) };
    const options = {
      hostname,
      port,
      method,
      path: url,
      headers: { ...headers, ...length },
      agent: false,
    };
    delete options.headers["transfer-encoding"];
    if (!lost && /upload/.test(headers["x-goog-upload-command"] ?? "")) {
      lost = body.length >> 1;
      await lose(options, body);
      reply.writeHead(200, { "content-type": "application/json" }).end("{}");
    } else {
      await pass(options, body, reply);
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  try {
    await work(`http://127.0.0.1:${proxy.address().port}`);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
  if (!lost) throw new Error("nothing was lost");
}
