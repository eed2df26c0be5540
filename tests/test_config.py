"""Settings: command line before environment before default."""

from __future__ import annotations

import pytest

from acajs_kernel.config import API_VERSION, Settings


def test_without_settings_the_embedded_pool_is_used() -> None:
    """No endpoint, no token, automatic runtime."""
    settings = Settings()
    assert (settings.endpoint, settings.token, settings.session_id) == ("", "", "")
    assert settings.api_version == API_VERSION
    assert settings.runtime == "auto"
    assert settings.timeout == 220
    assert settings.keepalive_minutes == 30


@pytest.mark.parametrize(
    ("variable", "value", "name", "expected"),
    [
        ("ACAJS_POOL_ENDPOINT", " https://pool.example ", "endpoint", "https://pool.example"),
        ("ACAJS_EMBEDDED_POOL", "off", "embedded_pool", "off"),
        ("ACAJS_API_VERSION", "2025-02-02-preview", "api_version", "2025-02-02-preview"),
        ("ACAJS_SESSION_ID", "my-session", "session_id", "my-session"),
        ("ACAJS_TOKEN", "t0ken", "token", "t0ken"),
        ("ACAJS_RUNTIME", "plain", "runtime", "plain"),
        ("ACAJS_TIMEOUT", "60", "timeout", 60),
        ("ACAJS_KEEPALIVE_MINUTES", "0.5", "keepalive_minutes", 0.5),
        ("ACAJS_ON_SESSION_LOSS", "replay", "on_session_loss", "replay"),
    ],
)
def test_each_setting_has_its_environment_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, name: str, expected: object
) -> None:
    """The variable is read when the setting is not given otherwise."""
    monkeypatch.setenv(variable, value)
    assert getattr(Settings(), name) == expected


def test_our_endpoint_variable_comes_before_the_vendors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable of the vendor's other clients is read only without ours."""
    vendors = "AZURE_CONTAINER_APP_SESSION_POOL_MANAGEMENT_ENDPOINT"
    monkeypatch.setenv(vendors, "https://theirs.example")
    assert Settings().endpoint == "https://theirs.example"
    monkeypatch.setenv("ACAJS_POOL_ENDPOINT", "https://ours.example")
    assert Settings().endpoint == "https://ours.example"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ACAJS_RUNTIME", "fast"),
        ("ACAJS_EMBEDDED_POOL", "no"),
        ("ACAJS_ON_SESSION_LOSS", "panic"),
        ("ACAJS_TIMEOUT", "soon"),
        ("ACAJS_TIMEOUT", "221"),
        ("ACAJS_KEEPALIVE_MINUTES", "-1"),
        ("ACAJS_KEEPALIVE_MINUTES", "nan"),
    ],
)
def test_a_bad_value_is_reported_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """The error names the variable and what it may hold."""
    monkeypatch.setenv(variable, value)
    error = Settings().settings_error()
    assert error is not None
    assert variable in error.message
    assert variable in error.remedy


def test_without_an_endpoint_a_forbidden_embedded_pool_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Off means that there must be a pool; with one there is nothing wrong."""
    monkeypatch.setenv("ACAJS_EMBEDDED_POOL", "off")
    error = Settings().settings_error()
    assert error is not None
    assert "ACAJS_EMBEDDED_POOL=off" in error.message
    assert "ACAJS_POOL_ENDPOINT" in error.remedy
    monkeypatch.setenv("ACAJS_POOL_ENDPOINT", "https://pool.example")
    assert Settings().settings_error() is None


def test_good_settings_have_no_error() -> None:
    """Nothing is reported where nothing is wrong."""
    assert Settings().settings_error() is None
