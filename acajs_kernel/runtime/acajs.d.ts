/**
 * What cells find beside Node's own globals, in rich mode.
 *
 * For an editor's help, put `/// <reference path="acajs.d.ts" />` into a file of yours.
 */

/** A value as several representations: MIME type to data; bytes travel as base64. */
type JupyterBundle = Record<string, unknown>;

/** An object that says itself how it is shown. */
interface JupyterDisplayable {
  [method: symbol]: (() => JupyterBundle | Promise<JupyterBundle>) | Record<string, unknown>;
}

interface JupyterDisplayOptions {
  /** Names what is shown, so that later cells can update it. */
  display_id?: string;
  /** The value is a MIME bundle already. */
  raw?: boolean;
  /** Metadata of the bundle, by MIME type. */
  metadata?: Record<string, unknown>;
  /** Replace what is shown under `display_id` instead of showing something new. */
  update?: boolean;
}

/** Something that is shown. As a cell's value it shows nothing more. */
interface JupyterDisplayHandle {
  readonly id: string;
  /** Show another value in its place. */
  update(value: unknown, options?: JupyterDisplayOptions): void;
  /** Leave it as it is: later updates change nothing. */
  close(): void;
}

/** A text of one MIME type, from a template or a string. Values stand in it as they are: see `escape`. */
interface JupyterTemplate {
  (template: TemplateStringsArray, ...values: unknown[]): JupyterDisplayable;
  (text: string): JupyterDisplayable;
}

/** A bar that is updated in place, at most ten times a second; iterated it counts. */
interface JupyterProgress<T> extends Iterable<T>, AsyncIterable<T> {
  value: number;
  total: number | undefined;
  label: string;
  /** How much is done now. */
  update(value: number, options?: { label?: string }): this;
  /** So much more (default 1) is done. */
  increment(count?: number): this;
  /** Nothing more is to come: the time stops. */
  done(): this;
  /** What is shown now. */
  bundle(): Record<string, string>;
}

interface JupyterNamespace {
  /** `Symbol.for("Jupyter.display")`: a method of this name gives an object's bundle. */
  readonly $display: symbol;
  /** Show a value now. */
  display(value: unknown, options?: JupyterDisplayOptions): JupyterDisplayHandle;
  html: JupyterTemplate;
  md: JupyterTemplate;
  svg: JupyterTemplate;
  /** LaTeX; in templates backslashes need not be doubled, and delimiters are added. */
  latex: JupyterTemplate;
  /** Text for HTML: `&`, `<`, `>` and quotes as entities. */
  escape(value: unknown): string;
  /** The bundle that a value is shown as. */
  format(value: unknown): Promise<JupyterBundle>;
  /**
   * A PNG, JPEG, GIF, WebP or SVG image; sizes in pixels of the screen.
   * An http(s) URL is fetched by the browser, everything else is kept in the notebook.
   * @throws TypeError The source is no image.
   */
  image(
    source: ArrayBufferView | ArrayBuffer | Blob | Response | URL | string,
    options?: { width?: number; height?: number; alt?: string },
  ): JupyterDisplayable;
  /** A tree that can be folded. */
  json(value: unknown, options?: { expanded?: boolean; root?: string }): JupyterDisplayable;
  /** A table of objects, arrays or single values; 50 rows unless `limit` says otherwise. */
  table(rows: Iterable<unknown>, options?: { columns?: string[]; limit?: number }): JupyterDisplayable;
  /** A bar for so many steps, or for each of these items. */
  progress(total: number, options?: { label?: string }): JupyterProgress<number>;
  progress<T>(
    items: Iterable<T> | AsyncIterable<T>,
    options?: { label?: string; total?: number },
  ): JupyterProgress<T>;
  /** Remove what the cell has shown; with `wait` when something new is shown. */
  clear(options?: { wait?: boolean }): void;
  /**
   * Publish a message of Jupyter's protocol, without binary buffers.
   * @throws TypeError The type is one that the kernel alone may send, such as "status".
   */
  broadcast(type: string, content?: object): Promise<void>;
  /** Options of Node's `util.inspect` for plain texts: depth, colors and the like. */
  inspectOptions: import("node:util").InspectOptions;
}

interface JupyterNamespace {
  /** The notebook's variables as a table. */
  who(): JupyterDisplayable;
}

/** What IJavascript offers; the first result that is sent ends a cell that called `async`. */
interface JupyterCell {
  readonly config: { awaitExecution: boolean };
  async(isAsync?: boolean): boolean;
  done(result?: unknown): void;
  sendResult(result: unknown, keepAlive?: boolean): void;
  sendError(error: unknown): void;
  mime(bundle: JupyterBundle | Promise<JupyterBundle>, keepAlive?: boolean): void;
  text(text: string | Promise<string>, keepAlive?: boolean): void;
  html(html: string | Promise<string>, keepAlive?: boolean): void;
  svg(svg: string | Promise<string>, keepAlive?: boolean): void;
  /** Base64, or bytes. */
  png(png: string | Uint8Array | Promise<string | Uint8Array>, keepAlive?: boolean): void;
  /** Base64, or bytes. */
  jpeg(jpeg: string | Uint8Array | Promise<string | Uint8Array>, keepAlive?: boolean): void;
  json(value: unknown, keepAlive?: boolean): void;
  input(
    options: { prompt?: string; password?: boolean },
    callback?: (error: unknown, line?: string) => void,
  ): Promise<string>;
  display(id?: string): JupyterCellDisplay;
  clear(options?: { wait?: boolean }): void;
}

/** What `$$.display` returns; with an id, all after the first replace it. */
interface JupyterCellDisplay {
  mime(bundle: JupyterBundle): void;
  text(text: string): void;
  html(html: string): void;
  svg(svg: string): void;
  png(png: string | Uint8Array): void;
  jpeg(jpeg: string | Uint8Array): void;
  json(value: unknown): void;
  close(): void;
}

/** Show a value now. */
declare function display(value: unknown, options?: JupyterDisplayOptions): JupyterDisplayHandle;
/** Ask the user for a line without blocking. */
declare function input(text?: string, options?: { password?: boolean }): Promise<string>;
/** Ask the user for a line; the answer, or `initial` where it is empty. */
declare function prompt(text?: string, initial?: string): string;
/** Ask the user yes or no. */
declare function confirm(text?: string): boolean;
/** Show a text and wait for Enter. */
declare function alert(text?: string): void;
declare const Jupyter: JupyterNamespace;
/** IJavascript's interface to the cell that runs now. */
declare const $$: JupyterCell;
