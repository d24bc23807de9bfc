// Files: uploaded, looked at, listed, downloaded, deleted (contract 1.7).

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { place } from "../context.mjs";
import { cutting } from "../cutting.mjs";

const MIB = 1024 * 1024;
const NINE = Buffer.alloc(9 * MIB, Uint8Array.from({ length: 256 }, (_, i) => i));

function upload(client, data, config = {}) {
  const file = new Blob([data], { type: "text/plain" });
  return client.files.upload({ file, config: { mimeType: "text/plain", ...config } });
}

function digest(data) {
  return createHash("sha256").update(data).digest("base64");
}

/** A folder that is there while `work` runs with its path. */
async function within(work) {
  const folder = await mkdtemp(path.join(tmpdir(), "files-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function downloaded(client, file) {
  let found;
  await within(async (folder) => {
    const downloadPath = path.join(folder, "found");
    await client.files.download({ file, downloadPath });
    found = await readFile(downloadPath);
  });
  return found;
}

async function failure(call) {
  const error = await call.then(
    () => assert.fail("the request was answered, not refused"),
    (thrown) => thrown,
  );
  const { error: body } = JSON.parse(error.message);
  assert.equal(error.status, body.code);
  assert.ok(body.message);
  return body;
}

export const files = {
  "an upload that was interrupted is resumed": async (t) => {
    let file;
    await cutting(place.server, async (baseUrl) => {
      file = await upload(t.client({ baseUrl }), NINE);
      assert.ok(file.uri.startsWith(baseUrl), file.uri);
    });
    assert.equal(file.sha256Hash, digest(NINE));
    assert.ok((await downloaded(t.client(), file)).equals(NINE));
  },

  "a file is active when it is uploaded": async (t) => {
    const data = "Hello there";
    const file = await upload(t.client(), data, { displayName: "Greeting" });
    assert.match(file.name, /^files\/\w+$/);
    assert.equal(file.displayName, "Greeting");
    assert.equal(file.mimeType, "text/plain");
    assert.equal(file.sizeBytes, String(data.length));
    assert.equal(file.state, "ACTIVE");
    assert.equal(file.source, "UPLOADED");
    assert.ok(new Date(file.createTime) < new Date(file.expirationTime));
    assert.equal(file.sha256Hash, digest(data));
    assert.ok(file.uri.startsWith(place.server), file.uri);
    assert.ok(file.uri.endsWith(`/${file.name}`), file.uri);
  },

  "a file by its path has the type of its name": async (t) => {
    await within(async (folder) => {
      const name = path.join(folder, "picture.png");
      await writeFile(name, Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
      const file = await t.client().files.upload({ file: name });
      assert.deepEqual([file.mimeType, file.sizeBytes], ["image/png", "8"]);
    });
  },

  "a file is got by its name until it is deleted": async (t) => {
    const { files } = t.client();
    const { name, uri } = await upload({ files }, "Hello there");
    const found = await files.get({ name });
    assert.deepEqual([found.name, found.uri, found.state], [name, uri, "ACTIVE"]);
    await files.delete({ name });
    const gone = await failure(files.get({ name }));
    assert.deepEqual([gone.code, gone.status], [404, "NOT_FOUND"]);
  },

  "files are listed page by page": async (t) => {
    const client = t.client();
    const names = new Set();
    for (const _ of [1, 2, 3]) names.add((await upload(client, "a")).name);
    for await (const file of await client.files.list({ config: { pageSize: 2 } })) {
      names.delete(file.name);
      if (names.size === 0) break;
    }
    assert.equal(names.size, 0);
  },

  "a file of two pieces goes up and comes down": async (t) => {
    const client = t.client();
    const file = await upload(client, NINE);
    assert.equal(file.sizeBytes, String(NINE.length));
    assert.equal(file.sha256Hash, digest(NINE));
    assert.ok((await downloaded(client, file)).equals(NINE));
    await client.files.delete({ name: file.name });
  },

  "what is too large is refused before it is sent": async (t) => {
    await within(async (folder) => {
      const name = path.join(folder, "large.txt");
      const large = await open(name, "w");
      await large.truncate(3 * 1024 * MIB);
      await large.close();
      const body = await failure(t.client().files.upload({ file: name }));
      assert.deepEqual([body.code, body.status], [413, "INVALID_ARGUMENT"]);
    });
  },
};
