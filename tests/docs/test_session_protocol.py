"""The page about the session protocol names what the code sends and reads, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from tests.checkout import REPOSITORY

_PAGE = (REPOSITORY / "docs" / "session-protocol.md").read_text(encoding="utf-8")
_RUNTIME = REPOSITORY / "acajs_kernel" / "runtime"
_SESSION = REPOSITORY / "acajs_kernel" / "session"


def _section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", _PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def _rows(title: str) -> dict[str, set[str]]:
    """Return the names in the first column of a section's table, with those in the second."""
    rows: dict[str, set[str]] = {}
    for line in _section(title).splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if line.startswith("| `"):
            names = re.findall(r"`(\w+)`", cells[1])
            fields = set(re.findall(r"`(\w+)\??`", re.sub(r"\([^)]*\)", "", cells[2])))
            rows.update(dict.fromkeys(names, fields))
    return rows


def _read(*parts: str) -> str:
    return _RUNTIME.joinpath(*parts).read_text(encoding="utf-8")


def _python() -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(_SESSION.rglob("*.py")))


def _agent_operations() -> set[str]:
    agent = _read("agent", "agent.js")
    return {"hello", *re.findall(r'^ +case "(\w+)":$', agent, re.MULTILINE)}


def test_the_page_names_the_operations_of_the_agent() -> None:
    """Each operation that the agent serves is a row, and each row is served."""
    assert set(_rows("Requests")) == _agent_operations()


def test_the_kernel_sends_each_operation() -> None:
    """Nothing is served that nobody sends."""
    sent = set(re.findall(r"""(?:ask\(\s*|"op": )"(\w+)\"""", _python()))
    assert sent == _agent_operations()


def test_the_page_names_the_fields_of_requests() -> None:
    """Each field that the agent reads is on the page, and no field of a row is unknown to it."""
    agent = _read("agent", "agent.js") + _read("agent", "cell_queue.js")
    declared = set(re.findall(r"@property \{[^\n]*?\} \[?(\w+)\]?", agent))
    asked = {"kind", "prefix", "targets", "detail"}  # the editor's, which the runner reads
    section = _section("Requests")
    named = set(re.findall(r"`(\w+)\??`", section))
    assert declared <= named
    for operation, fields in _rows("Requests").items():
        assert fields <= declared | asked, operation


def test_the_page_names_the_reasons_of_refusals() -> None:
    """Each reason with which the agent refuses is on the page."""
    agent = _read("agent", "agent.js")
    given = set(re.findall(r'refused: "([\w-]+)"', agent))
    given |= set(re.findall(r'#refuse\(execution, request, "([\w-]+)"', agent))
    paragraph = next(text for text in _PAGE.split("\n\n") if text.startswith("A refusal"))
    assert given == set(re.findall(r"`([a-z][\w-]+)`", paragraph)) - {"hello", "restart"}


def test_the_page_names_the_fields_of_answers() -> None:
    """What an answer carries, and what the kernel reads of it."""
    agent = _read("agent", "agent.js") + _read("agent", "runner_control.js")
    facts = _read("agent", "supervisor.js").partition("facts() {")[2]
    named = set(re.findall(r"`(\w+)(?:: \{[^`]*)?`", _section("Payload"))) - {"hello"}
    for name in named:
        assert re.search(rf"\b{name}\b", agent + facts + _read("agent", "events.js")), name
    status = agent.partition("status() {")[2].partition("}")[0]
    assert set(re.findall(r"^ +(\w+):", status, re.MULTILINE)) <= named
    greeting = agent.partition("#waitForRunner(execution, request, () => ({")[2]
    assert set(re.findall(r"^ +(\w+):", greeting.partition("}));")[0], re.MULTILINE)) <= named
    assert set(re.findall(r"^ +(\w+):", facts.partition("};")[0], re.MULTILINE)) <= named


def test_the_page_names_the_kinds_of_events() -> None:
    """Those that the runner may send, without what is for the agent alone, and the agent's own."""
    shapes = _read("agent", "event_shapes.js").partition("SHAPES = ")[2]
    kinds = set(re.findall(r'^ +(?:\[)?"(\w+)",', shapes, re.MULTILINE))
    assert {"stream", "display", "done"} <= kinds
    assert set(_rows("Events")) == (kinds - {"ready", "reply"}) | {"restarted"}


def test_the_page_tells_the_numbers_of_the_code() -> None:
    """Answers kept, milliseconds and sizes are those of the code."""
    answers = _read("agent", "answers.js")
    assert re.search(r"KEPT = 4;", answers)
    assert "**last four**" in _section("Answers")
    patience = re.search(r"PATIENCE = (\d+);", _read("runner", "control.js"))
    repeat = re.search(r"REPEAT = (\d+);", _read("agent", "interruption.js"))
    assert patience is not None
    assert repeat is not None
    runner = " ".join(_section("The runner").split())
    assert f"within {patience[1]} ms" in runner
    assert f"every {repeat[1]} ms" in runner


def test_every_part_is_named() -> None:
    """The page says what each part of the runtime is for."""
    for part in (_RUNTIME / "parts").glob("*.js"):
        assert f"`{Path(part).stem}`" in _section("Parts")
