// What a behaviour is given: clients of the SDK under test, the exchanges that they
// made, and the doors of the scripted model server.

import { unrecorded } from "./recorder.mjs";

/**
 * Addresses and keys, given by the test that starts this program: `server`; `keyed`,
 * which wants one of the `keys` and takes bodies up to `limited` bytes; `backend`.
 */
export const place = {};

export class Context {
  #sdk;
  #client;
  #tag;

  constructor({ sdk, version, name }) {
    this.#sdk = sdk;
    this.#tag = `${version}-${name}-${Math.random().toString(36).slice(2)}`.replaceAll(
      /[^\w.-]+/g,
      "-",
    );
    this.version = version;
    this.major = Number(version.split(".")[0]);
    this.minor = Number(version.split(".")[1]);
    /** The SDK speaks outputs, not steps. */
    this.legacy = this.major === 1;
    /** The SDK's second generator: other errors, other headers. */
    this.gaos = this.major > 2 || (this.major === 2 && this.minor >= 9);
    this.exchanges = [];
  }

  /** A client for the open server; options are the SDK's own. */
  client({ baseUrl = place.server, apiKey = "any-key", ...httpOptions } = {}) {
    const options = { baseUrl, ...httpOptions };
    return new this.#sdk.GoogleGenAI({ apiKey, httpOptions: options });
  }

  get interactions() {
    this.#client ??= this.client();
    return this.#client.interactions;
  }

  /** Create; members that are undefined are left out, as if never written. */
  create(params) {
    const given = Object.entries(params).filter(([, value]) => value !== undefined);
    return this.interactions.create(Object.fromEntries(given));
  }

  /** The last exchange with the server. */
  get last() {
    return this.exchanges.at(-1);
  }

  /** A script name that only this behaviour uses, so that requests can be counted. */
  own(script) {
    return `${script}@${this.#tag}`;
  }

  /** How many requests the model server got for a name. */
  async seen(model) {
    return (await this.#door("_seen", model)).count;
  }

  /** The newest requests that the model server got for a name, oldest first. */
  async requests(model) {
    return (await this.#door("_requests", model)).requests;
  }

  /** Wait until an answer of that name waits for its release. */
  async waiting(model) {
    await this.#door("_waiting", model);
  }

  /** Let the waiting answers of that name go on. */
  async release(model, chunks) {
    const more = chunks === undefined ? "" : `&chunks=${chunks}`;
    await this.#door("_release", model, { method: "POST", more });
  }

  async #door(door, model, { method = "GET", more = "" } = {}) {
    const query = `model=${encodeURIComponent(model)}${more}`;
    const response = await unrecorded(`${place.backend}/${door}?${query}`, { method });
    if (!response.ok) throw new Error(`${door}: ${response.status}`);
    return await response.json();
  }
}
