"""A small OpenID provider on loopback: it signs who it is told to sign in, or lies as it is told to."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.support.webserver import WebServer, page, serving

CLIENT_ID, CLIENT_SECRET = "newsletter", "s3cret & more"


@dataclass(slots=True)
class Provider:
    """A running provider.

    `claims` overrule what its tokens say (None takes one away), `about` what it says of itself.
    """

    web: WebServer
    key: RSAKey
    claims: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    forger: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    now: int = 0

    @property
    def issuer(self) -> str:
        return self.web.url

    def sign_in(self, url: str) -> dict[str, str]:
        """Somebody follows the address and signs in here: what comes back to the newsletter."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def token(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer the token endpoint: each code once, to who knows the verifier and the client's secret."""
        posted = {name: values[0] for name, values in parse_qs(self.web.bodies[-1].decode()).items()}
        asked = self.codes.pop(posted.get("code", ""), None)
        basic = base64.b64decode(handler.headers.get("Authorization", "").partition(" ")[2]).decode()
        client_id, _, secret = (unquote_plus(part) for part in basic.partition(":"))
        if asked is None or (client_id, secret) != (CLIENT_ID, CLIENT_SECRET):
            handler.send_error(400)
            return
        challenge = base64.urlsafe_b64encode(hashlib.sha256(posted["code_verifier"].encode()).digest())
        if challenge.decode().rstrip("=") != asked["code_challenge"] or posted["redirect_uri"] != asked["redirect_uri"]:
            handler.send_error(400)
            return
        page(json.dumps(self._answer(asked)), content_type="application/json")(handler)

    def _answer(self, asked: dict[str, str]) -> dict[str, Any]:
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "subject-of-ben",
            "exp": self.now + 300,
            "iat": self.now,
            "nonce": asked["nonce"],
            "email": "ben@example.org",
            "email_verified": True,
            "name": "Ben Bauer",
        }
        if "max_age" in asked:
            claims["auth_time"] = self.now
        told = {name: value for name, value in (claims | self.claims).items() if value is not None}
        return {"access_token": "access", "token_type": "Bearer", "id_token": self._signed(told)}

    def _signed(self, claims: dict[str, Any]) -> str:
        """Sign, or pretend to: with another key, with what everybody knows, or not at all."""
        header = {"alg": self.algorithm, "kid": self.key.kid}
        if self.algorithm == "none":
            parts = (json.dumps(part).encode() for part in (header, claims))
            return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), ""])
        if self.algorithm == "HS256":
            return jwt.encode(header, claims, OctKey.import_key(CLIENT_SECRET * 3), algorithms=["HS256"])
        return jwt.encode(header, claims, self.forger or self.key, algorithms=[self.algorithm])


@cache
def a_key(kid: str = "1", *, of: str = "the provider") -> RSAKey:
    """A key of somebody's; making one takes a fifth of a second."""
    del of
    return RSAKey.generate_key(2048, {"kid": kid}, private=True)


@contextmanager
def running() -> Iterator[Provider]:
    """Run one on a free port."""
    with serving() as web:
        provider = Provider(web, a_key())
        url = web.url

        def about(handler: BaseHTTPRequestHandler) -> None:
            told = {
                "issuer": url,
                "authorization_endpoint": f"{url}/authorize",
                "token_endpoint": f"{url}/token",
                "jwks_uri": f"{url}/keys",
            }
            page(json.dumps(told | provider.about), content_type="application/json")(handler)

        def keys(handler: BaseHTTPRequestHandler) -> None:
            page(json.dumps({"keys": [provider.key.as_dict(private=False)]}), content_type="application/json")(handler)

        web.at("/.well-known/openid-configuration", about)
        web.at("/keys", keys)
        web.at("/token", provider.token)
        yield provider
