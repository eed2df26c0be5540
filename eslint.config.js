"use strict";

const js = require("@eslint/js");
const jsdoc = require("eslint-plugin-jsdoc");
const globals = require("globals");

/**
 * What the programs that run beside users' code find in their realm, and what is handed to them
 * (`runtime/source.py`, `local/session_host.js`). Any other name would be the user's, or nobody's.
 */
const HELD = Object.fromEntries(
  Object.entries(globals.es2022)
    .map(([name]) => [name, "readonly"])
    .concat(
      ["module", "exports", "require", "globalThis", "process", "Buffer", "URL", "performance"].map((name) => [name, "readonly"]),
      ["clearTimeout", "setImmediate", "setTimeout"].map((name) => [name, "readonly"]),
    ),
);
const NOT_HELD = Object.fromEntries(Object.keys(globals.node).filter((name) => !(name in HELD)).map((name) => [name, "off"]));

module.exports = [
  { ignores: ["**/node_modules/**", ".venv/**", "dist/**", "test-artifacts/**", "**/.*/**"] },
  js.configs.recommended,
  jsdoc.configs["flat/recommended-typescript-flavor-error"],
  {
    files: ["**/*.js"],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "commonjs",
      globals: globals.node,
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "array-callback-return": "error",
      curly: "error",
      "default-case-last": "error",
      eqeqeq: "error",
      "no-constructor-return": "error",
      "no-else-return": "error",
      "no-implicit-coercion": "error",
      "no-implicit-globals": "error",
      "no-param-reassign": "error",
      "no-promise-executor-return": "error",
      "no-return-assign": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-throw-literal": "error",
      "no-unmodified-loop-condition": "error",
      "no-unused-private-class-members": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }],
      "no-use-before-define": ["error", { classes: false, functions: false, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-promise-reject-errors": "error",
      "prefer-template": "error",
      strict: ["error", "global"],
      "jsdoc/require-jsdoc": [
        "error",
        { require: { ClassDeclaration: true, FunctionDeclaration: true, MethodDefinition: false } },
      ],
      // A type says enough of a parameter whose name says what it is.
      "jsdoc/require-param-description": "off",
      "jsdoc/require-property-description": "off",
      "jsdoc/require-returns-description": "off",
      // TypeScript infers what a function returns.
      "jsdoc/require-returns": "off",
      // TypeScript checks the types; it knows more of them than this plugin does.
      "jsdoc/no-undefined-types": "off",
      "jsdoc/valid-types": "off",
      "jsdoc/tag-lines": "off",
    },
  },
  {
    files: ["acajs_kernel/runtime/**/*.js", "acajs_kernel/local/session_*.js"],
    ignores: [
      "acajs_kernel/local/session_host.js",
      "acajs_kernel/runtime/runner/control.js",
      "acajs_kernel/runtime/runner/heap_watch.js",
    ],
    languageOptions: { globals: { ...NOT_HELD, ...HELD } },
    rules: { "no-undef": ["error", { typeof: true }] },
  },
];
