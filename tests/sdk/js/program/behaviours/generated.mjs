// Media that come out: images and speech, inline and by address (contract 5.5).

import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { collect, steps } from "../accessors.mjs";
import { refused } from "../expectations.mjs";
import { unrecorded } from "../recorder.mjs";

const CAT = { input: "A cat." };
const IMAGE = { response_modalities: ["IMAGE"] };
const SOUND = { response_modalities: ["AUDIO"] };
const BYTES_PER_CHARACTER = 2 * 480;

const bytes = (base64) => Buffer.from(base64 ?? "", "base64");
const digest = (data) => createHash("sha256").update(data).digest("hex");
const isPng = (data) => data.subarray(1, 4).toString() === "PNG";

/** The media of a kind that the model made, in order. */
function media(interaction, kind) {
  return steps(interaction)
    .flatMap((step) => (step.type === "model_output" ? step.content : [step]))
    .filter((content) => content.type === kind);
}

/** The deltas of a kind, and their bytes joined. */
function streamed(transcript, kind) {
  const pieces = transcript.deltas.filter((delta) => delta.type === kind);
  return { pieces, data: Buffer.concat(pieces.map(({ data }) => bytes(data))) };
}

async function stream(t, params) {
  return await collect(await t.create({ ...params, stream: true }));
}

export const generated = {
  "a model that makes images is asked for nothing else": async (t) => {
    const found = await t.create({ model: "painter", ...CAT });
    const [image] = media(found, "image");
    assert.deepEqual([found.status, image.mime_type], ["completed", "image/png"]);
    assert.ok(isPng(bytes(image.data)));
  },

  "the shortcuts give the image and the sound": async (t) => {
    const drawn = await t.create({ model: "painter", ...CAT });
    assert.ok(isPng(bytes(drawn.output_image.data)));
    const said = await t.create({ model: "speaker", input: "Hi." });
    assert.equal(bytes(said.output_audio.data).length, 3 * BYTES_PER_CHARACTER);
  },

  "an image is asked for by modality or by format": async (t) => {
    const format = { response_format: { type: "image", aspect_ratio: "3:2" } };
    for (const params of t.legacy ? [IMAGE] : [IMAGE, format]) {
      const found = await t.create({ model: "image", ...CAT, ...params });
      const [image] = media(found, "image");
      const wide = bytes(image.data).readUInt32BE(16);
      assert.equal(wide, params === format ? 1536 : 64);
      const again = await t.interactions.get(found.id);
      assert.equal(media(again, "image")[0].data, image.data);
    }
  },

  "an image is edited, and edited again": async (t) => {
    const model = t.own("image");
    const first = await t.create({ model, ...CAT, ...IMAGE });
    const [{ data }] = media(first, "image");
    const content = { type: "image", data, mime_type: "image/png" };
    const input = [{ type: "text", text: "Bluer." }, content];
    const edited = await t.create({ model, input, ...IMAGE });
    const previous_interaction_id = edited.id;
    await t.create({ model, input: "Greener.", previous_interaction_id, ...IMAGE });
    const bodies = (await t.requests(model)).map(({ body }) => body);
    const wanted = [data, media(edited, "image")[0].data].map(bytes).map(digest);
    assert.deepEqual(
      bodies.slice(1).map(({ images }) => images),
      wanted.map((sha256) => [["image", "image/png", sha256]]),
    );
  },

  "an image is streamed, and its stream replayed": async (t) => {
    const whole = await stream(t, { model: "image", ...CAT, ...IMAGE });
    const { pieces, data } = streamed(whole, "image");
    assert.deepEqual([pieces[0].mime_type, isPng(data)], ["image/png", true]);
    const kept = await t.interactions.get(whole.id);
    assert.ok(bytes(media(kept, "image")[0].data).equals(data));
    const again = await collect(await t.interactions.get(whole.id, { stream: true }));
    assert.ok(streamed(again, "image").data.equals(data));
  },

  "an image is delivered by address": async (t) => {
    const response_format = { type: "image", delivery: "uri" };
    const found = await t.create({ model: "image", ...CAT, response_format });
    const [image] = media(found, "image");
    assert.equal(image.data, undefined);
    const response = await unrecorded(`${image.uri}:download?alt=media`);
    assert.ok(isPng(Buffer.from(await response.arrayBuffer())));
  },

  "sound is delivered by address in a stream": async (t) => {
    const response_format = { type: "audio", delivery: "uri", mime_type: "audio/wav" };
    const whole = await stream(t, { model: "voice", input: "Hi.", response_format });
    const [sound, ...rest] = streamed(whole, "audio").pieces;
    assert.deepEqual([rest, sound.data], [[], undefined]);
    const response = await unrecorded(`${sound.uri}:download?alt=media`);
    const data = Buffer.from(await response.arrayBuffer());
    assert.equal(data.subarray(0, 4).toString(), "RIFF");
  },

  "a text is spoken in the voice that is asked for": async (t) => {
    const model = t.own("voice");
    const generation_config = { speech_config: [{ voice: "nova", language: "en-us" }] };
    const params = { model, input: "Good morning.", ...SOUND, generation_config };
    const [sound] = media(await t.create(params), "audio");
    assert.equal(sound.mime_type, "audio/l16");
    assert.equal(bytes(sound.data).length, 13 * BYTES_PER_CHARACTER);
    const [{ body }] = await t.requests(model);
    assert.deepEqual([body.voice, body.response_format], ["nova", "pcm"]);
  },

  "speech is streamed": async (t) => {
    const input = "It was the best of times. ".repeat(9);
    const whole = await stream(t, { model: "voice", input, ...SOUND });
    const { pieces, data } = streamed(whole, "audio");
    assert.ok(pieces.length > 1);
    assert.equal(data.length, input.length * BYTES_PER_CHARACTER);
    // The pieces' texts can be joined as well.
    const text = pieces.map((piece) => piece.data).join("");
    assert.ok(bytes(text).equals(data));
    const kept = await t.interactions.get(whole.id);
    assert.ok(bytes(media(kept, "audio")[0].data).equals(data));
  },

  "tokens of images are counted by kind": async (t) => {
    const { usage } = await t.create({ model: "image", ...CAT, ...IMAGE });
    const made = [{ modality: "image", tokens: 272 }];
    assert.deepEqual(usage.output_tokens_by_modality, made);
  },

  "a server that makes no images is a NotFoundError": async (t) => {
    await refused(t, () => t.create({ model: "hello", ...CAT, ...IMAGE }), {
      status: 404,
      kind: "NotFoundError",
      names: ["images/generations"],
    });
  },

  "speech that breaks off fails after what was heard": async (t) => {
    const input = "Good morning. ".repeat(9);
    const whole = await stream(t, { model: "voice:cut", input, ...SOUND });
    assert.equal(whole.errors.length, 1);
    assert.equal(whole.completed.status, "failed");
    assert.ok(streamed(whole, "audio").data.length > 0);
  },

  "text and images at once are refused": async (t) => {
    const response_modalities = ["TEXT", "IMAGE"];
    const params = { model: "image", ...CAT, response_modalities };
    await refused(t, () => t.create(params), {
      status: 400,
      kind: "BadRequestError",
      names: ["response_modalities[1]"],
    });
  },
};
