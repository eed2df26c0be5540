"""The reference notebook: cells of every kind, each of which leaves its number in a file."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["LOG_NAME", "PLAIN_STEPS", "STEPS", "Step", "soak_step"]

LOG_NAME = "ran.txt"
"""The file, in the session's folder, to which every cell appends its number and a line end."""


@dataclass(frozen=True)
class Step:
    """One cell of the notebook.

    Attributes:
        code: The user's text.
        answers: What the user answers to its questions, in their order.
        expressions: The request's user_expressions.
        needs: Steps before this one, counted back from it, without which it shows
            something else.
    """

    code: str
    answers: tuple[str, ...] = ()
    expressions: dict[str, str] = field(default_factory=dict)
    needs: tuple[int, ...] = ()

    def text(self, number: int) -> str:
        """Return the cell's text, which first appends its number to the file."""
        return f"require('fs').appendFileSync('{LOG_NAME}', '{number}\\n');\n{self.code}"


_SLEEP = "await new Promise((done) => setTimeout(done, {}));"

STEPS: tuple[Step, ...] = (
    # counters
    Step("let counter = 1; counter"),
    Step("counter += 1; counter", needs=(1,)),
    Step("counter += 1; const seen = counter; seen", needs=(1, 2)),
    Step("console.log('counted', counter)", needs=(1, 2, 3)),
    # streams
    Step("console.log('one'); console.error('two'); console.log('three')"),
    Step("for (let i = 0; i < 200; i++) console.log('line ' + i)"),
    Step("process.stdout.write('no line end'); process.stderr.write('nor here')"),
    Step("console.warn({warned: [1, 2, 3]}); console.table([{a: 1}, {a: 2}])"),
    Step("console.log('Grüße, 世界 😀'); '𐍈 \\ud83d half'"),
    Step("console.log('0123456789abcdef'.repeat(12500))"),
    Step("'ä'.repeat(3000)"),
    Step(f"for (let i = 0; i < 3; i++) {{ console.log('step ' + i); {_SLEEP.format(25)} }}"),
    # displays
    Step("Jupyter.display({'text/plain': 'shown'}, {raw: true, display_id: 'first'})"),
    Step(
        "const bar = Jupyter.display({'text/plain': '0 %'}, {raw: true, display_id: 'bar'});\n"
        "bar.update({'text/plain': '50 %'}, {raw: true}); bar.update({'text/plain': '100 %'},"
        " {raw: true}); 'updated'"
    ),
    Step("bar.update({'text/plain': 'from another cell'}, {raw: true}); 0", needs=(1,)),
    Step("console.log('before'); Jupyter.clear({wait: true}); console.log('after')"),
    Step("Jupyter.html`<b>bold</b>`"),
    Step(
        "for (let i = 0; i < 30; i++)"
        " Jupyter.display({'text/plain': String(i)}, {raw: true, display_id: 'n' + i}); null"
    ),
    # results
    Step("({name: 'Ada', list: [1, 2, 3], nested: {deep: true}})"),
    Step("undefined"),
    Step("var base = 20; base", expressions={"sum": "base + 1", "bad": "nowhere"}),
    Step("[...Array(150).keys()]"),
    # errors
    Step("throw new RangeError('too much')"),
    Step("console.log('then'); null.property"),
    Step("throw 'a text'"),
    Step("await Promise.reject(new TypeError('asynchronously'))"),
    Step("counter", needs=(24, 25, 26)),
    # TypeScript, which V8 refuses as JavaScript first
    Step(
        "let typed: number = 1; enum Size { Small = 3 }; console.log('typed'); typed + Size.Small"
    ),
    Step("typed += 1; (typed as number) + null!", needs=(1,)),
    # await and input
    Step(f"{_SLEEP.format(10)} 'waited'"),
    Step("(await Promise.all([1, 2, 3].map(async (n) => n * n))).join()"),
    Step("const name = prompt('Name?'); console.log('Hello, ' + name); name.length", ("Grace",)),
    Step("const a = await input('A?'); const b = await input('B?'); [a, b]", ("one", "two")),
    Step("confirm('Sure?') ? prompt('Really?', 'no') : 'never'", ("y", "")),
    # timers and late output
    Step("setTimeout(() => console.log('late'), 15); 'soon'"),
    Step(
        f"setTimeout(() => Jupyter.display({{'text/plain': 'late too'}}, {{raw: true,"
        f" display_id: 'late'}}), 15); {_SLEEP.format(5)}"
    ),
    Step(f"setTimeout(() => {{ throw new Error('in a timer') }}, 1); {_SLEEP.format(15)}"),
    Step("import os from 'node:os'; import { sep } from 'node:path'; typeof os.cpus + sep"),
    Step(f"{_SLEEP.format(60)} counter", needs=(36, 37, 38)),
)
"""What is run in rich mode."""

PLAIN_STEPS: tuple[Step, ...] = (
    Step("var counter = 1; counter"),
    Step("counter += 1; counter", needs=(1,)),
    Step("console.log('one'); console.log('two')"),
    Step("console.error('trouble'); 'beside it'"),
    Step("console.log('Grüße, 世界 😀')"),
    Step("for (let i = 0; i < 50; i++) console.log('line ' + i)"),
    Step("'ä'.repeat(500)"),
    Step("({name: 'Ada', list: [1, 2, 3]})"),
    Step("undefined"),
    Step("[1, 2, 3]"),
    Step("throw new RangeError('too much')"),
    Step("console.log('then'); null.property"),
    Step("console.log('0123456789abcdef'.repeat(1250))"),
    Step("$$.async(); setTimeout(() => $$.sendResult('later'), 10)"),
    Step("counter", needs=(13, 14)),
)
"""What is run in plain mode: what needs no runner."""


def soak_step(number: int) -> Step:
    """Return the cell of this number of a long notebook, cheap and unlike its neighbours."""
    kinds = (
        f"console.log('cell {number}'); {number} * 2",
        f"console.error('trouble {number}'); console.log('out {number}')",
        f"for (let i = 0; i < 20; i++) console.log({number} + i)",
        f"{_SLEEP.format(2)} 'waited {number}'",
        f"Jupyter.display({{'text/plain': '{number}'}}, {{raw: true, display_id: 'd{number}'}})",
        f"throw new Error('number {number}')",
        f"console.log('x'.repeat({number * 7}))",
        f"prompt('Cell {number}?')",
        "globalThis.total = (globalThis.total ?? 0) + 1",
        f"setTimeout(() => console.log('late {number}'), 1); 'started {number}'",
    )
    return Step(kinds[number % len(kinds)], (f"answer {number}",))
