// What a refused request must look like through every SDK.

import assert from "node:assert/strict";

/** Tries that an SDK makes on a status that it retries (contract 1.5). */
export function retriedAttempts(version) {
  return Number(version.split(".")[0]) >= 3 ? 5 : 3;
}

/**
 * Assert that the call fails with the status, and give the documented error.
 *
 * `code` is the word of the body, `names` texts that the message must contain,
 * `attempts` how many requests it takes: one, unless said otherwise.
 */
export async function refused(t, call, { status, code, kind, names = [], attempts }) {
  const before = t.exchanges.length;
  const error = await call().then(
    () => assert.fail("the request was answered, not refused"),
    (thrown) => thrown,
  );
  const body = errorOf(error);
  const statuses = Array.isArray(status) ? status : [status];
  assert.ok(statuses.includes(error.status), `${error.status}: ${error.message}`);
  if (code !== undefined) assert.equal(body.code, code);
  if (kind !== undefined) assert.equal(error.constructor.name, kind);
  for (const name of names) assert.ok(body.message.includes(name), body.message);
  assert.equal(t.exchanges.length - before, attempts ?? 1, "number of attempts");
  assert.doesNotMatch(body.message, /Traceback|\.py\b|grpc|google\.protobuf/);
  return { ...body, thrown: error };
}

/** The `error` member of the body that an SDK error carries. */
export function errorOf(error) {
  assert.ok(error.error?.error?.message, `not a documented error body: ${error}`);
  return error.error.error;
}

/** Assert that the request is answered with a 400 that names the member. */
export async function notSupported(t, params, member) {
  const call = () => t.create({ model: "hello", input: "Hi", ...params });
  const { message } = await refused(t, call, {
    status: 400,
    code: "invalid_request",
    kind: "BadRequestError",
    names: [member],
  });
  assert.match(message, /not supported/i);
}
