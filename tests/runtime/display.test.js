/**
 * What values are shown as: the MIME bundle of each kind.
 */
"use strict";

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { represent, toBundle } = require("../../acajs_kernel/runtime/runner/display.js");
const { imageType, standaloneSvg } = require("../../acajs_kernel/runtime/runner/images.js");
const { escape, tableHtml, tableOf } = require("../../acajs_kernel/runtime/runner/markup.js");

const DISPLAY = Symbol.for("Jupyter.display");
const HOSTILE = `<img src=x onerror="alert(1)">'&amp;</td><script>`;
const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

/**
 * @param {unknown} value
 * @param {import("../../acajs_kernel/runtime/runner/display.js").DisplaySettings} [settings]
 * @returns {Record<string, any>} Its bundle, if that is there at once.
 */
function bundleOf(value, settings = {}) {
  const bundle = toBundle(value, { colors: false, ...settings });
  assert.ok(!(bundle instanceof Promise));
  assert.equal(typeof bundle["text/plain"], "string");
  return bundle;
}

/**
 * @param {unknown} value
 * @returns {string[]} The types of its bundle, in order.
 */
function typesOf(value) {
  return Object.keys(bundleOf(value)).sort();
}

/**
 * @param {string} html
 * @returns {string[]} The texts of a table's cells, entities decoded.
 */
function cellsOf(html) {
  return [...html.matchAll(/<t[dh][^>]*>([^<]*)<\/t[dh]>/g)].map(([, text]) =>
    /** @type {string} */ (text).replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, "&"),
  );
}

describe("what a value says of itself", () => {
  test("is taken from the display method, bytes as base64", () => {
    const bundle = bundleOf({ [DISPLAY]: () => ({ "text/html": "<b>", "image/png": PNG }) });
    assert.deepEqual(bundle, { "text/html": "<b>", "image/png": PNG.toString("base64"), "text/plain": "<b>" });
  });

  test("may come later", async () => {
    const bundle = await toBundle({ [DISPLAY]: async () => ({ "text/markdown": "*m*" }) }, {});
    assert.deepEqual(bundle, { "text/markdown": "*m*", "text/plain": "*m*" });
  });

  test("is taken from nel's methods, beside the text of the value", () => {
    const bundle = bundleOf({
      _toMime: () => ({ "x/y": "m" }),
      _toHtml: () => "h",
      _toSvg: () => "s",
      _toPng: () => "p",
      _toJpeg: () => "j",
    });
    assert.equal(bundle["x/y"] + bundle["text/html"] + bundle["image/svg+xml"] + bundle["image/png"] + bundle["image/jpeg"], "mhspj");
    assert.match(bundle["text/plain"], /_toHtml/);
  });

  test("is named when it fails, at once or later", async () => {
    const now = bundleOf({ [DISPLAY]: () => { throw new RangeError("broken"); } });
    const later = await toBundle({ [DISPLAY]: async () => { throw new RangeError("broken"); } }, {});
    for (const bundle of [now, later]) {
      assert.match(String(bundle["text/plain"]), /display method failed: RangeError: broken/);
    }
  });

  test("is left out where JSON cannot hold it", () => {
    /** @type {any} */
    const circular = {};
    circular.self = circular;
    const bundle = bundleOf({ [DISPLAY]: () => ({ "application/json": circular, "text/html": "h" }) });
    assert.equal(bundle["text/html"], "h");
    assert.match(bundle["text/plain"], /application\/json of this value cannot be shown: TypeError/);
    assert.ok(!("application/json" in bundle));
  });

  test("may have metadata for the types that are shown", () => {
    const value = { [DISPLAY]: () => ({ "image/png": PNG }), [Symbol.for("Jupyter.metadata")]: { "image/png": { width: 5 }, "image/gif": {}, isolated: true } };
    assert.deepEqual(/** @type {any} */ (represent(value, {})).metadata, { "image/png": { width: 5 }, isolated: true });
  });
});

