// Stored interactions: continue, get, delete, and what is not stored (contract 9).

import assert from "node:assert/strict";

import { collect, kind, messages, steps, text } from "../accessors.mjs";
import { refused } from "../expectations.mjs";
import { place } from "../context.mjs";
import { unrecorded } from "../recorder.mjs";

const HI = { model: "hello", input: "Hi" };

async function after(t, id, more = {}) {
  const params = {
    model: "echo",
    input: "Again",
    previous_interaction_id: id,
    ...more,
  };
  return messages(await t.create(params));
}

const TALK = [
  ["user", "Hi"],
  ["assistant", "Hello."],
  ["user", "Again"],
];

/** Follow the interaction to its end, as a client does that lost its stream. */
async function ended(t, id) {
  await collect(await t.interactions.get(id, { stream: true }));
  return await t.interactions.get(id);
}

/** Start a paced stream and read it up to its first text. */
async function started(t, model) {
  const stream = await t.create({ model, input: "Hi", stream: true });
  const events = stream[Symbol.asyncIterator]();
  const first = await events.next();
  for (;;) {
    const { value, done } = await events.next();
    assert.ok(!done, "the stream ended before its first text");
    if (kind(value) === "step.delta") break;
  }
  return { id: first.value.interaction.id, events };
}

export const state = {
  "a conversation goes on from the previous id": async (t) => {
    const { id } = await t.create(HI);
    assert.deepEqual(await after(t, id), TALK);
  },

  "a conversation of many turns is kept in order": async (t) => {
    let previous_interaction_id;
    for (const number of [1, 2, 3, 4]) {
      const model = `say:answer ${number}`;
      const input = `question ${number}`;
      const reply = await t.create({ model, input, previous_interaction_id });
      previous_interaction_id = reply.id;
    }
    const seen = await after(t, previous_interaction_id);
    const expected = [1, 2, 3, 4].flatMap((n) => [`question ${n}`, `answer ${n}`]);
    assert.deepEqual(
      seen.map(([, words]) => words),
      [...expected, "Again"],
    );
  },

  "one interaction may be continued twice": async (t) => {
    const { id } = await t.create(HI);
    const other = { model: "hello", input: "Elsewhere", previous_interaction_id: id };
    await t.create(other);
    assert.deepEqual(await after(t, id), TALK);
  },

  "a streamed turn can be continued": async (t) => {
    const transcript = await collect(await t.create({ ...HI, stream: true }));
    assert.deepEqual(await after(t, transcript.completed.id), TALK);
  },

  "get gives the whole timeline": async (t) => {
    const created = await t.create(HI);
    const got = await t.interactions.get(created.id);
    assert.equal(got.status, "completed");
    assert.equal(text(got), "Hello.");
    // Newer SDKs note the tokens of the first request in what create gives.
    const { initial_input_tokens, ...usage } = created.usage;
    assert.deepEqual(got.usage, usage);
    assert.equal(got.created, created.created);
    if (t.legacy) {
      assert.deepEqual(got.outputs, created.outputs);
    } else {
      assert.deepEqual(
        got.steps.map(({ type }) => type),
        ["user_input", "model_output"],
      );
      assert.deepEqual(got.steps[0].content[0].text, "Hi");
      assert.equal(got.output_text, "Hello.");
    }
  },

  "get gives the input only when asked": async (t) => {
    const { id } = await t.create(HI);
    assert.equal((await t.interactions.get(id)).input, undefined);
    const got = await t.interactions.get(id, { include_input: true });
    assert.equal(got.input, "Hi");
  },

  "get gives the input in the form it was sent": async (t) => {
    const turns = [{ role: "user", content: "Hi" }];
    const contents = [{ type: "text", text: "Hi" }];
    const listed = [{ type: "user_input", content: [{ type: "text", text: "Hi" }] }];
    for (const input of [t.legacy ? turns : listed, contents]) {
      const { id } = await t.create({ model: "hello", input });
      const got = await t.interactions.get(id, { include_input: true });
      assert.deepEqual(got.input, input);
    }
  },

  "get takes an explicit stream=false": async (t) => {
    const { id } = await t.create(HI);
    const got = await t.interactions.get(id, { stream: false });
    assert.equal(text(got), "Hello.");
    assert.equal(t.last.url.searchParams.get("stream"), "false");
  },

  "get speaks the generation of whoever asks": async (t) => {
    // The same interaction, created by a client of the other generation.
    const agent = t.legacy ? "google-genai-sdk/3.1.0" : "google-genai-sdk/1.33.0";
    const response = await unrecorded(`${place.server}/v1beta/interactions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-goog-api-key": "any-key",
        "x-goog-api-client": agent,
      },
      body: JSON.stringify(HI),
    });
    const other = await response.json();
    assert.equal("outputs" in other, !t.legacy, "the other client gets its own form");
    const got = await t.interactions.get(other.id);
    assert.equal(text(got), "Hello.");
    assert.equal(got.outputs !== undefined, t.legacy);
    assert.deepEqual(await after(t, other.id), TALK);
  },

  "an interaction that is not stored has no id": async (t) => {
    const reply = await t.create({ ...HI, store: false });
    assert.equal(reply.id ?? "", "");
    assert.equal(text(reply), "Hello.");
    const body = { ...HI, store: false };
    assert.deepEqual(JSON.parse(t.last.body), body);
  },

  "a deleted interaction is gone": async (t) => {
    const { id } = await t.create(HI);
    await t.interactions.delete(id);
    assert.equal(t.last.status, 200);
    const gone = { status: 404, code: "not_found", kind: "NotFoundError" };
    await refused(t, () => t.interactions.get(id), gone);
    await refused(t, () => t.interactions.delete(id), gone);
  },

  "a deleted interaction cannot be continued": async (t) => {
    const { id } = await t.create(HI);
    await t.interactions.delete(id);
    const call = () => t.create({ ...HI, previous_interaction_id: id });
    await refused(t, call, { status: [400, 404], names: ["previous_interaction_id"] });
  },

  "what continued a deleted interaction goes on without its turn": async (t) => {
    const first = await t.create(HI);
    const params = { model: "say:Yes.", input: "Still there?" };
    const child = await t.create({ ...params, previous_interaction_id: first.id });
    await t.interactions.delete(first.id);
    const got = await t.interactions.get(child.id);
    assert.equal(got.previous_interaction_id, first.id);
    const seen = await after(t, child.id);
    const expected = [
      ["user", "Still there?"],
      ["assistant", "Yes."],
      ["user", "Again"],
    ];
    assert.deepEqual(seen, expected);
  },

  "an unknown id is not found": async (t) => {
    const gone = { status: 404, code: "not_found", kind: "NotFoundError" };
    await refused(t, () => t.interactions.get("v1_nothing"), gone);
    await refused(t, () => t.interactions.delete("v1_nothing"), gone);
  },

  "an unknown previous id is refused by its name": async (t) => {
    for (const previous_interaction_id of ["v1_nothing", "not an id"]) {
      const call = () => t.create({ ...HI, previous_interaction_id });
      await refused(t, call, {
        status: [400, 404],
        names: ["previous_interaction_id"],
      });
    }
  },

  "a running interaction can be fetched and not continued": async (t) => {
    const model = t.own("slow:2");
    const { id, events } = await started(t, model);
    await t.waiting(model);
    assert.equal((await t.interactions.get(id)).status, "in_progress");
    const call = () => t.create({ ...HI, previous_interaction_id: id });
    const names = ["previous_interaction_id"];
    await refused(t, call, { status: 400, code: "invalid_request", names });
    await t.release(model);
    while (!(await events.next()).done);
    assert.equal(text(await t.interactions.get(id)), "word0 word1 ");
  },

  "a stream that is left runs to its end": async (t) => {
    const model = t.own("slow:3");
    const { id, events } = await started(t, model);
    await t.waiting(model);
    await events.return();
    await t.release(model);
    const got = await ended(t, id);
    assert.equal(got.status, "completed");
    assert.equal(text(got), "word0 word1 word2 ");
  },

  "a finished interaction cannot be cancelled": async (t) => {
    const { id } = await t.create(HI);
    const params = { status: 400, code: "invalid_request" };
    await refused(t, () => t.interactions.cancel(id), params);
    assert.equal((await t.interactions.get(id)).status, "completed");
  },

  "steps of a stored turn can be sent to another conversation": async (t) => {
    const { id } = await t.create(HI);
    const got = await t.interactions.get(id);
    const input = t.legacy
      ? [
          { role: "model", content: got.outputs },
          { role: "user", content: "Again" },
        ]
      : [...steps(got), { type: "user_input", content: "Again" }];
    const seen = messages(await t.create({ model: "echo", input }));
    assert.deepEqual(seen, t.legacy ? TALK.slice(1) : TALK);
  },
};
