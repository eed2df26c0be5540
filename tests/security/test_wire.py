"""Bytes on the socket that no HTTP library would send."""

from __future__ import annotations

import random
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.pool_server import ServedPool

_SEED = 20240202
_REQUESTS = 1000
_AT_ONCE = 50
_FRAMING_SECONDS = 2.0
_STATUS = re.compile(rb"\AHTTP/1\.1 (\d{3})")
_NEW = "api-version=2025-10-02-preview&identifier=wire-session-1"
_OLD = "api-version=2024-02-02-preview&identifier=wire-session-1"
_CODE = b'{"codeInputType":"inline","executionType":"synchronous","code":"1 + 1"}'
_BOUNDARY = b"--x\r\n"
_UPLOAD = (
    _BOUNDARY
    + b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\ntext\r\n--x--\r\n'
)


def _exchange(pool: ServedPool, request: bytes, patience: float = 20) -> bytes:
    """Send bytes, and return all that comes back until the pool closes.

    A pool that waits for the rest of a request is left after so many seconds. Only the whole
    connection is closed: to the server a closed sending half is a client that has gone.
    """
    address = urlsplit(pool.endpoint)
    assert address.hostname is not None
    assert address.port is not None
    received = b""
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        try:
            connection.sendall(request)
            connection.settimeout(patience)
            while piece := connection.recv(65536):
                received += piece
        except (ConnectionError, TimeoutError):
            pass  # refused before it was sent whole, or not refused yet
    return received


def _request(
    pool: ServedPool, line: str, *headers: str, body: bytes = b"", length: bool = True
) -> bytes:
    host = urlsplit(pool.endpoint).netloc
    lines = [line + " HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {pool.token}", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body


def _status(answer: bytes) -> int:
    found = _STATUS.match(answer)
    return int(found.group(1)) if found else 0


def test_a_request_that_is_right_is_answered(attacked_pool: ServedPool) -> None:
    """What the other tests change is accepted when it is not changed."""
    answer = _exchange(
        attacked_pool,
        _request(
            attacked_pool,
            f"POST /executions?{_NEW}",
            "Content-Type: application/json",
            body=_CODE,
        ),
    )
    assert _status(answer) == 200
    assert b'"executionResult":2' in answer


@pytest.mark.parametrize(
    "name",
    [
        "../../../secret.txt",
        "..%2f..%2f..%2fsecret.txt",
        "%2e%2e/%2e%2e/%2e%2e/secret.txt",
        "..%252f..%252f..%252fsecret.txt",
        "%2e%2e%5c%2e%2e%5csecret.txt",
        "..%c0%af..%c0%afsecret.txt",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "a%00.txt",
        "%00",
        "a%0d%0aSet-Cookie:x",
        "C:%5cwindows%5cwin.ini",
        "%ff%fe",
        "n" * 5000,
        "a/" * 2000,
        ".",
        "..",
        "%20",
    ],
)
@pytest.mark.parametrize("query", [_OLD, _NEW], ids=["old", "new"])
def test_no_spelling_of_a_name_leaves_the_folder(
    attacked_pool: ServedPool, query: str, name: str
) -> None:
    """Reading, describing and deleting in raw spellings, in the name and in the folder."""
    old = query == _OLD
    targets = [
        f"GET /files/content/{name}?{query}" if old else f"GET /files/{name}/content?{query}",
        f"GET /files/{name}?{query}",
        f"DELETE /files/{name}?{query}",
        f"GET /files?{query}&path={name}",
        f"GET /files/secret.txt/content?{query}&path={name}",
        f"DELETE /files/secret.txt?{query}&path={name}",
    ]
    for target in targets:
        answer = _exchange(attacked_pool, _request(attacked_pool, target))
        assert b"canary" not in answer, target
        assert b"root:" not in answer, target
        assert _status(answer) < 500, (target, answer[:300])
        if not target.startswith("GET /files?"):  # the list of an odd folder may be empty
            assert _status(answer) >= 400, (target, answer[:300])


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Transfer-Encoding: chunked"], b"zz\r\nnonsense\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"ffffffffffffffffff\r\nx"),
        (["Transfer-Encoding: chunked"], b"-1\r\nx\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"5\r\nab"),
        (["Transfer-Encoding: chunked", "Content-Length: 3"], b"3\r\nabc\r\n0\r\n\r\n"),
        (["Transfer-Encoding: gzip, chunked"], b"0\r\n\r\n"),
        (["Content-Length: -5"], b"hello"),
        (["Content-Length: 5", "Content-Length: 6"], b"hello"),
        (["Content-Length: 99999999999999999999"], b"hello"),
        (["Content-Length: 1000"], b"too short"),
        (["Content-Length: 0x10"], b"0123456789abcdef"),
        (["X: " + "a" * 200_000, "Content-Length: 0"], b""),
        ([f"X-{n}: {n}" for n in range(5000)], b""),
        (["Content-Length: 16", "Content-Type: application/json"], b"[" * 16),
        (["Content-Length: 17000000", "Content-Type: application/json"], b"[" * 17_000_000),
        (["Content-Length: 100000", "Content-Type: application/json"], b"[" * 100_000),
        (["Content-Length: 6", "Content-Type: application/json"], b"\xff\xfe\x00\x00{}"),
        (["Bad Header: x"], b""),
        (["X: a\r\n b: folded"], b""),
        (["X: nul\x00nul"], b""),
    ],
)
def test_broken_framing_is_refused(
    attacked_pool: ServedPool, headers: list[str], body: bytes
) -> None:
    """Chunked nonsense, lengths that lie, oversized headers and bodies: 4xx or no answer."""
    answer = _exchange(
        attacked_pool,
        _request(attacked_pool, f"POST /executions?{_NEW}", *headers, body=body, length=False),
        _FRAMING_SECONDS,
    )
    assert _status(answer) == 0 or 400 <= _status(answer) < 500, answer[:300]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", _UPLOAD),
        ("multipart/form-data; boundary=", _UPLOAD),
        ("multipart/form-data; boundary=" + "b" * 5000, _UPLOAD),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", _UPLOAD[:-20]),
        ("multipart/form-data; boundary=x", _UPLOAD.replace(b"filename", b"file\x00name")),
        ("multipart/form-data; boundary=x", _UPLOAD.replace(b"a.txt", b"../../a.txt")),
        ("multipart/form-data; boundary=x", _UPLOAD.replace(b"a.txt", b"/tmp/a.txt")),
        ("multipart/form-data; boundary=x", _UPLOAD.replace(b"a.txt", b"a\x00.txt")),
        ("multipart/form-data; boundary=x", _UPLOAD.replace(b"a.txt", b"n" * 300)),
        ("multipart/form-data; boundary=x", _BOUNDARY + b"X: " + b"h" * 100_000 + b"\r\n\r\n"),
        ("multipart/form-data; boundary=x", _BOUNDARY * 10_000),
        ("multipart/mixed; boundary=x", _UPLOAD),
        ("application/x-www-form-urlencoded", b"file=x"),
        ("\xff\xfe", _UPLOAD),
    ],
)
@pytest.mark.parametrize("target", [f"/files/upload?{_OLD}", f"/files?{_NEW}"], ids=["old", "new"])
def test_broken_uploads_are_refused(
    attacked_pool: ServedPool, target: str, content_type: str, body: bytes
) -> None:
    """Malformed multipart bodies and names that lead elsewhere: 4xx."""
    answer = _exchange(
        attacked_pool,
        _request(attacked_pool, f"POST {target}", f"Content-Type: {content_type}", body=body),
    )
    assert 400 <= _status(answer) < 500, answer[:300]


