"""The same notebooks give the same outputs on all three pools."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebook_files import new_notebook
from tests.pool_server import served_pool, served_variant

_QUICKSTART = Path(__file__).parent.parent / "notebooks" / "quickstart.ipynb"

_FEATURES = (
    "const xs = await Promise.all([1, 2, 3].map(async (x) => x ** 2)); xs",
    "import { inspect } from 'node:util'; console.log(inspect(new Map([['a', { b: 1 }]])))",
    "for (let i = 0; i < 3; i++) { console.log('out', i); console.error('err', i); }",
    "class Point { constructor(x, y) { Object.assign(this, { x, y }); } }\nnew Point(1, 2)",
    "const shown = display({ 'text/plain': 'first' }, { raw: true, display_id: 'd' }); 1;",
    "console.log('é😀'.repeat(3)); console.log('x'.repeat(100000).length)",
    "function fail() {\n  throw new TypeError('wanted', { cause: new Error('root') });\n}\nfail()",
    "let = 5",
    "null.x",
    "throw { code: 7 }",
    "console.table([{ a: 1, b: 'x' }]); ({ deep: { er: { still: { here: 1 } } } })",
    "{ a: xs.length, b: [...'abc'] }",
    "Promise.reject(new Error('later')); await new Promise((done) => setTimeout(done, 50));",
)


def _outputs(notebook: nbformat.NotebookNode, environment: Mapping[str, str]) -> list[Any]:
    """Run a notebook, and return what its cells show, adjacent texts of a stream joined."""
    ran = NotebookClient(notebook, kernel_name="acajs", allow_errors=True, timeout=60)
    ran.execute(env=dict(environment))
    shown: list[Any] = []
    for cell in notebook.cells:
        outputs: list[Any] = []
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                same = outputs and outputs[-1][0] == output.name
                text = outputs.pop()[1] + output.text if same else output.text
                outputs.append((output.name, text))
            else:
                output.pop("execution_count", None)
                outputs.append((output.output_type, dict(output)))
        shown.append(outputs)
    return shown


@pytest.mark.parametrize("name", ["quickstart", "features"])
def test_the_same_notebook_shows_the_same_on_every_pool(
    environment: dict[str, str], name: str
) -> None:
    """Embedded, over TCP, and with nel as the executor."""

    def fresh() -> nbformat.NotebookNode:
        if name == "features":
            return new_notebook(*_FEATURES)
        notebook: nbformat.NotebookNode = nbformat.read(_QUICKSTART, as_version=4)
        return notebook

    embedded = _outputs(fresh(), environment)
    with ExitStack() as pools:
        served = pools.enter_context(served_pool(environment))
        nel = pools.enter_context(served_variant(environment, "nel"))
        assert _outputs(fresh(), environment | served.environment) == embedded
        assert _outputs(fresh(), environment | nel.environment) == embedded
    assert any(embedded)
