// Every form of input that this SDK sends (contract 2.3), as the model sees it.

import assert from "node:assert/strict";

import { asked, messages } from "../accessors.mjs";

const text = (words) => ({ type: "text", text: words });

async function seenBy(t, input, more = {}) {
  return messages(await t.create({ model: "echo", input, ...more }));
}

export const inputs = {
  "a string is one user message": async (t) => {
    assert.deepEqual(await seenBy(t, "Hi"), [["user", "Hi"]]);
  },

  "one content object is one user message": async (t) => {
    assert.deepEqual(await seenBy(t, text("Hi")), [["user", "Hi"]]);
  },

  "a list of contents is one user message": async (t) => {
    const seen = await seenBy(t, [text("Hi"), text("there")]);
    assert.deepEqual(
      seen.map(([role]) => role),
      ["user"],
    );
    assert.match(seen[0][1], /^Hi\s*there$/);
    assert.ok(Array.isArray(JSON.parse(t.last.body).input), "the SDK sends it raw");
  },

  "a list of steps keeps its roles": async (t) => {
    const seen = await seenBy(t, [
      { type: "user_input", content: [text("One")] },
      { type: "model_output", content: [text("Two")] },
      { type: "user_input", content: [text("Three")] },
    ]);
    assert.deepEqual(seen, [
      ["user", "One"],
      ["assistant", "Two"],
      ["user", "Three"],
    ]);
  },

  "a list of turns keeps its roles": async (t) => {
    const seen = await seenBy(t, [
      { role: "user", content: "One" },
      { role: "model", content: [text("Two")] },
      { role: "user", content: text("Three") },
    ]);
    assert.deepEqual(seen, [
      ["user", "One"],
      ["assistant", "Two"],
      ["user", "Three"],
    ]);
  },

  "a list that mixes steps and contents is read in order": async (t) => {
    const seen = await seenBy(t, [
      { type: "user_input", content: [text("One")] },
      { type: "model_output", content: [text("Two")] },
      text("Three"),
    ]);
    assert.deepEqual(seen, [
      ["user", "One"],
      ["assistant", "Two"],
      ["user", "Three"],
    ]);
  },

  "the content of a step may be a string": async (t) => {
    const seen = await seenBy(t, [{ type: "user_input", content: "Hi" }]);
    assert.deepEqual(seen, [["user", "Hi"]]);
  },

  "the content of a step may be one object": async (t) => {
    const seen = await seenBy(t, [{ type: "user_input", content: text("Hi") }]);
    assert.deepEqual(seen, [["user", "Hi"]]);
  },

  "null members are absent": async (t) => {
    const nothing = { tools: null, generation_config: null, system_instruction: null };
    const seen = await seenBy(t, "Hi", { previous_interaction_id: null, ...nothing });
    assert.deepEqual(seen, [["user", "Hi"]]);
    assert.match(t.last.body, /"previous_interaction_id":null/, "the SDK sends null");
  },

  "nulls inside a step that is sent again are absent": async (t) => {
    const content = { ...text("One"), annotations: null };
    const seen = await seenBy(t, [
      { type: "user_input", content: [content] },
      { type: "thought", signature: null, summary: null },
      { type: "model_output", content: [content], error: null },
      { type: "user_input", content: [text("Two")] },
    ]);
    assert.deepEqual(seen, [
      ["user", "One"],
      ["assistant", "One"],
      ["user", "Two"],
    ]);
  },

  "a variant wrapped as UNKNOWN is unwrapped": async (t) => {
    const raw = { type: "user_input", content: "Hi" };
    const seen = await seenBy(t, [{ type: "UNKNOWN", raw, is_unknown: true }]);
    assert.deepEqual(seen, [["user", "Hi"]]);
  },

  "text outside ASCII reaches the model and comes back": async (t) => {
    const words = "Zürich 東京 😀 a\u2028b\u0085c";
    const reply = await t.create({ model: "echo", input: words });
    assert.deepEqual(messages(reply), [["user", words]]);
  },

  "the system instruction comes first": async (t) => {
    const seen = await seenBy(t, "Hi", { system_instruction: "Be brief." });
    assert.deepEqual(seen, [
      ["system", "Be brief."],
      ["user", "Hi"],
    ]);
  },

  "the generation config reaches the model": async (t) => {
    const reply = await t.create({
      model: "echo",
      input: "Hi",
      generation_config: {
        temperature: 0,
        top_p: 0.5,
        seed: 7,
        max_output_tokens: 500,
        stop_sequences: ["END", "STOP"],
      },
    });
    const { temperature, top_p, seed, stop, ...request } = asked(reply);
    const limit = request.max_completion_tokens ?? request.max_tokens;
    assert.deepEqual(
      { temperature, top_p, seed, stop, limit },
      { temperature: 0, top_p: 0.5, seed: 7, stop: ["END", "STOP"], limit: 500 },
    );
  },

  "a hint is followed or named as ignored": async (t) => {
    const generation_config = { thinking_level: "low" };
    const reply = await t.create({ model: "echo", input: "Hi", generation_config });
    const ignored = t.last.responseHeaders["x-openinteractions-ignored"] ?? "";
    const followed = asked(reply).reasoning_effort === "low";
    assert.ok(followed !== ignored.includes("generation_config.thinking_level"));
  },

  "a member that only some models know is not dropped": async (t) => {
    const generation_config = { top_k: 40, presence_penalty: 0.5 };
    const reply = await t.create({ model: "echo", input: "Hi", generation_config });
    const { top_k, presence_penalty } = asked(reply);
    assert.deepEqual({ top_k, presence_penalty }, generation_config);
  },

  "labels and the service tier are taken": async (t) => {
    const seen = await seenBy(t, "Hi", {
      labels: { a: "b" },
      service_tier: "standard",
    });
    assert.deepEqual(seen, [["user", "Hi"]]);
  },

  "the stateful turn after a turn list sees all of it": async (t) => {
    const turns = [
      { role: "user", content: "One" },
      { role: "model", content: "Two" },
      { role: "user", content: "Three" },
    ];
    const first = await t.create({ model: "say:Four", input: turns });
    const seen = await seenBy(t, "Five", { previous_interaction_id: first.id });
    assert.deepEqual(
      seen.map(([, words]) => words),
      ["One", "Two", "Three", "Four", "Five"],
    );
  },
};
