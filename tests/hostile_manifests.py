"""Two hundred manifests that nobody should send, each with a name. Made, not kept, and the same on every run."""

import json
import random
from collections.abc import Iterator

COUNT = 200
GOOD = b'{"source-ref":"s3://groundwork-data/projects/pets/datasets/1.png"}\n'


def hostile_manifests() -> Iterator[tuple[str, bytes]]:
    """Name and content of each."""
    yield from _by_hand()
    chance = random.Random(20261123)  # noqa: S311 - nothing secret
    for number in range(COUNT - len(list(_by_hand()))):
        yield f"mangled-{number:03}", _mangled(chance)


def _by_hand() -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "only-line-feeds", b"\n" * 1_000
    yield "only-carriage-returns", b"\r" * 1_000
    yield "byte-order-mark", b"\xef\xbb\xbf" + GOOD
    yield "byte-order-mark-alone", b"\xef\xbb\xbf"
    yield "utf-16", GOOD.decode().encode("utf-16")
    yield "utf-32", GOOD.decode().encode("utf-32")
    yield "latin-1", '{"source":"Grüße"}\n'.encode("latin-1")
    yield "crlf", GOOD.replace(b"\n", b"\r\n") * 3
    yield "mixed-line-ends", GOOD + GOOD.replace(b"\n", b"\r\n") + GOOD.replace(b"\n", b"\r")
    yield "no-last-line-feed", GOOD.rstrip()
    yield "truncated", GOOD * 3 + GOOD[:30]
    yield "all-bytes", bytes(range(256)) * 100
    yield "zeros", b"\0" * 1_000_000
    yield "nul-in-text", b'{"source-ref":"s3://groundwork-data/projects/pets/\0.png"}\n'
    yield "nul-escaped", b'{"source-ref":"s3://groundwork-data/projects/pets/\\u0000.png"}\n'
    yield "gzip", b"\x1f\x8b\x08\0" + bytes(range(256)) * 20
    yield "nested-lists", b"[" * 100_000 + b"]" * 100_000 + b"\n"
    yield "nested-objects", b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"\n"
    yield "nested-in-an-attribute", GOOD[:-2] + b',"x":' + b"[" * 9_000 + b"]" * 9_000 + b"}\n"
    yield "huge-line", b'{"source":"' + b"x" * 3_000_000 + b'"}\n' + GOOD
    yield "huge-attribute", b'{"source":"' + b"x" * 30_000 + b'"}\n'
    yield "huge-number", b'{"source":"a","n":' + b"9" * 90_000 + b"}\n"
    yield "infinite-number", b'{"source":"a","n":1e999999}\n{"source":"a","n":-1e999999}\n'
    yield "lone-surrogate", b'{"source":"\\ud800"}\n{"source-ref":"s3://a/\\udfff.png"}\n'
    yield "surrogate-bytes", b'{"source":"\xed\xa0\x80"}\n'
    yield "overlong-utf-8", b'{"source":"\xc0\xaf"}\n'
    yield "duplicate-keys", b'{"source-ref":"s3://a/1.png","source-ref":"s3://b/2.png"}\n'
    yield "hidden-duplicate-keys", b'{"source-ref":"s3://a/1.png","\\u0073ource-ref":"s3://b/2.png"}\n'
    yield "two-objects-a-line", GOOD.strip() + GOOD
    yield "object-over-two-lines", GOOD.replace(b":", b":\n", 1)
    yield "both-at-once", GOOD.strip() + GOOD + GOOD.replace(b":", b":\n", 1)
    yield "array", b"[" + GOOD.strip() + b"," + GOOD.strip() + b"]\n"
    yield "scalars", b'null\ntrue\n1\n"a"\nNaN\nInfinity\n-\n'
    yield "html", b"<!doctype html><script>alert(1)</script>\n" * 20
    yield "csv", b"source-ref\ns3://a/1.png\n"
    yield "path-climbing", b'{"source-ref":"s3://groundwork-data/projects/pets/../zoo/1.png"}\n'
    yield "other-schemes", b'{"source-ref":"file:///etc/passwd.png"}\n{"source-ref":"http://169.254.169.254/a.png"}\n'
    yield "other-buckets", b'{"source-ref":"s3://someone-elses/1.png"}\n'
    yield "template-language", b'{"source-ref":"{{ task | grant_read_access }}.png","x":"{% raw %}"}\n'
    yield "dollar-names", b'{"source-ref":"s3://a/1.png","$where":1,"$":2}\n'
    yield "empty-names", b'{"":1,"":2}\n'
    yield "proto-names", b'{"__proto__":{"source":"a"},"constructor":1}\n'
    yield "types-of-source", b"".join(b'{"source-ref":%b}\n' % value for value in (b"1", b"null", b"[]", b"{}", b"true", b'""', b'" "'))
    yield "many-attributes", json.dumps({f"a{number}": number for number in range(9_000)}).encode() + b"\n"
    yield "a-hundred-thousand-faults", b"{}\n" * 100_000
    yield "a-hundred-thousand-kinds-of-nonsense", b"".join(b"?%d\n" % number for number in range(100_000))
    yield "the-same-line-ten-thousand-times", GOOD * 10_000


def _mangled(chance: random.Random) -> bytes:
    """Some good lines, with bytes changed, put in, taken out or moved."""
    body = bytearray(GOOD * chance.randint(1, 40))
    for _ in range(chance.randint(1, 60)):
        place = chance.randrange(len(body) or 1)
        match chance.randrange(5):
            case 0:
                body[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                body[place:place] = chance.choice(
                    [b"\n", b"\r", b"\0", b"\xff", b"{", b"}", b'"', b"\\", b"\\u", b"\xef\xbb\xbf", b"[" * 500]
                )
            case 2:
                del body[place : place + chance.randint(1, 30)]
            case 3:
                body[place:place] = bytes(body[chance.randrange(len(body) or 1) :][:80])
            case _:
                body[place:place] = chance.randbytes(chance.randint(1, 300))
    return bytes(body)
