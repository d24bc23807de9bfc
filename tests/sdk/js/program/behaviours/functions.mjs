// One call and one result, in every form that is allowed (contract 5.1, 5.2 and 9).

import assert from "node:assert/strict";

import { asked, calls, collect, history, steps, text } from "../accessors.mjs";
import { refused } from "../expectations.mjs";

export const weather = {
  type: "function",
  name: "get_weather",
  description: "Tells the weather.",
  parameters: {
    type: "object",
    properties: { location: { type: "string" } },
    required: ["location"],
  },
};

export const time = { type: "function", name: "get_time" };

const ask = { model: "call", input: "Weather?", tools: [weather] };

/** Ask, and answer the one call with the given members of a result. */
async function loop(t, result, more = {}) {
  const first = await t.create(ask);
  const [call] = calls(first);
  const answer = { type: "function_result", call_id: call.id, name: call.name };
  return await t.create({
    ...ask,
    previous_interaction_id: first.id,
    input: [{ ...answer, ...result }],
    ...more,
  });
}

export const functions = {
  "a call ends the turn with requires_action": async (t) => {
    const reply = await t.create(ask);
    assert.equal(reply.status, "requires_action");
    const last = steps(reply).at(-1);
    assert.equal(last.type, "function_call");
    assert.equal(last.name, "get_weather");
    assert.deepEqual(last.arguments, { location: "Paris" });
    assert.ok(last.id);
  },

  "a function reaches the model as declared": async (t) => {
    const { type, ...declared } = weather;
    const reply = await t.create({
      model: "echo",
      input: "Hi",
      tools: [weather, time],
    });
    const [one, two] = asked(reply).tools;
    assert.equal(one.type, type);
    assert.deepEqual(one.function, declared);
    assert.equal(two.function.name, "get_time");
  },

  "a result that is a string": async (t) => {
    const reply = await loop(t, { result: "22 °C" });
    assert.equal(reply.status, "completed");
    assert.equal(text(reply), "Results: get_weather=22 °C.");
    assert.deepEqual(
      steps(reply).map((step) => step.type),
      ["model_output"],
    );
  },

  "a result that is an object": async (t) => {
    const reply = await loop(t, { result: { celsius: 22, place: { name: "Paris" } } });
    const said = text(reply).match(/^Results: get_weather=(.*)\.$/)[1];
    assert.deepEqual(JSON.parse(said), { celsius: 22, place: { name: "Paris" } });
  },

  "a result that is a list of contents": async (t) => {
    const result = [{ type: "text", text: '{"c":22}' }];
    assert.match(text(await loop(t, { result })), /get_weather=.*\{"c":22\}/);
  },

  "a result without a name takes it from the call": async (t) => {
    const reply = await loop(t, { name: undefined, result: "sunny" });
    assert.equal(text(reply), "Results: get_weather=sunny.");
  },

  "a result with an empty call id answers the open call of its name": async (t) => {
    const reply = await loop(t, { call_id: "", result: "sunny" });
    assert.equal(text(reply), "Results: get_weather=sunny.");
  },

  "a result may carry members that it does not need": async (t) => {
    const more = { id: "r1", is_error: false, signature: "" };
    const reply = await loop(t, { ...more, result: "sunny" });
    assert.equal(text(reply), "Results: get_weather=sunny.");
  },

  "a result that is an error reaches the model": async (t) => {
    const reply = await loop(t, { is_error: true, result: "no such place" });
    assert.match(text(reply), /no such place/);
  },

  "a single result need not be in a list": async (t) => {
    const first = await t.create(ask);
    const input = {
      type: "function_result",
      call_id: calls(first)[0].id,
      result: "sun",
    };
    const previous_interaction_id = first.id;
    const reply = await t.create({ ...ask, previous_interaction_id, input });
    assert.equal(text(reply), "Results: get_weather=sun.");
  },

  "an unknown call id is refused by its path": async (t) => {
    const first = await t.create(ask);
    const result = { type: "function_result", call_id: "nothing", result: "sunny" };
    const previous_interaction_id = first.id;
    const call = () => t.create({ ...ask, previous_interaction_id, input: [result] });
    await refused(t, call, {
      status: 400,
      code: "invalid_request",
      kind: "BadRequestError",
      names: ["nothing", "call_id"],
    });
  },

  "results go back without a stored turn": async (t) => {
    const first = await t.create({ ...ask, store: false });
    const [call] = calls(first);
    const result = { type: "function_result", name: call.name, call_id: call.id };
    const input = history(t.legacy, ask.input, first, [{ ...result, result: "sunny" }]);
    const reply = await t.create({ ...ask, store: false, input });
    assert.equal(text(reply), "Results: get_weather=sunny.");
  },

  "steps that are sent back may carry extra ids": async (t) => {
    const first = await t.create({ ...ask, store: false });
    const [call] = calls(first);
    const again = { ...call, call_id: call.id };
    const result = {
      type: "function_result",
      id: "r1",
      call_id: call.id,
      result: "sun",
    };
    const input = [{ type: "user_input", content: ask.input }, again, result];
    const reply = await t.create({ ...ask, store: false, input });
    assert.equal(text(reply), "Results: get_weather=sun.");
  },

  "tools are of their own turn": async (t) => {
    const reply = await loop(
      t,
      { result: "sunny" },
      { model: "echo", tools: undefined },
    );
    assert.equal(asked(reply).tools, undefined);
  },

  "a call streams with its arguments as this generation reads them": async (t) => {
    const stream = await t.create({ ...ask, model: "call-fragments", stream: true });
    const transcript = await collect(stream);
    const [call] = transcript.calls;
    assert.equal(call.name, "get_weather");
    assert.deepEqual(call.arguments, { location: "Paris" });
    assert.ok(call.id);
    assert.equal(transcript.completed.status, "requires_action");
    const types = new Set(transcript.deltas.map(({ type }) => type));
    assert.deepEqual([...types], [t.legacy ? "function_call" : "arguments_delta"]);
  },

  "the loop goes on after a streamed call": async (t) => {
    const transcript = await collect(await t.create({ ...ask, stream: true }));
    const [call] = transcript.calls;
    const reply = await t.create({
      ...ask,
      previous_interaction_id: transcript.id,
      input: [{ type: "function_result", call_id: call.id, result: "sunny" }],
    });
    assert.equal(text(reply), "Results: get_weather=sunny.");
  },

  "text before a call is kept": async (t) => {
    const reply = await t.create({ ...ask, model: "call-text" });
    assert.deepEqual(
      steps(reply).map(({ type }) => type),
      ["model_output", "function_call"],
    );
    assert.equal(text(reply), "Let me look. ");
  },

  "a thought before a call is kept": async (t) => {
    const first = await t.create({ ...ask, model: "call-reason" });
    assert.deepEqual(
      steps(first).map(({ type }) => type),
      ["thought", "function_call"],
    );
    const result = {
      type: "function_result",
      call_id: calls(first)[0].id,
      result: "ok",
    };
    const input = history(t.legacy, ask.input, first, [result]);
    const reply = await t.create({ ...ask, store: false, input });
    assert.equal(text(reply), "Results: get_weather=ok.");
  },

  "upper-case types and an empty required list are taken": async (t) => {
    const properties = { location: { type: "STRING" } };
    const parameters = { type: "OBJECT", properties, required: [] };
    const tools = [{ ...weather, parameters }];
    const reply = await t.create({ ...ask, tools });
    assert.deepEqual(calls(reply)[0].arguments, { location: "Paris" });
  },
};
