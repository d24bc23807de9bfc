// Several calls, several rounds, results that are late, and tool choice (contract 9).

import assert from "node:assert/strict";

import { asked, calls, collect, text } from "../accessors.mjs";
import { time, weather } from "./functions.mjs";

const tools = [weather, time];
const ask = { model: "parallel", input: "Weather and time?", tools };

function result(call, value) {
  return { type: "function_result", call_id: call.id, name: call.name, result: value };
}

async function choosing(t, tool_choice) {
  const generation_config = { tool_choice };
  return await t.create({ ...ask, model: "echo", generation_config });
}

export const loops = {
  "calls made at once have ids of their own": async (t) => {
    const reply = await t.create(ask);
    assert.equal(reply.status, "requires_action");
    const [one, two] = calls(reply);
    assert.deepEqual([one.name, two.name], ["get_weather", "get_time"]);
    assert.notEqual(one.id, two.id);
  },

  "results pair by call id in any order": async (t) => {
    const first = await t.create(ask);
    const [one, two] = calls(first);
    const reply = await t.create({
      ...ask,
      previous_interaction_id: first.id,
      input: [result(two, "noon"), result(one, "sunny")],
    });
    assert.match(text(reply), /get_weather=sunny/);
    assert.match(text(reply), /get_time=noon/);
  },

  "calls made at once stream side by side": async (t) => {
    const transcript = await collect(await t.create({ ...ask, stream: true }));
    const names = transcript.calls.map(({ name }) => name);
    assert.deepEqual(names, ["get_weather", "get_time"]);
    assert.deepEqual(transcript.calls[0].arguments, { location: "Paris" });
    const indexes = transcript.of("step.start").map(({ index }) => index);
    assert.deepEqual(indexes, [0, 1]);
  },

  "a result that misses does not stop the model": async (t) => {
    const first = await t.create(ask);
    const [one] = calls(first);
    const previous_interaction_id = first.id;
    const input = [result(one, "sunny")];
    const reply = await t.create({ ...ask, previous_interaction_id, input });
    assert.equal(reply.status, "completed");
    assert.match(text(reply), /get_weather=sunny/);
  },

  "a late result takes its place": async (t) => {
    const first = await t.create(ask);
    const [one, two] = calls(first);
    const early = { ...ask, previous_interaction_id: first.id };
    const second = await t.create({ ...early, input: [result(one, "sunny")] });
    const reply = await t.create({
      ...ask,
      model: "echo",
      previous_interaction_id: second.id,
      input: [result(two, "noon")],
    });
    const said = asked(reply).messages.filter(({ role }) => role === "tool");
    assert.ok(said.some(({ content }) => JSON.stringify(content).includes("noon")));
    assert.ok(said.some(({ content }) => JSON.stringify(content).includes("sunny")));
  },

  "plain text instead of a result is answered": async (t) => {
    const first = await t.create(ask);
    const previous_interaction_id = first.id;
    const input = "Never mind.";
    const reply = await t.create({ model: "echo", input, previous_interaction_id });
    assert.equal(reply.status, "completed");
    assert.match(text(reply), /Never mind\./);
  },

  "a loop of several rounds ends": async (t) => {
    const common = { model: "call-again:2", tools: [weather] };
    let reply = await t.create({ ...common, input: "Weather?" });
    let rounds = 0;
    while (reply.status === "requires_action") {
      rounds += 1;
      assert.ok(rounds <= 2, "the loop does not end");
      const input = calls(reply).map((call) => result(call, `round ${rounds}`));
      const previous_interaction_id = reply.id;
      reply = await t.create({ ...common, input, previous_interaction_id });
    }
    assert.equal(rounds, 2);
    assert.equal(text(reply), "Results: get_weather=round 2.");
  },

  "the conversation goes on after a loop": async (t) => {
    const first = await t.create({ ...ask, model: "call" });
    const input = [result(calls(first)[0], "sunny")];
    const previous_interaction_id = first.id;
    const second = await t.create({
      ...ask,
      model: "call",
      input,
      previous_interaction_id,
    });
    const more = { model: "echo", input: "Thanks." };
    const reply = await t.create({ ...more, previous_interaction_id: second.id });
    const roles = asked(reply).messages.map(({ role }) => role);
    assert.deepEqual(roles, ["user", "assistant", "tool", "assistant", "user"]);
  },

  "tool choice none keeps the model from calling": async (t) => {
    const generation_config = { tool_choice: "none" };
    const reply = await t.create({ ...ask, generation_config });
    assert.equal(reply.status, "completed");
    assert.deepEqual(calls(reply), []);
  },

  "tool choice any asks the model to call": async (t) => {
    assert.equal(asked(await choosing(t, "any")).tool_choice, "required");
  },

  "tool choice may allow some functions": async (t) => {
    const allowed_tools = { mode: "any", tools: ["get_time"] };
    const request = asked(await choosing(t, { allowed_tools }));
    const offered = request.tools.map((tool) => tool.function.name);
    const named = JSON.stringify(request.tool_choice ?? null);
    assert.ok(offered.join() === "get_time" || named.includes("get_time"));
    assert.ok(!named.includes("get_weather"));
  },
};
