// What a unary reply says (contract 3 and 9: scope, ids, usage, incomplete).

import assert from "node:assert/strict";

import { steps, text } from "../accessors.mjs";

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

export const replies = {
  "a reply is a completed interaction": async (t) => {
    const reply = await t.create({ model: "hello", input: "Hi" });
    assert.equal(reply.status, "completed");
    assert.equal(reply.object, "interaction");
    assert.equal(reply.model, "hello");
    assert.equal(text(reply), "Hello.");
  },

  "a reply is JSON with status 200": async (t) => {
    await t.create({ model: "hello", input: "Hi" });
    assert.equal(t.last.status, 200);
    assert.match(t.last.responseHeaders["content-type"], /^application\/json/);
    assert.ok(t.last.responseHeaders["x-request-id"]);
  },

  "the text is where this generation looks for it": async (t) => {
    const reply = await t.create({ model: "hello", input: "Hi" });
    if (t.legacy) {
      assert.equal(reply.outputs.at(-1).text, "Hello.");
      assert.equal(reply.role, "model");
      assert.equal(reply.steps, undefined);
    } else {
      assert.equal(reply.output_text, "Hello.");
      assert.equal(reply.outputs, undefined);
    }
  },

  "a reply has only the steps that it generated": async (t) => {
    const first = await t.create({ model: "hello", input: "Hi" });
    const reply = await t.create({
      model: "hello",
      input: "Again",
      previous_interaction_id: first.id,
    });
    assert.deepEqual(
      steps(reply).map(({ type }) => type),
      ["model_output"],
    );
    assert.equal(reply.previous_interaction_id, first.id);
  },

  "times are in UTC": async (t) => {
    const reply = await t.create({ model: "hello", input: "Hi" });
    assert.match(reply.created, MOMENT);
    assert.match(reply.updated, MOMENT);
    assert.ok(Date.parse(reply.created) <= Date.parse(reply.updated));
  },

  "each turn has an id of its own that fits into a path": async (t) => {
    const first = await t.create({ model: "hello", input: "Hi" });
    const previous_interaction_id = first.id;
    const params = { model: "hello", input: "Hi", previous_interaction_id };
    const second = await t.create(params);
    assert.notEqual(first.id, second.id);
    for (const { id } of [first, second]) assert.match(id, /^v\d_[\w-]+$/);
  },

  "usage counts every kind of token": async (t) => {
    const { usage } = await t.create({ model: "usage", input: "Hi" });
    assert.equal(usage.total_input_tokens, 100);
    assert.equal(usage.total_output_tokens, 30);
    assert.equal(usage.total_thought_tokens, 20);
    assert.equal(usage.total_cached_tokens, 40);
    assert.equal(usage.total_tokens, 150);
    if (t.legacy) assert.equal(usage.total_reasoning_tokens, 20);
  },

  "usage is told by modality": async (t) => {
    const { usage } = await t.create({ model: "usage", input: "Hi" });
    const tokens = (list) => list.map(({ modality, tokens }) => [modality, tokens]);
    assert.deepEqual(tokens(usage.input_tokens_by_modality), [["text", 100]]);
    assert.deepEqual(tokens(usage.output_tokens_by_modality), [["text", 30]]);
  },

  "a model that reports no usage is no error": async (t) => {
    const reply = await t.create({ model: "no-usage", input: "Hi" });
    assert.equal(text(reply), "Free.");
  },

  "an answer cut by the token limit is incomplete": async (t) => {
    const generation_config = { max_output_tokens: 2 };
    const reply = await t.create({ model: "length", input: "Hi", generation_config });
    assert.equal(reply.status, "incomplete");
    assert.equal(text(reply), "Cut sho");
  },

  "an empty answer is completed": async (t) => {
    const reply = await t.create({ model: "empty", input: "Hi" });
    assert.equal(reply.status, "completed");
    assert.equal(text(reply), "");
  },

  "a system instruction is of its own turn": async (t) => {
    const system_instruction = "Be brief.";
    const first = await t.create({ model: "hello", input: "Hi", system_instruction });
    const reply = await t.create({
      model: "echo",
      input: "Again",
      previous_interaction_id: first.id,
    });
    const { messages } = JSON.parse(text(reply));
    assert.deepEqual(
      messages.map(({ role }) => role),
      ["user", "assistant", "user"],
    );
  },
};
