// Streams: order, ids, usage, replay, resume, and their errors (contract 6).

import assert from "node:assert/strict";

import { collect, kind, text } from "../accessors.mjs";
import { errorOf } from "../expectations.mjs";

const HI = { model: "hello", input: "Hi", stream: true };

const ORDER = [
  "interaction.created",
  "interaction.status_update",
  "step.start",
  "step.delta",
  "step.delta",
  "step.stop",
  "interaction.completed",
];

/** Stream a model whose answer breaks after some text; nothing may be thrown. */
async function broken(t, model) {
  const transcript = await collect(
    await t.create({ model, input: "Hi", stream: true }),
  );
  assert.match(transcript.text, /^(Soon|Once upon)/);
  const [error] = transcript.errors;
  assert.ok(error, "the failure is an event");
  assert.ok(error.message);
  assert.match(error.code, /^[a-z_]+$/);
  const after = transcript.kinds.slice(transcript.kinds.indexOf("error") + 1);
  assert.deepEqual(
    after.filter((name) => name !== "interaction.completed"),
    [],
  );
  return { transcript, error };
}

export const streams = {
  "a text streams in the documented order": async (t) => {
    const transcript = await collect(await t.create(HI));
    assert.deepEqual(transcript.kinds, ORDER);
    assert.equal(transcript.text, "Hello.");
    const [status] = transcript.of("interaction.status_update");
    assert.equal(status.status, "in_progress");
    const content = transcript.of("step.start")[0];
    const { type } = content.step ?? content.content;
    assert.equal(type, t.legacy ? "text" : "model_output");
  },

  "a stream has the words of its generation": async (t) => {
    const transcript = await collect(await t.create(HI));
    const [first, last] = [transcript.events.at(0), transcript.events.at(-1)];
    const words = t.legacy
      ? ["interaction.start", "interaction.complete"]
      : ["interaction.created", "interaction.completed"];
    assert.deepEqual([first.event_type, last.event_type], words);
  },

  "a stream is sent as server-sent events": async (t) => {
    await collect(await t.create(HI));
    assert.equal(t.last.status, 200);
    assert.match(t.last.responseHeaders["content-type"], /^text\/event-stream/);
    assert.equal(t.last.responseHeaders["cache-control"], "no-cache");
  },

  "the id is in every event that has one": async (t) => {
    const transcript = await collect(await t.create(HI));
    assert.match(transcript.id, /^v\d_[\w-]+$/);
    const [update] = transcript.of("interaction.status_update");
    assert.equal(update.interaction_id, transcript.id);
    assert.equal(transcript.completed.id, transcript.id);
  },

  "usage is in the terminal event": async (t) => {
    const params = { model: "usage", input: "Hi", stream: true };
    const { completed } = await collect(await t.create(params));
    assert.equal(completed.usage.total_tokens, 150);
    assert.equal(completed.usage.total_cached_tokens, 40);
    assert.equal(completed.usage.total_thought_tokens, 20);
    if (t.legacy) assert.equal(completed.usage.total_reasoning_tokens, 20);
  },

  "the terminal event has no steps": async (t) => {
    const { completed } = await collect(await t.create(HI));
    assert.equal(completed.status, "completed");
    assert.equal(completed.steps, undefined);
    assert.equal(completed.outputs, undefined);
  },

  "a stream adds up to what get returns": async (t) => {
    const params = { model: "words:50", input: "Hi", stream: true };
    const transcript = await collect(await t.create(params));
    const got = await t.interactions.get(transcript.id);
    assert.equal(transcript.text, text(got));
    assert.deepEqual(transcript.completed.usage, got.usage);
  },

  "a stream arrives while the model still writes": async (t) => {
    const model = t.own("slow:2");
    const stream = await t.create({ model, input: "Hi", stream: true });
    const words = [];
    for await (const event of stream) {
      if (kind(event) !== "step.delta") continue;
      words.push(event.delta.text);
      // The model waits until the first word has been read here.
      if (words.length === 1) await t.release(model);
    }
    assert.equal(words.join(""), "word0 word1 ");
  },

  "text outside ASCII streams whole": async (t) => {
    const params = { model: "unicode", input: "Hi", stream: true };
    const transcript = await collect(await t.create(params));
    assert.equal(transcript.text, "Zürich 東京 😀 a\u2028b\u0085c");
  },

  "a stream that is cut by the token limit is incomplete": async (t) => {
    const params = { model: "length", input: "Hi", stream: true };
    const transcript = await collect(await t.create(params));
    assert.equal(transcript.text, "Cut sho");
    assert.equal(transcript.completed.status, "incomplete");
  },

  "a stream that is not stored has empty ids": async (t) => {
    const transcript = await collect(await t.create({ ...HI, store: false }));
    assert.equal(transcript.text, "Hello.");
    assert.equal(transcript.id ?? "", "");
    assert.equal(transcript.completed.id ?? "", "");
  },

  "a finished stream can be replayed": async (t) => {
    const first = await collect(await t.create(HI));
    const again = await collect(await t.interactions.get(first.id, { stream: true }));
    assert.equal(again.text, first.text);
    assert.equal(again.id, first.id);
    assert.deepEqual(again.completed, first.completed);
  },

  "a stream resumes after the last event that was read": async (t) => {
    const params = { model: "words:6", input: "Hi", stream: true };
    const first = await collect(await t.create(params));
    const cut = first.kinds.indexOf("step.delta") + 1;
    const { event_id } = first.events[cut];
    assert.ok(event_id, "events of stored interactions have an id");
    const more = { stream: true, last_event_id: event_id };
    const rest = await collect(await t.interactions.get(first.id, more));
    const read = first.events.slice(0, cut + 1);
    const before = read.map((event) => event.delta?.text ?? "").join("");
    assert.equal(before + rest.text, first.text);
    assert.equal(rest.kinds.at(-1), "interaction.completed");
    assert.ok(!rest.kinds.includes("interaction.created"));
  },

  "every event of a stored stream has an id of its own": async (t) => {
    const { events } = await collect(await t.create(HI));
    // The older revision has events between which nobody can resume.
    const marked = t.legacy ? events.filter((event) => "event_id" in event) : events;
    assert.ok(events.filter((event) => event.delta).every((event) => event.event_id));
    const ids = marked.map(({ event_id }) => event_id);
    assert.ok(ids.every((id) => typeof id === "string" && id !== ""));
    assert.equal(new Set(ids).size, ids.length);
  },

  "a model that dies in a stream is an error event": async (t) => {
    const { transcript } = await broken(t, "die-mid-stream");
    const got = await t.interactions.get(transcript.id);
    assert.equal(got.status, "failed");
    if (!t.legacy) assert.ok(got.errors[0].message);
  },

  "an error that the model streams is an error event": async (t) => {
    const { transcript } = await broken(t, "error-mid-stream");
    assert.equal((await t.interactions.get(transcript.id)).status, "failed");
  },

  "a content filter in a stream is an error event": async (t) => {
    const { transcript, error } = await broken(t, "filter:mid");
    assert.equal(error.code, "content_blocked");
    assert.equal((await t.interactions.get(transcript.id)).status, "failed");
  },

  "a failure before the first event is an HTTP error": async (t) => {
    const params = { model: "status:400", input: "Hi", stream: true };
    const error = await t
      .create(params)
      .then(collect)
      .then(
        () => assert.fail("the stream was answered"),
        (thrown) => thrown,
      );
    assert.equal(error.constructor.name, "BadRequestError");
    assert.equal(error.status, 400);
    assert.equal(errorOf(error).code, "invalid_request");
    assert.equal(t.exchanges.length, 1);
  },
};
