// Bad input, and what is not supported yet: one attempt, the member is named.

import assert from "node:assert/strict";

import { place } from "../context.mjs";
import { notSupported, refused } from "../expectations.mjs";

const HI = { model: "hello", input: "Hi" };

/** Assert that a create with these members is a 400 that names the path. */
async function bad(t, params, names) {
  await refused(t, () => t.create({ ...HI, ...params }), {
    status: 400,
    code: "invalid_request",
    kind: "BadRequestError",
    names,
  });
}

const unsupportedTools = [
  "google_search",
  "code_execution",
  "url_context",
  "file_search",
  "google_maps",
  "computer_use",
  "mcp_server",
  "retrieval",
];

const serverSide = unsupportedTools.map((type) => [
  `the ${type} tool is not supported yet`,
  (t) => notSupported(t, { tools: [{ type }] }, "tools"),
]);

export const refusals = {
  ...Object.fromEntries(serverSide),

  "background work without storing is refused": async (t) => {
    await bad(t, { background: true, store: false }, ["background"]);
  },

  "the deferred tier is for background work": async (t) => {
    await bad(t, { service_tier: "deferred" }, ["service_tier"]);
  },

  "agents are not supported yet": async (t) => {
    const agent = "deep-research-pro-preview-12-2025";
    await notSupported(t, { model: undefined, agent }, "agent");
  },

  "an agent's configuration with a number of 64 bits is read": async (t) => {
    const agent_config = { type: "antigravity", max_total_tokens: 1000 };
    const agent = "antigravity-preview-05-2026";
    await notSupported(t, { model: undefined, agent, agent_config }, "agent");
  },

  "environments are not supported yet": async (t) => {
    await notSupported(t, { environment: "remote" }, "environment");
  },

  "webhooks are not supported yet": async (t) => {
    const webhook_config = { uris: ["https://example.com/hook"] };
    await bad(t, { webhook_config }, ["webhook_config"]);
  },

  "a continuation token is not supported": async (t) => {
    await bad(t, { continuation_token: "token" }, ["continuation_token"]);
  },

  "video output is refused": async (t) => {
    await bad(t, { response_modalities: ["VIDEO"] }, ["response_modalities[0]"]);
  },

  "text output may be asked for in any case": async (t) => {
    for (const response_modalities of [["text"], ["TEXT"]]) {
      const reply = await t.create({ ...HI, response_modalities });
      assert.equal(reply.status, "completed");
    }
  },

  "an unknown member is refused by its name": async (t) => {
    await bad(t, { tempratur: 1 }, ["tempratur"]);
  },

  "a wrong type is refused by its path": async (t) => {
    const generation_config = { temperature: "hot" };
    await bad(t, { generation_config }, ["generation_config.temperature"]);
  },

  "a step of an unknown type is refused by its path": async (t) => {
    await bad(t, { input: [{ type: "telepathy", content: "Hi" }] }, ["input[0]"]);
  },

  "an input that is a number is refused by its name": async (t) => {
    await bad(t, { input: 5 }, ["input"]);
  },

  "a missing input is refused by its name": async (t) => {
    await bad(t, { input: undefined }, ["input"]);
  },

  "a body over the limit is refused once": async (t) => {
    const [apiKey] = place.keys;
    const { interactions } = t.client({ baseUrl: place.keyed, apiKey });
    const input = "x".repeat(place.limited + 1);
    await refused(t, () => interactions.create({ ...HI, input }), {
      status: [400, 413],
    });
  },

  "both a model and an agent are refused": async (t) => {
    await bad(t, { agent: "deep-research-pro-preview-12-2025" }, ["agent"]);
  },

  "neither a model nor an agent is refused": async (t) => {
    await bad(t, { model: undefined }, ["model"]);
  },
};
