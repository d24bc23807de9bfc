// Structured output in both request forms (contract 5.5 and 9).

import assert from "node:assert/strict";

import { asked, calls, collect, text } from "../accessors.mjs";

const schema = {
  type: "object",
  properties: {
    zebra: { type: "string" },
    apple: { type: "array", items: { type: "string" } },
    minutes: { type: "integer" },
  },
  required: ["zebra", "apple"],
};

const typed = { type: "text", mime_type: "application/json", schema };

function satisfies(document) {
  const { zebra, apple, minutes } = JSON.parse(document);
  assert.equal(typeof zebra, "string");
  assert.ok(Array.isArray(apple) && apple.every((item) => typeof item === "string"));
  assert.ok(Number.isInteger(minutes));
}

async function answered(t, response_format, more = {}) {
  const reply = await t.create({
    model: "json",
    input: "Hi",
    response_format,
    ...more,
  });
  assert.equal(reply.status, "completed");
  satisfies(text(reply));
}

/** The schema as the model got it. */
async function forwarded(t, response_format) {
  const reply = await t.create({ model: "echo", input: "Hi", response_format });
  return asked(reply).response_format.json_schema.schema;
}

export const formats = {
  "a typed format with a schema gives a document": async (t) => {
    await answered(t, typed);
  },

  "a list with one format gives a document": async (t) => {
    await answered(t, [typed]);
  },

  "a bare schema gives a document": async (t) => {
    await answered(t, schema, { response_mime_type: "application/json" });
  },

  "the schema reaches the model as it was sent": async (t) => {
    for (const format of [typed, schema]) {
      const got = await forwarded(t, format);
      assert.equal(JSON.stringify(got), JSON.stringify(schema), "the order of members");
    }
  },

  "a document streams as text": async (t) => {
    const params = { model: "json", input: "Hi", response_format: typed, stream: true };
    satisfies((await collect(await t.create(params))).text);
  },

  "a format is of its own turn": async (t) => {
    const params = { model: "json", input: "Hi", response_format: typed };
    const { id } = await t.create(params);
    const more = { model: "echo", input: "Hi", previous_interaction_id: id };
    assert.equal(asked(await t.create(more)).response_format, undefined);
  },

  "a format goes together with functions": async (t) => {
    const parameters = { type: "object", properties: { city: { type: "string" } } };
    const tools = [{ type: "function", name: "look", parameters }];
    const common = { model: "call-json", tools, response_format: typed };
    const first = await t.create({ ...common, input: "Hi" });
    assert.equal(first.status, "requires_action");
    const [call] = calls(first);
    const reply = await t.create({
      ...common,
      previous_interaction_id: first.id,
      input: [{ type: "function_result", call_id: call.id, result: "sunny" }],
    });
    satisfies(text(reply));
  },
};
