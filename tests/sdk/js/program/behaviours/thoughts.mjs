// Thoughts, their summaries and signatures (contract 9 "Thinking", "Signatures").

import assert from "node:assert/strict";

import {
  collect,
  history,
  messages,
  steps,
  text,
  thoughts as found,
} from "../accessors.mjs";

const THOUGHT = "First I think. Then I know.";
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const auto = { thinking_summaries: "auto" };

export const thoughts = {
  "summaries are shown when asked for": async (t) => {
    const params = { model: "reason", input: "Hi", generation_config: auto };
    const reply = await t.create(params);
    assert.deepEqual(
      steps(reply).map(({ type }) => type),
      ["thought", "model_output"],
    );
    const [thought] = found(reply);
    assert.equal(thought.summary.map((part) => part.text).join(""), THOUGHT);
    assert.equal(text(reply), "The answer.");
  },

  "without being asked a thought has a signature only": async (t) => {
    const [thought] = found(await t.create({ model: "reason", input: "Hi" }));
    assert.match(thought.signature, BASE64);
    assert.equal(thought.summary ?? undefined, undefined);
  },

  "a thought with a summary has a signature": async (t) => {
    const params = { model: "reason", input: "Hi", generation_config: auto };
    assert.match(found(await t.create(params))[0].signature, BASE64);
  },

  "both names of the reasoning member are read": async (t) => {
    const params = { model: "reason:reasoning", input: "Hi", generation_config: auto };
    const [thought] = found(await t.create(params));
    assert.equal(thought.summary.map((part) => part.text).join(""), THOUGHT);
  },

  "thoughts stream as summaries and one signature at the end": async (t) => {
    const params = { model: "reason", input: "Hi", generation_config: auto };
    const transcript = await collect(await t.create({ ...params, stream: true }));
    assert.equal(transcript.thought, THOUGHT);
    assert.equal(transcript.text, "The answer.");
    const types = transcript.deltas.map(({ type }) => type);
    const end = types.lastIndexOf("thought_summary") + 1;
    assert.equal(types[end], "thought_signature");
    assert.equal(transcript.signatures.length, 1);
  },

  "the streamed signature is the stored one": async (t) => {
    const params = { model: "reason", input: "Hi", stream: true };
    const transcript = await collect(await t.create(params));
    const [stored] = found(await t.interactions.get(transcript.id));
    assert.deepEqual(transcript.signatures, [stored.signature]);
  },

  "a stateful turn goes on after a thought": async (t) => {
    const { id } = await t.create({ model: "reason", input: "Hi" });
    const more = { model: "echo", input: "Again", previous_interaction_id: id };
    const seen = messages(await t.create(more));
    assert.deepEqual(seen, [
      ["user", "Hi"],
      ["assistant", "The answer."],
      ["user", "Again"],
    ]);
  },

  "a thought is taken when it is sent back": async (t) => {
    const first = await t.create({ model: "reason", input: "Hi", store: false });
    const again = { type: t.legacy ? "text" : "user_input" };
    const results = [
      t.legacy ? { ...again, text: "Again" } : { ...again, content: "Again" },
    ];
    const input = history(t.legacy, "Hi", first, results);
    const seen = messages(await t.create({ model: "echo", input, store: false }));
    assert.deepEqual(seen, [
      ["user", "Hi"],
      ["assistant", "The answer."],
      ["user", "Again"],
    ]);
  },

  "a signature of another server is taken and left out": async (t) => {
    const signature = Buffer.from("opaque").toString("base64");
    const input = [
      { type: "user_input", content: "Hi" },
      { type: "thought", signature },
      { type: "model_output", content: "Hello." },
      { type: "user_input", content: "Again" },
    ];
    const seen = messages(await t.create({ model: "echo", input }));
    assert.deepEqual(seen, [
      ["user", "Hi"],
      ["assistant", "Hello."],
      ["user", "Again"],
    ]);
  },
};
