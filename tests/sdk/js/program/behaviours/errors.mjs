// Which error class an SDK raises, and how often it tries (contract 1.5 and 7.2).

import assert from "node:assert/strict";

import { calls, text } from "../accessors.mjs";
import { place } from "../context.mjs";
import { errorOf, refused, retriedAttempts } from "../expectations.mjs";
import { weather } from "./functions.mjs";

const HI = { model: "hello", input: "Hi" };

/** Assert that a failure of the model is an error of this class. */
async function failing(t, script, expected) {
  const model = t.own(script);
  const error = await refused(t, () => t.create({ ...HI, model }), expected);
  assert.equal(await t.seen(model), expected.attempts ?? 1);
  return error;
}

export const errors = {
  "a 429 is retried, then a RateLimitError": async (t) => {
    const expected = { status: 429, code: "too_many_requests", kind: "RateLimitError" };
    const attempts = retriedAttempts(t.version);
    await failing(t, "status:429,1", { ...expected, attempts });
    assert.equal(t.last.responseHeaders["retry-after"], "1");
  },

  "a 503 of the model is retried, then an InternalServerError": async (t) => {
    const attempts = retriedAttempts(t.version);
    const kind = "InternalServerError";
    await failing(t, "status:503", { status: 502, kind, attempts });
  },

  "a 500 of the model is retried, then an InternalServerError": async (t) => {
    const attempts = retriedAttempts(t.version);
    const kind = "InternalServerError";
    await failing(t, "status:500", { status: 502, kind, attempts });
  },

  "arguments that are not JSON are an InternalServerError": async (t) => {
    const call = () => t.create({ ...HI, model: "bad-args", tools: [weather] });
    const attempts = retriedAttempts(t.version);
    await refused(t, call, { status: 502, kind: "InternalServerError", attempts });
  },

  "a failure that passes is overcome by the SDK's retry": async (t) => {
    const model = t.own("flaky:503,1");
    assert.equal(text(await t.create({ ...HI, model })), "Recovered.");
    assert.equal(t.exchanges.length, 2);
  },

  "a server that is not there is an APIConnectionError": async (t) => {
    const nowhere = t.client({ baseUrl: "http://127.0.0.1:9" });
    const error = await nowhere.interactions.create(HI).then(
      () => assert.fail("somebody answered"),
      (thrown) => thrown,
    );
    assert.equal(error.constructor.name, "APIConnectionError");
  },

  "a 400 of the model is a BadRequestError": async (t) => {
    const expected = { status: 400, code: "invalid_request", kind: "BadRequestError" };
    await failing(t, "status:400", expected);
  },

  "a 422 of the model is a BadRequestError": async (t) => {
    await failing(t, "status:422", { status: 400, kind: "BadRequestError" });
  },

  "a model that its server does not know is a NotFoundError": async (t) => {
    const expected = { status: 404, code: "not_found", kind: "NotFoundError" };
    await failing(t, "nobody", { ...expected, names: ["nobody"] });
  },

  "a key that the model server refuses is not the caller's": async (t) => {
    const { message } = await failing(t, "status:401", { status: 400 });
    assert.doesNotMatch(message, /any-key|Bearer/);
  },

  "an empty account is a PermissionDeniedError": async (t) => {
    const kind = "PermissionDeniedError";
    await failing(t, "quota", { status: 403, code: "permission_denied", kind });
  },

  "a blocked prompt is a BadRequestError": async (t) => {
    const expected = { status: 400, code: "content_blocked", kind: "BadRequestError" };
    await failing(t, "filter", expected);
    await failing(t, "filter:status", expected);
  },

  "a wrong key is an AuthenticationError": async (t) => {
    const stranger = t.client({ baseUrl: place.keyed, apiKey: "wrong" });
    const expected = {
      status: 401,
      code: "unauthenticated",
      kind: "AuthenticationError",
    };
    await refused(t, () => stranger.interactions.create(HI), expected);
    await refused(t, () => stranger.interactions.get("v1_nothing"), expected);
    assert.doesNotMatch(t.last.responseHeaders["content-type"], /html/);
  },

  "a right key is answered": async (t) => {
    const [apiKey] = place.keys;
    const friend = t.client({ baseUrl: place.keyed, apiKey });
    assert.equal(text(await friend.interactions.create(HI)), "Hello.");
  },

  "an interaction of another key is not found": async (t) => {
    const [one, two] = place.keys.map(
      (apiKey) => t.client({ baseUrl: place.keyed, apiKey }).interactions,
    );
    const { id } = await one.create(HI);
    const gone = { status: 404, code: "not_found", kind: "NotFoundError" };
    await refused(t, () => two.get(id), gone);
    await refused(t, () => two.delete(id), gone);
    const call = () => two.create({ ...HI, previous_interaction_id: id });
    await refused(t, call, { status: [400, 404] });
    assert.equal(text(await one.get(id)), "Hello.");
  },

  "the message of an error can be read": async (t) => {
    const { thrown } = await failing(t, "status:400", { status: 400 });
    assert.match(thrown.message, /^400 /);
    assert.ok(thrown.message.includes("Scripted 400."), thrown.message);
    assert.deepEqual(Object.keys(errorOf(thrown)).sort(), ["code", "message"]);
  },

  "nothing is stored of a create that failed": async (t) => {
    const first = await t.create({ ...HI, model: "call", tools: [weather] });
    const [call] = calls(first);
    const result = { type: "function_result", call_id: call.id, result: "sunny" };
    const previous_interaction_id = first.id;
    const again = { ...HI, input: [result], previous_interaction_id };
    const attempt = () => t.create({ ...again, model: "status:400" });
    await refused(t, attempt, { status: 400 });
    const reply = await t.create({ ...again, model: "call", tools: [weather] });
    assert.equal(text(reply), "Results: get_weather=sunny.");
  },
};