describe("tables", () => {
  test("show arrays of objects, with the columns of all rows", () => {
    const bundle = bundleOf([{ a: 1, b: "x" }, { b: null, c: [1, { d: 2 }] }]);
    assert.deepEqual(cellsOf(bundle["text/html"]), ["a", "b", "c", "1", "x", "", "", "null", "[ 1, { d: 2 } ]"]);
    assert.match(bundle["text/plain"], /^\[ \{ a: 1, b: 'x' \}/);
  });

  test("show fifty rows and columns, and say how many there are", () => {
    const wide = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`c${index}`, index]));
    const html = bundleOf(Array.from({ length: 1234 }, () => wide))["text/html"];
    assert.equal(html.match(/<tr>/g).length, 51);
    assert.equal(html.match(/<th /g).length, 50);
    assert.match(html, /50 of 1,234 rows; 1,184 more, 50 of 60 columns/);
  });

  test("escape names, values and heads", () => {
    const html = bundleOf([{ [HOSTILE]: HOSTILE }])["text/html"] + tableHtml({ rows: [], columns: [], total: 0, head: HOSTILE });
    assert.doesNotMatch(html, /<(img|script)/);
    assert.deepEqual(cellsOf(html), [HOSTILE, HOSTILE]);
  });

  test("cut long cells", () => {
    assert.equal(cellsOf(bundleOf([{ a: "x".repeat(1000) }])["text/html"])[1], `${"x".repeat(200)}\u2026`);
  });

  test("run no getter", () => {
    const row = { get secret() { throw new Error("run"); } };
    assert.deepEqual(cellsOf(bundleOf([row])["text/html"]), ["secret", "[Getter]"]);
  });

  test("set numbers to the right and the rest to the left", () => {
    const html = tableHtml(tableOf([{ n: 1, s: "x" }]));
    assert.match(html, /<th style="text-align:right">n.*<td style="text-align:right">1.*<td style="text-align:left">x/);
  });

  test("take chosen columns, a limit, iterables and single values", () => {
    assert.deepEqual(cellsOf(tableHtml(tableOf([{ a: 1, b: 2 }], { columns: ["b", "z"] }))), ["b", "z", "2", ""]);
    assert.match(tableHtml(tableOf(new Set([{ a: 1 }, { a: 2 }]), { limit: 1 })), /1 of 2 rows/);
    assert.deepEqual(cellsOf(tableHtml(tableOf([5, "x"]))), ["value", "5", "x"]);
    assert.deepEqual(cellsOf(tableHtml(tableOf([["p", "q"]]))), ["0", "1", "p", "q"]);
  });

  test("are not made of other arrays", () => {
    const own = new (class { field = 1; })();
    for (const value of [[], [1, 2], [{ a: 1 }, 2], [own], [{}], [[1]], [new Date()]]) {
      assert.deepEqual(typesOf(value), ["text/plain"]);
    }
  });

  test("show maps and sets with their sizes", () => {
    const map = bundleOf(new Map(/** @type {[any, any][]} */ ([["k", HOSTILE], [{ o: 1 }, 2]])));
    assert.deepEqual(cellsOf(map["text/html"]), ["key", "value", "k", HOSTILE, "{ o: 1 }", "2"]);
    assert.match(map["text/html"], /Map, 2 entries/);
    const set = bundleOf(new Set(Array.from({ length: 70 }, (_, index) => index)));
    assert.match(set["text/html"], /Set, 70 entries.*50 of 70 rows/);
    assert.deepEqual(typesOf(new Map()), ["text/plain"]);
  });
});

