/**
 * What cells find in rich mode, besides Node's own globals.
 *
 * For an editor's help, put `/// <reference path="acajs.d.ts" />` into a file of yours.
 */

/** A value as several representations: MIME type to data; bytes travel as base64. */
type JupyterBundle = Record<string, unknown>;

/** An object that says how to show it. */
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

/** Something that is shown already. As a cell's value it shows nothing more. */
interface JupyterDisplayHandle {
  readonly id: string;
  /** Show another value in its place. */
  update(value: unknown, options?: JupyterDisplayOptions): void;
  /** Leave it unchanged: later updates have no effect. */
  close(): void;
}

/** A text of one MIME type, from a template or a string. Values are inserted unchanged: see `escape`. */
interface JupyterTemplate {
  (template: TemplateStringsArray, ...values: unknown[]): JupyterDisplayable;
  (text: string): JupyterDisplayable;
}

/** A progress bar, updated in place at most ten times a second. Iterating over it advances it. */
interface JupyterProgress<T> extends Iterable<T>, AsyncIterable<T> {
  value: number;
  total: number | undefined;
  label: string;
  /** Set how much is done now. */
  update(value: number, options?: { label?: string }): this;
  /** Add to how much is done (default 1). */
  increment(count?: number): this;
  /** Finish: the clock stops. */
  done(): this;
  /** What is shown now. */
  bundle(): Record<string, string>;
}

/** A message from the frontend. */
interface JupyterCommMessage {
  data: any;
  metadata: Record<string, unknown>;
  buffers: Uint8Array[];
}

interface JupyterCommExtras {
  metadata?: object;
  /** Binary data, which travels unchanged. */
  buffers?: Iterable<ArrayBufferView | ArrayBuffer>;
}

/** A channel to code in the frontend. Errors in callbacks are shown, and do no harm. */
interface JupyterComm {
  readonly id: string;
  readonly target: string;
  readonly isOpen: boolean;
  /**
   * Send anything that JSON can hold.
   * @throws Error The comm is closed.
   */
  send(data?: unknown, extras?: JupyterCommExtras): void;
  /** Tell the frontend that nothing more comes. */
  close(data?: unknown, extras?: JupyterCommExtras): void;
  /** Listen for the frontend's messages; call the returned function to stop. */
  onMessage(listener: (message: JupyterCommMessage) => void): () => void;
  /** Listen for the frontend closing it; call the returned function to stop. */
  onClose(listener: (message: JupyterCommMessage) => void): () => void;
}

interface JupyterComms {
  /** Open a comm for a target that the frontend has registered. */
  (target: string, options?: JupyterCommExtras & { data?: unknown; id?: string }): JupyterComm;
  /** Accept the comms that the frontend opens for a target; otherwise they are closed at once. */
  register(target: string, onOpen: (comm: JupyterComm, message: JupyterCommMessage) => void): void;
  unregister(target: string): void;
}

interface JupyterWidgetOptions {
  /**
   * What runs in the browser: the text of a module whose default export has `render`, or an
   * object with that function. It cannot see the notebook's variables.
   */
  esm: string | { render?: Function; initialize?: Function };
  css?: string;
  /** Anything that JSON can hold, and binary data. Names that begin with `_` belong to the protocol. */
  state?: Record<string, unknown>;
}

/** The model of an anywidget, with the same methods as the browser's. As a value it is shown. */
interface JupyterWidget {
  readonly id: string;
  get(name: string): any;
  /** Change values here; `save_changes` sends them. */
  set(name: string, value: unknown): void;
  set(values: Record<string, unknown>): void;
  /** Send what you have set. */
  save_changes(): void;
  /** Listen for changes of values, here or in the browser; `value` is the new one. */
  on(event: `change:${string}`, listener: (model: JupyterWidget, value: any) => void): void;
  on(event: "change", listener: (model: JupyterWidget) => void): void;
  /** Listen for what the browser sends with `model.send`. */
  on(event: "msg:custom", listener: (content: any, buffers: Uint8Array[]) => void): void;
  off(event?: string, listener?: Function): void;
  /** Send a message, which views receive as "msg:custom". */
  send(content: unknown, callbacks?: unknown, buffers?: Iterable<ArrayBufferView | ArrayBuffer>): void;
  /** Remove it from frontends. */
  close(): void;
}

interface JupyterNamespace {
  /** `Symbol.for("Jupyter.display")`: a method of this name returns an object's bundle. */
  readonly $display: symbol;
  /** Show a value now. */
  display(value: unknown, options?: JupyterDisplayOptions): JupyterDisplayHandle;
  html: JupyterTemplate;
  md: JupyterTemplate;
  svg: JupyterTemplate;
  /** LaTeX; in templates you need not double backslashes, and delimiters are added. */
  latex: JupyterTemplate;
  /** Text that is safe in HTML: `&`, `<`, `>` and quotes become entities. */
  escape(value: unknown): string;
  /** The bundle that a value is shown as. */
  format(value: unknown): Promise<JupyterBundle>;
  /**
   * A PNG, JPEG, GIF, WebP or SVG image; sizes are in CSS pixels.
   * The browser fetches an http(s) URL; the notebook keeps everything else.
   * @throws TypeError The source is not an image.
   */
  image(
    source: ArrayBufferView | ArrayBuffer | Blob | Response | URL | string,
    options?: { width?: number; height?: number; alt?: string },
  ): JupyterDisplayable;
  /** A tree that can be folded. */
  json(value: unknown, options?: { expanded?: boolean; root?: string }): JupyterDisplayable;
  /** A table of objects, arrays or single values; 50 rows unless `limit` says otherwise. */
  table(rows: Iterable<unknown>, options?: { columns?: string[]; limit?: number }): JupyterDisplayable;
  /** A progress bar for a number of steps, or for each of these items. */
  progress(total: number, options?: { label?: string }): JupyterProgress<number>;
  progress<T>(
    items: Iterable<T> | AsyncIterable<T>,
    options?: { label?: string; total?: number },
  ): JupyterProgress<T>;
  /** Remove what the cell has shown; with `wait`, not until it shows something new. */
  clear(options?: { wait?: boolean }): void;
  /** Channels to code in the frontend. */
  comm: JupyterComms;
  /**
   * Make a widget from a module for the browser and a state that both sides see and change. The
   * frontend needs the package anywidget.
   * @throws TypeError The module is missing.
   */
  widget(options: JupyterWidgetOptions): JupyterWidget;
  /**
   * Publish a message of Jupyter's protocol; only comm messages may have binary buffers.
   * @throws TypeError Only the kernel may send this type, such as "status".
   */
  broadcast(type: string, content?: object, extras?: JupyterCommExtras): Promise<void>;
  /** Options of Node's `util.inspect` for plain texts: depth, colors and the like. */
  inspectOptions: import("node:util").InspectOptions;
}

interface JupyterNamespace {
  /** The notebook's variables as a table. */
  who(): JupyterDisplayable;
}

/** What IJavascript offers; the first result sent ends a cell that called `async`. */
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

/** What `$$.display` returns; with an id, each later output replaces the one before. */
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
/** Ask the user for a line; returns the answer, or `initial` if it is empty. */
declare function prompt(text?: string, initial?: string): string;
/** Ask the user yes or no. */
declare function confirm(text?: string): boolean;
/** Show a text and wait for Enter. */
declare function alert(text?: string): void;
declare const Jupyter: JupyterNamespace;
/** IJavascript's interface to the running cell. */
declare const $$: JupyterCell;
