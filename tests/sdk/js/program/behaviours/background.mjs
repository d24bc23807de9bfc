// Background work: asked for, polled, followed, cancelled, deleted (contract 9).

import assert from "node:assert/strict";

import { collect, kind, text } from "../accessors.mjs";
import { refused } from "../expectations.mjs";

const RUNNING = ["queued", "in_progress"];
const POLLS = 300;

/** Poll as the guides do, until the status is another than those two. */
async function ended(t, id) {
  for (let poll = 0; poll < POLLS; poll += 1) {
    const got = await t.interactions.get(id);
    if (!RUNNING.includes(got.status)) return got;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${id} still runs`);
}

/** Begin work in the background that stops after its first word. */
async function begun(t, model) {
  const made = await t.create({ model, input: "Hi", background: true });
  assert.ok(made.id);
  assert.ok(RUNNING.includes(made.status), made.status);
  await t.waiting(model);
  return made.id;
}

export const background = {
  "background work is answered at once and polled": async (t) => {
    const model = t.own("slow:3");
    const id = await begun(t, model);
    assert.equal((await t.interactions.get(id)).status, "in_progress");
    await t.release(model);
    const got = await ended(t, id);
    assert.equal(got.status, "completed");
    assert.equal(text(got), "word0 word1 word2 ");
  },

  "background work is streamed": async (t) => {
    const params = { model: "words:5", input: "Hi", background: true, stream: true };
    const transcript = await collect(await t.create(params));
    assert.equal(transcript.text, "word0 word1 word2 word3 word4 ");
    assert.equal(transcript.completed.status, "completed");
    const got = await t.interactions.get(transcript.id);
    assert.equal(text(got), transcript.text);
  },

  "background work is followed from where it was left": async (t) => {
    const model = t.own("slow:3");
    const params = { model, input: "Hi", background: true, stream: true };
    let id;
    let last;
    for await (const event of await t.create(params)) {
      id ??= event.interaction?.id;
      last = event.event_id ?? last;
      if (kind(event) === "step.delta") break;
    }
    await t.release(model);
    const rest = await collect(
      await t.interactions.get(id, { stream: true, last_event_id: last }),
    );
    assert.equal(rest.text, "word1 word2 ");
    assert.equal(rest.completed.status, "completed");
  },

  "background work is cancelled": async (t) => {
    const id = await begun(t, t.own("slow:3"));
    assert.equal((await t.interactions.cancel(id)).status, "cancelled");
    const got = await t.interactions.get(id);
    assert.equal(got.status, "cancelled");
    assert.equal(text(got), "word0 ");
  },

  "background work is deleted while it runs": async (t) => {
    const id = await begun(t, t.own("slow:3"));
    await t.interactions.delete(id);
    await refused(t, () => t.interactions.get(id), {
      status: 404,
      code: "not_found",
      kind: "NotFoundError",
    });
  },

  "deferred work waits first": async (t) => {
    const params = { model: "hello", input: "Hi", service_tier: "deferred" };
    const made = await t.create({ ...params, background: true });
    assert.equal(made.status, "queued");
    assert.equal((await ended(t, made.id)).status, "completed");
  },
};