describe("images", () => {
  const svg = `<?xml version="1.0"?>\n<!-- c --><svg xmlns="http://www.w3.org/2000/svg"/>`;
  const samples = /** @type {[string, Buffer][]} */ ([
    ["image/png", PNG],
    ["image/jpeg", Buffer.from("ffd8ffe000104a464946", "hex")],
    ["image/gif", Buffer.from("GIF89a....")],
    ["image/webp", Buffer.from("RIFF\x01\x02\x03\x04WEBPVP8 ", "latin1")],
  ]);

  for (const [mime, bytes] of samples) {
    test(`are known by their bytes: ${mime}`, () => {
      for (const value of [bytes, new Uint8Array(bytes), new Uint8Array(bytes).buffer]) {
        const bundle = bundleOf(value);
        assert.equal(bundle[mime], bytes.toString("base64"));
        assert.match(bundle["text/plain"], new RegExp(`image, ${bytes.length} bytes`));
      }
    });
  }

  test("are known by their bytes: image/svg+xml", () => {
    assert.equal(bundleOf(Buffer.from(svg))["image/svg+xml"], svg);
    assert.equal(imageType(Buffer.from("<svgx>")), undefined);
  });

  test("are told from hostile bytes quickly", () => {
    const begun = performance.now();
    assert.equal(imageType(Buffer.from("<!---->".repeat(200))), undefined);
    assert.ok(performance.now() - begun < 1000);
  });

  test("come from canvases", () => {
    const canvas = Object.create({ toDataURL: () => `data:image/png;base64,${PNG.toString("base64")}` });
    assert.equal(bundleOf(canvas)["image/png"], PNG.toString("base64"));
  });

  test("of five megabytes are whole", () => {
    const bytes = Buffer.concat([PNG, Buffer.alloc(5_000_000, 7)]);
    assert.ok(Buffer.from(bundleOf(bytes)["image/png"], "base64").equals(bytes));
  });

  test("in SVG stand alone, on a background where they need one", () => {
    const chart = standaloneSvg('<svg class="p" style="max-width:1px" fill="currentColor"><g/></svg>');
    assert.match(chart, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" style="background:#fff;color:#222;max-width:1px" class="p"/);
    assert.equal(standaloneSvg('<svg xmlns="n" a="1">'), '<svg xmlns="n" a="1">');
  });
});

describe("binary data", () => {
  test("shows size and bytes", () => {
    const html = bundleOf(Buffer.from(`<b>${"\0".repeat(2000)}`))["text/html"];
    assert.match(html, /<b>Buffer<\/b> 2.0 kB/);
    assert.match(html, /000000 {2}3c 62 3e 00.* {2}&lt;b&gt;\.{13}/);
    assert.match(html, /1,875 more bytes/);
  });

  test("shows the items of typed arrays", () => {
    const html = bundleOf(new Float64Array(1000))["text/html"];
    assert.match(html, /<b>Float64Array<\/b> 1,000 items, 8.0 kB/);
    assert.match(html, /900 more items/);
    assert.match(bundleOf(new BigInt64Array([5n]))["text/html"], />5<\/pre>/);
  });
});

describe("elements", () => {
  /** @param {string} outerHTML */
  const element = (outerHTML) => Object.create({ getAttribute() {}, cloneNode() {}, get outerHTML() { return outerHTML; } });

  test("are shown as their HTML", () => {
    assert.deepEqual(bundleOf(element("<p>x</p>")), { "text/html": "<p>x</p>", "text/plain": "<p>x</p>" });
  });

  test("in SVG are shown as an image", () => {
    const bundle = bundleOf(element("<svg><g></g></svg>"));
    assert.deepEqual(Object.keys(bundle).sort(), ["image/svg+xml", "text/plain"]);
    assert.match(bundle["image/svg+xml"], /xmlns=/);
  });

  test("have a bounded text", () => {
    const bundle = bundleOf(element(`<p>${"x".repeat(5000)}</p>`));
    assert.match(bundle["text/plain"], /\u2026 4,007 more characters$/);
    assert.equal(bundle["text/html"].length, 5007);
  });

  test("stand for their documents", () => {
    const bundle = bundleOf({ createElement() {}, querySelector() {}, documentElement: { outerHTML: "<html>" } });
    assert.equal(bundle["text/html"], "<html>");
  });
});

describe("charts", () => {
  /**
   * @param {string} kind
   * @param {number} version
   */
  const schema = (kind, version) => `https://vega.github.io/schema/${kind}/v${version}.json`;

  test("in Vega and Vega-Lite go to the frontend", () => {
    const lite = { $schema: schema("vega-lite", 5), mark: "bar" };
    assert.deepEqual(bundleOf(lite)["application/vnd.vegalite.v5+json"], lite);
    const vega = { $schema: schema("vega", 5), marks: [] };
    assert.deepEqual(bundleOf(vega)["application/vnd.vega.v5+json"], vega);
  });

  test("of a later version also go as the version that JupyterLab knows", () => {
    const bundle = bundleOf({ $schema: schema("vega-lite", 6), mark: "bar" });
    assert.equal(bundle["application/vnd.vegalite.v6+json"].$schema, schema("vega-lite", 6));
    assert.equal(bundle["application/vnd.vegalite.v5+json"].$schema, schema("vega-lite", 5));
  });

  test("come from the objects of their interfaces", async () => {
    const spec = { $schema: schema("vega-lite", 5), data: { values: [{ n: 1n }] } };
    assert.deepEqual(bundleOf({ toSpec: () => spec })["application/vnd.vegalite.v5+json"].data.values, [{ n: 1 }]);
    const view = { runAsync() {}, toSVG: async () => "<svg></svg>" };
    assert.match(String((await toBundle(view, {}))["image/svg+xml"]), /^<svg xmlns/);
  });

  // Each has a rule that it must not be taken for.
  for (const [name, value] of /** @type {[string, unknown][]} */ ([
    ["measurements", { data: [{ type: "temperature", value: 21 }] }],
    ["measurements with a type of Plotly's", { data: [{ type: "bar", value: 21 }] }],
    ["a table's settings", { data: [{ type: "table", labels: "none" }] }],
    ["data beside settings", { data: [{ x: 1, y: 2 }], config: { scale: 2 } }],
    ["data beside a layout's name", { data: [{ x: [1] }], layout: "grid" }],
    ["points beside a layout", { data: [{ x: 1, y: 2 }, { x: 3, y: 4 }], layout: { columns: 2 } }],
    ["unknown traces beside a layout", { data: [{ type: "player", x: [1] }], layout: {} }],
    ["a schema of somebody else", { $schema: "https://example.com/schema/vega/v5.json", marks: [] }],
    ["a theme of Vega-Lite", { $schema: schema("vega-lite", 5), config: {} }],
    ["a library that makes data URLs", { toDataURL: () => assert.fail("must not be called") }],
    ["three bytes of a JPEG", new Map([["bytes", new Uint8Array([255, 216, 255])]]).get("bytes")],
  ])) {
    test(`are not seen in what only looks like one: ${name}`, () => {
      const shown = typesOf(value);
      assert.deepEqual(shown.filter((mime) => !/^text\/(?:plain|html)$/.test(mime)), []);
    });
  }

  test("in Plotly are known by their traces or by their layout", () => {
    for (const figure of [
      { data: [{ type: "pie", values: [1, 2], labels: ["a", "b"] }] },
      { data: [{ type: "indicator", value: 5 }] },
      { data: [{ type: "sankey", node: { label: ["a"] }, link: {} }] },
      { data: [{ type: "table", header: { values: ["a"] } }] },
      { data: [{ type: "scatter", y: new Float64Array(3) }] },
      { data: [{ type: "candlestick", open: [1], close: [2] }] },
      { data: [{ type: "image", source: "data:image/png;base64,AA==" }] },
      { data: [{ x: [1], y: [2] }], layout: {} },
    ]) {
      assert.ok("application/vnd.plotly.v1+json" in bundleOf(figure), JSON.stringify(figure));
    }
  });

  test("in Plotly need data of traces, and nothing that figures have not", () => {
    const mime = "application/vnd.plotly.v1+json";
    assert.deepEqual(bundleOf({ data: [{ x: [1], y: [2], type: "bar" }] })[mime], { data: [{ x: [1], y: [2], type: "bar" }], layout: {} });
    assert.ok(mime in bundleOf({ data: [{ y: [2] }], layout: { title: "t" } }));
    for (const value of [{ data: [] }, { data: [{ y: [2] }] }, { data: [{ y: [2] }], layout: {}, other: 1 }, { data: [1], layout: {} }]) {
      assert.deepEqual(typesOf(value), ["text/plain"]);
    }
  });
});

describe("data frames", () => {
  const records = [{ n: 1, s: HOSTILE }, { n: 2, s: null }];
  const cells = ["n", "s", "1", HOSTILE, "2", "null"];

  test("of polars", () => {
    const head = () => ({ toRecords: () => records });
    const html = bundleOf({ columns: ["n", "s"], height: 2, head, toRecords() {} })["text/html"];
    assert.deepEqual(cellsOf(html), cells);
    assert.match(html, /2 rows \u00d7 2 columns/);
  });

  test("of arquero", () => {
    const frame = { columnNames: () => ["n", "s"], numRows: () => 1000, objects: () => records };
    const html = bundleOf(frame)["text/html"];
    assert.deepEqual(cellsOf(html), cells);
    assert.match(html, /1,000 rows \u00d7 2 columns.*2 of 1,000 rows/);
  });

  // The fields as danfojs 1.1.1 has them, whose packages are too many to be installed here.
  test("of danfo.js, and its series", () => {
    const methods = { head() {}, print() {}, iloc() {} };
    const frame = { ...methods, columns: ["n", "s"], shape: [2, 2], values: [[1, HOSTILE], [2, null]] };
    assert.deepEqual(cellsOf(bundleOf(frame)["text/html"]), cells);
    assert.deepEqual(cellsOf(bundleOf({ ...methods, columns: ["n"], shape: [2, 1], values: [1, 2] })["text/html"]), ["n", "1", "2"]);
  });
});

describe("other values", () => {
  test("URLs of the web are links, others are not", () => {
    assert.match(bundleOf(new URL("https://a.b/?q='<"))["text/html"], /^<a href="https:\/\/a.b\/\?q=%27%3C"/);
    assert.deepEqual(typesOf(new URL("javascript:alert(1)")), ["text/plain"]);
  });

  test("responses show status and headers, and keep their body", async () => {
    const response = new Response("body", { status: 404, headers: { "x-a": HOSTILE.replace(/'/g, "") } });
    const html = bundleOf(response)["text/html"];
    assert.match(html, /Response 404/);
    assert.ok(cellsOf(html).includes("x-a"));
    assert.doesNotMatch(html, /<img/);
    assert.equal(await response.text(), "body");
  });

  const texts = /** @type {[string, unknown, RegExp][]} */ ([
    ["dates", new Date(0), /^1970-01-01T00:00:00.000Z$/],
    ["pending promises", new Promise(() => {}), /^Promise \{\s+<pending>/],
    ["instances", new (class Point { x = 1; })(), /^Point \{ x: 1 \}$/],
    ["nothing", undefined, /^undefined$/],
    ["text", "x", /^'x'$/],
  ]);
  for (const [name, value, text] of texts) {
    test(`are shown as text: ${name}`, () => {
      assert.deepEqual(typesOf(value), ["text/plain"]);
      assert.match(bundleOf(value)["text/plain"], text);
    });
  }

  test("circular and deep structures end", () => {
    /** @type {any} */
    const deep = {};
    for (let level = 0, at = deep; level < 10_000; level += 1) {
      at = at.next = {};
    }
    deep.self = deep;
    assert.match(bundleOf([deep])["text/plain"], /Circular/);
  });

  test("a long text is cut, and says by how much", () => {
    const text = bundleOf(Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`key${index}`, index])))["text/plain"];
    assert.ok(text.length < 200_100);
    assert.match(text, /\u2026 [\d,]+ more characters$/);
  });

  test("options of inspect are the user's", () => {
    assert.equal(bundleOf({ a: { b: 1 } }, { inspectOptions: { depth: 0 } })["text/plain"], "{ a: [Object] }");
    assert.equal(bundleOf(5, { inspectOptions: { colors: true } })["text/plain"], "\u001b[33m5\u001b[39m");
  });
});

describe("hostile values", () => {
  /** @param {unknown} result */
  const traps = (result) =>
    new Proxy({}, { get: () => result, has: () => true, ownKeys: () => { throw new Error("trap"); }, getPrototypeOf: () => { throw new Error("trap"); } });
  /** @type {any} */
  const everything = new Proxy(() => everything, { get: () => everything });
  const throwing = new Proxy({}, { get: () => { throw new Error("trap"); } });

  test("proxies that claim to have everything, or throw, are shown as text", () => {
    for (const value of [everything, traps(1), traps(() => 1), throwing, [throwing], new Map([[throwing, throwing]])]) {
      assert.ok(bundleOf(value)["text/plain"] !== undefined);
    }
    assert.deepEqual(typesOf(everything), ["text/plain"]);
  });

  test("no own getter is run by a rule", () => {
    let runs = 0;
    const names = ["outerHTML", "toDataURL", "toSpec", "$schema", "data", "columnNames", "head", "getAttribute", "createElement", "toSVG"];
    const value = Object.create(null, Object.fromEntries(names.map((name) => [name, { enumerable: true, get: () => { runs += 1; return () => "x"; } }])));
    assert.deepEqual(typesOf(value), ["text/plain"]);
    assert.deepEqual(typesOf([value]), ["text/html", "text/plain"]);
    assert.equal(runs, 0);
  });

  test("an inspection that throws is named", () => {
    const value = { [Symbol.for("nodejs.util.inspect.custom")]: () => { throw new Error("no"); } };
    assert.match(bundleOf(value)["text/plain"], /cannot be shown: no/);
    assert.deepEqual(cellsOf(bundleOf([{ value }])["text/html"]), ["value", "[cannot be shown]"]);
  });

  test("text in HTML stays text, within quotes too", () => {
    assert.doesNotMatch(escape(HOSTILE), /[<>"']/);
  });
});
