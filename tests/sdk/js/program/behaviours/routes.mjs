// Paths, base URLs and headers that this SDK can be given (contract 1.1, 1.3, 1.4).

import assert from "node:assert/strict";

import { text } from "../accessors.mjs";
import { place } from "../context.mjs";

const HI = { model: "hello", input: "Hi" };

async function answers(t, options) {
  const { interactions } = t.client(options);
  const reply = await interactions.create(HI);
  assert.equal(text(reply), "Hello.");
  const got = await interactions.get(reply.id);
  assert.equal(text(got), "Hello.");
  await interactions.delete(reply.id);
  assert.equal(t.last.status, 200);
  return t.exchanges[0];
}

const versions = ["v1", "v1beta", "v1alpha", "v1beta1"].map((apiVersion) => [
  `the prefix ${apiVersion} is served`,
  async (t) => {
    const { url } = await answers(t, { apiVersion });
    assert.equal(url.pathname, `/${apiVersion}/interactions`);
  },
]);

export const routes = {
  ...Object.fromEntries(versions),

  "the default prefix of this SDK is served": async (t) => {
    const { url } = await answers(t, {});
    const prefix = t.major >= 3 ? "v1" : "v1beta";
    assert.equal(url.pathname, `/${prefix}/interactions`);
  },

  "a base URL that carries a version is served": async (t) => {
    await answers(t, { baseUrl: `${place.server}/v1beta` });
  },

  "a base URL with a path is served": async (t) => {
    await answers(t, { baseUrl: `${place.server}/some/where` });
  },

  "a base URL that ends in a slash is served": async (t) => {
    await answers(t, { baseUrl: `${place.server}/` });
  },

  "the client is known by the headers that it sends": async (t) => {
    const { headers } = await answers(t, {});
    const sent = `${headers["x-goog-api-client"]} ${headers["user-agent"]}`;
    assert.ok(sent.includes(`google-genai-sdk/${t.version}`), sent);
    const revision = t.major === 2 && !t.gaos ? "2026-05-20" : undefined;
    assert.equal(headers["api-revision"], revision);
    if (t.major >= 3) assert.equal(headers.cookie, "");
  },

  "a revision that the user names decides": async (t) => {
    const headers = { "Api-Revision": "2026-05-07" };
    const { interactions } = t.client({ headers });
    const reply = await interactions.create(HI);
    const sent = t.last.headers["api-revision"];
    assert.equal(sent, "2026-05-07");
    assert.equal(reply.outputs[0].text, "Hello.");
  },
};
