"""The service's executionResult becomes a MIME bundle."""

from __future__ import annotations

import base64

import pytest

from acajs_kernel.session.plain.result import result_bundle

_PNG = base64.b64encode(b"\x89PNG rest").decode()


@pytest.mark.parametrize(
    ("result", "text"),
    [(2, "2"), ("'a'", "'a'"), (False, "false"), (None, "null"), ([1], "[ 1 ]"), (0, "0")],
)
def test_every_value_has_its_text(result: object, text: str) -> None:
    """Numbers, strings, booleans, null and arrays are shown as Node shows them."""
    assert result_bundle(result) == {"text/plain": text}


def test_an_empty_result_shows_nothing() -> None:
    """An undefined value comes as an empty string."""
    assert result_bundle("") is None


@pytest.mark.parametrize(
    ("name", "mime_type"), [("png", "image/png"), ("jpeg", "image/jpeg"), ("gif", "image/gif")]
)
def test_an_image_of_the_service_becomes_an_image(name: str, mime_type: str) -> None:
    """The shape of the service's Python sessions is understood."""
    bundle = result_bundle({"type": "image", "format": name, "base64_data": _PNG})
    assert bundle is not None
    assert bundle[mime_type] == _PNG
    assert bundle["text/plain"] == f"<{mime_type}, 9 bytes>"


def test_an_svg_image_is_carried_as_text() -> None:
    """Jupyter wants SVG as text."""
    encoded = base64.b64encode(b"<svg/>").decode()
    bundle = result_bundle({"type": "image", "format": "svg", "base64_data": encoded})
    assert bundle is not None
    assert bundle["image/svg+xml"] == "<svg/>"


@pytest.mark.parametrize(
    "value",
    [
        {"type": "image", "format": "png", "base64_data": "not base64!"},
        {"type": "image", "format": "bmp", "base64_data": _PNG},
        {"type": "image", "format": "png"},
        {"type": "user"},
    ],
)
def test_an_object_that_only_looks_like_an_image_is_shown_as_an_object(
    value: dict[str, str],
) -> None:
    """Nothing of a user's own object is lost by taking it for an image."""
    bundle = result_bundle(value)
    assert bundle is not None
    assert set(bundle) == {"text/plain"}
    assert f"type: '{value['type']}'" in bundle["text/plain"]
