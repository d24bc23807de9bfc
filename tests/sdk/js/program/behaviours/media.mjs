// Media that go in: inline, by address, in every position (contract 4.1).

import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { text } from "../accessors.mjs";
import { place } from "../context.mjs";
import { refused } from "../expectations.mjs";

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";
const ASK = { type: "text", text: "What is it?" };
const IMAGE = { type: "image", data: PIXEL, mime_type: "image/png" };

const digest = (base64) =>
  createHash("sha256").update(Buffer.from(base64, "base64")).digest("hex");

/** A second of nothing, as a recording. */
function recording() {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + 16, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(16000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(16, 40);
  return Buffer.concat([head, Buffer.alloc(16)]).toString("base64");
}

/** What the model was shown, in order; it answers with that. */
async function shown(t, input, more = {}) {
  return JSON.parse(text(await t.create({ model: "media", input, ...more })));
}

export const media = {
  "an image reaches the model byte for byte": async (t) => {
    const [asked, image] = await shown(t, [ASK, IMAGE]);
    assert.equal(asked.text, ASK.text);
    assert.deepEqual([image.type, image.mime_type], ["image", "image/png"]);
    assert.equal(image.sha256, digest(PIXEL));
  },

  "an image by address is left to the model server": async (t) => {
    const uri = "https://pictures.example.com/cat.png";
    const [, image] = await shown(t, [ASK, { type: "image", uri }]);
    assert.equal(image.url, uri);
  },

  "sound reaches the model byte for byte": async (t) => {
    const data = recording();
    const [, sound] = await shown(t, [ASK, { type: "audio", data }]);
    assert.deepEqual([sound.format, sound.sha256], ["wav", digest(data)]);
  },

  "sound by address is fetched": async (t) => {
    const uri = `${place.backend}/media/song.mp3`;
    const [, sound] = await shown(t, [ASK, { type: "audio", uri }]);
    assert.equal(sound.format, "mp3");
    assert.match(sound.sha256, /^[0-9a-f]{64}$/);
  },

  "a video by address is left to the model server": async (t) => {
    const uri = "https://films.example.com/cat.mp4";
    const [, video] = await shown(t, [ASK, { type: "video", uri }]);
    assert.deepEqual([video.type, video.url], ["video", uri]);
  },

  "a PDF reaches a model that takes it": async (t) => {
    const uri = `${place.backend}/media/plan.pdf`;
    const [, document] = await shown(t, [ASK, { type: "document", uri }]);
    assert.deepEqual(
      [document.type, document.mime_type],
      ["document", "application/pdf"],
    );
  },

  "a PDF is read to a model that takes none": async (t) => {
    const uri = `${place.backend}/media/plan.pdf`;
    const input = [ASK, { type: "document", uri }];
    const [said] = await shown(t, input, { model: "told" });
    assert.match(said.text, /\[page 1\]\nThe plan\.\n\n\[page 2\]\nThe end\./);
  },

  "a model that takes no images is named": async (t) => {
    await refused(t, () => t.create({ model: "told", input: [ASK, IMAGE] }), {
      status: 400,
      kind: "BadRequestError",
      names: ["told", "image/png", "input"],
    });
  },

  "data and uri together are refused": async (t) => {
    const image = { ...IMAGE, uri: "https://pictures.example.com/cat.png" };
    await refused(t, () => t.create({ model: "media", input: [ASK, image] }), {
      status: 400,
      kind: "BadRequestError",
      names: ["data", "uri", "input"],
    });
  },

  "an image of an earlier turn is shown again": async (t) => {
    const first = await t.create({ model: "media", input: [ASK, IMAGE] });
    const previous_interaction_id = first.id;
    const [, image] = await shown(t, "And now?", { previous_interaction_id });
    assert.equal(image.sha256, digest(PIXEL));
  },

  "a file that was deleted cannot be shown": async (t) => {
    const client = t.client();
    const blob = new Blob([Buffer.from(PIXEL, "base64")]);
    const config = { mimeType: "image/png" };
    const file = await client.files.upload({ file: blob, config });
    const image = { type: "image", uri: file.uri };
    const first = await t.create({ model: "media", input: [ASK, image] });
    await client.files.delete({ name: file.name });

    const more = { model: "media", previous_interaction_id: first.id };
    const [said, names] = [{ status: 400, kind: "BadRequestError" }, ["deleted", "uri"]];
    const atOnce = () => t.create({ model: "media", input: [ASK, image] });
    await refused(t, atOnce, { ...said, names });
    const later = () => t.create({ ...more, input: "And now?" });
    await refused(t, later, { ...said, names: [...names, first.id] });
  },

  "an uploaded file reaches the model": async (t) => {
    const mimeType = "image/png";
    const file = new Blob([Buffer.from(PIXEL, "base64")], { type: mimeType });
    const { uri } = await t.client().files.upload({ file, config: { mimeType } });
    const [, image] = await shown(t, [ASK, { type: "image", uri, mime_type: mimeType }]);
    assert.deepEqual([image.mime_type, image.sha256], [mimeType, digest(PIXEL)]);
  },
};