@pytest.mark.parametrize(
    "header", ["Host: evil.example", "Origin: https://evil.example", "Sec-Fetch-Site: cross-site"]
)
@pytest.mark.parametrize("target", ["POST /executions", "POST /files", "DELETE /session", "GET /"])
def test_a_web_page_cannot_use_the_pool_even_with_the_token(
    attacked_pool: ServedPool, target: str, header: str
) -> None:
    """A second Host, another origin or another site: refused before anything is done."""
    request = _request(attacked_pool, f"{target}?{_NEW}", header)
    if header.startswith("Host"):
        real = f"Host: {urlsplit(attacked_pool.endpoint).netloc}\r\n".encode()
        assert _status(_exchange(attacked_pool, request)) in {400, 403}
        request = request.replace(real, b"", 1)
    assert _status(_exchange(attacked_pool, request)) == 403


def _mutated(chance: random.Random, request: bytes) -> bytes:
    """Change a request in one to four places: bytes, pieces, repetitions, its end."""
    data = bytearray(request)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(data) or 1)
        kind = chance.randrange(5)
        if kind == 0:
            data[place : place + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            data[place : place + chance.randint(1, 20)] = b""
        elif kind == 2:
            data[place:place] = chance.randbytes(chance.randint(1, 20))
        elif kind == 3:
            data[place:place] = data[place : place + 30] * chance.randint(1, 50)
        else:
            del data[place:]
    return bytes(data)


def test_a_thousand_damaged_requests_do_no_harm(attacked_pool: ServedPool) -> None:
    """Valid requests with damaged bytes: never 5xx, never without the token."""
    chance = random.Random(_SEED)
    json_type = "Content-Type: application/json"
    form_type = "Content-Type: multipart/form-data; boundary=x"
    old_code = b'{"properties":' + _CODE + b"}"
    valid = [
        _request(attacked_pool, f"POST /executions?{_NEW}", json_type, body=_CODE),
        _request(attacked_pool, f"POST /code/execute?{_OLD}", json_type, body=old_code),
        _request(attacked_pool, f"POST /files?{_NEW}", form_type, body=_UPLOAD),
        _request(attacked_pool, f"POST /files/upload?{_OLD}", form_type, body=_UPLOAD),
        _request(attacked_pool, f"GET /files/a.txt/content?{_NEW}"),
        _request(attacked_pool, f"GET /files?{_NEW}&recursive=true"),
        _request(attacked_pool, f"DELETE /files/a.txt?{_NEW}"),
        _request(attacked_pool, f"GET /session?{_NEW}"),
    ]
    statuses: dict[int, int] = {}
    token = attacked_pool.token.encode()
    requests = [_mutated(chance, chance.choice(valid)) for _ in range(_REQUESTS)]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        answers = list(
            threads.map(lambda sent: _exchange(attacked_pool, sent, _FRAMING_SECONDS), requests)
        )
    for request, answer in zip(requests, answers, strict=True):
        status = _status(answer)
        statuses[status] = statuses.get(status, 0) + 1
        assert status < 500, (request, answer[:300])
        assert status < 200 or status >= 300 or token in request, (request, answer[:300])
    print(f"statuses of {_REQUESTS} damaged requests: {dict(sorted(statuses.items()))}")  # noqa: T201 -- figures
    assert statuses[400] > 100
    assert statuses[200] > 10
