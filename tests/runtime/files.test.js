/**
 * What the session does with its files on request.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { test } = require("node:test");
const { gzipSync } = require("node:zlib");

const { Folder } = require("../../acajs_kernel/runtime/files/folder.js");
const { unpack } = require("../../acajs_kernel/runtime/files/unpack.js");

/**
 * @param {string} name
 * @param {string} content
 * @param {string} [kind]
 * @returns {Buffer} One member of a tar archive.
 */
function member(name, content, kind = "0") {
  const head = Buffer.alloc(512);
  head.write(name, 0);
  head.write("0000644\0", 100);
  head.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  head.write(kind, 156);
  return Buffer.concat([head, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/**
 * @param {(folder: Folder, root: string) => void} check
 * @returns {void}
 */
function within(check) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "acajs-files-"));
  try {
    check(new Folder(root), root);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

test("an archive takes the place of what was there, and a repeated request changes nothing", () => {
  within((folder, root) => {
    fs.mkdirSync(path.join(root, "modules"));
    fs.writeFileSync(path.join(root, "modules", "old"), "old");
    fs.writeFileSync(path.join(root, "a.tgz"), gzipSync(member("modules/new", "new")));
    assert.deepEqual(unpack(folder, "a.tgz", ""), ["modules"]);
    assert.deepEqual(fs.readdirSync(path.join(root, "modules")), ["new"]);
    assert.deepEqual(unpack(folder, "a.tgz", ""), []);
    assert.deepEqual(fs.readdirSync(root), ["modules"]);
  });
});

for (const [what, archive, pattern] of /** @type {[string, Buffer, RegExp][]} */ ([
  ["is cut", member("modules/new", "x".repeat(600)).subarray(0, 900), /ends too early/],
  ["leads out of the folder", member("../../../evil", "evil"), /leads out/],
  ["holds a device", member("modules/device", "", "3"), /no file, folder or symbolic link/],
])) {
  test(`an archive that ${what} changes nothing`, () => {
    within((folder, root) => {
      fs.mkdirSync(path.join(root, "modules"));
      fs.writeFileSync(path.join(root, "a.tgz"), gzipSync(archive));
      assert.throws(() => unpack(folder, "a.tgz", ""), pattern);
      assert.deepEqual(fs.readdirSync(root).sort(), ["a.tgz", "modules"]);
      assert.deepEqual(fs.readdirSync(path.join(root, "modules")), []);
    });
  });
}

test("a file that is in its place already is placed again without harm", () => {
  within((folder, root) => {
    fs.writeFileSync(path.join(root, "part"), "content");
    const { sha256 } = folder.facts("part", true);
    const move = { from: "part", to: "deep/er/name", sha256 };
    assert.deepEqual(folder.place(move), { path: "deep/er/name", problem: "" });
    assert.deepEqual(folder.place(move), { path: "deep/er/name", problem: "" });
    assert.equal(folder.place({ ...move, sha256: "0" }).problem, "it did not arrive");
    assert.equal(fs.readFileSync(path.join(root, "deep", "er", "name"), "utf8"), "content");
  });
});

test("no operation leaves the folder", () => {
  within((folder, root) => {
    assert.throws(() => folder.facts("../x", false), /leads out/);
    assert.equal(folder.remove("", true).problem, "it is the session's folder itself");
    assert.equal(fs.existsSync(root), true);
  });
});
