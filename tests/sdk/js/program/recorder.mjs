// Records what the SDK under test really sends and receives, by behaviour.
//
// Every SDK calls the global fetch; wrapping it changes nothing of what it sends.
// Behaviours run side by side, so the running one is found through async storage.

import { AsyncLocalStorage } from "node:async_hooks";

const running = new AsyncLocalStorage();
const send = globalThis.fetch;

/** Run `work` so that its HTTP exchanges are appended to `exchanges`. */
export function recording(exchanges, work) {
  return running.run(exchanges, work);
}

/** Fetch without recording: for what the test itself looks up. */
export const unrecorded = send;

async function bodyOf(input, init) {
  if (input instanceof Request) return await input.clone().text();
  return typeof init?.body === "string" ? init.body : "";
}

globalThis.fetch = async (input, init) => {
  const exchanges = running.getStore();
  if (exchanges === undefined) return await send(input, init);
  const request = input instanceof Request ? input : new Request(input, init);
  const exchange = {
    method: request.method,
    url: new URL(request.url),
    headers: Object.fromEntries(request.headers),
    body: await bodyOf(input, init),
  };
  exchanges.push(exchange);
  const response = await send(input, init);
  exchange.status = response.status;
  exchange.responseHeaders = Object.fromEntries(response.headers);
  return response;
};
