/**
 * Unpacks a compressed tar archive without any program, as a session may have none.
 *
 * The format is that of GNU tar as Python writes it: files, folders, symbolic links, and
 * long names in records of their own (https://www.gnu.org/software/tar/manual/html_node/Standard.html).
 */
"use strict";

const { randomBytes } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { gunzipSync } = require("node:zlib");

/** @typedef {import("./folder.js").Folder} Folder */
/** @typedef {{name: string, kind: string, mode: number, link: string, content: Buffer}} Member */

const BLOCK = 512;

/**
 * @param {Buffer} block
 * @param {number} start
 * @param {number} length
 * @returns {string} The text of a field, without what fills it up.
 */
function field(block, start, length) {
  const text = block.toString("utf8", start, start + length);
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/**
 * @param {Buffer} archive
 * @yields {Member}
 * @returns {Generator<Member>}
 */
function* members(archive) {
  let longName = "";
  let longLink = "";
  for (let offset = 0; offset + BLOCK <= archive.length && archive[offset] !== 0; ) {
    const block = archive.subarray(offset, offset + BLOCK);
    const size = Number.parseInt(field(block, 124, 12).trim() || "0", 8);
    const kind = String.fromCharCode(block[156] ?? 0);
    const content = archive.subarray(offset + BLOCK, offset + BLOCK + size);
    if (!Number.isSafeInteger(size) || content.length < size) {
      throw new Error("The archive ends too early.");
    }
    offset += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (kind === "L" || kind === "K") {
      const text = field(content, 0, content.length);
      longName = kind === "L" ? text : longName;
      longLink = kind === "K" ? text : longLink;
      continue;
    }
    const mode = Number.parseInt(field(block, 100, 8).trim() || "0", 8);
    yield { name: longName || field(block, 0, 100), kind, mode, link: longLink || field(block, 157, 100), content };
    longName = "";
    longLink = "";
  }
}

/**
 * @param {Folder} folder
 * @param {Member} member
 * @param {string} into
 * @returns {void}
 */
function write(folder, member, into) {
  const target = folder.resolve(`${into}/${member.name}`);
  if (member.kind === "5") {
    fs.mkdirSync(target, { recursive: true });
    return;
  }
  fs.mkdirSync(path.dirname(target), { recursive: true });
  if (member.kind === "2") {
    fs.symlinkSync(member.link, target);
  } else if (member.kind === "0" || member.kind === "\0") {
    fs.writeFileSync(target, member.content, { mode: member.mode & 0o777 });
  } else {
    throw new Error(`The archive holds ${member.name}, which is no file, folder or symbolic link.`);
  }
}

/**
 * Unpack an archive, and put each thing at its top in the place of what is there. Then the
 * archive goes; nothing is changed before all of it is unpacked.
 * @param {Folder} folder
 * @param {string} archive
 * @param {string} into
 * @returns {string[]} What was put in place; nothing when the archive has gone before.
 */
function unpack(folder, archive, into) {
  const file = folder.resolve(archive);
  if (!fs.existsSync(file)) {
    return []; // a repeated request
  }
  const beside = `.acajs-unpacked-${randomBytes(6).toString("hex")}`;
  try {
    folder.make(beside);
    for (const member of members(gunzipSync(fs.readFileSync(file)))) {
      write(folder, member, beside);
    }
    const names = fs.readdirSync(folder.resolve(beside)).sort();
    for (const name of names) {
      folder.replace(`${beside}/${name}`, into === "" ? name : `${into}/${name}`);
    }
    fs.rmSync(file, { force: true });
    return names;
  } finally {
    fs.rmSync(folder.resolve(beside), { recursive: true, force: true });
  }
}

module.exports = { members, unpack };
