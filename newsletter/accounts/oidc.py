"""Signing in with the organisation's OpenID provider: authorization code, PKCE, state and nonce.

    begun = provider.begin(again=False)      # send the browser to begun.url, keep the rest identity =
    provider.finish(code, nonce=begun.nonce, verifier=begun.verifier, issuer="", now=now)  # who it is, as the provider
    has signed it

Everything is asked through the gate of `newsletter.network`, and little is believed: the provider must say that it is
the issuer that was set, the token must be signed by one of its keys, be for us, answer this very request, and name an
address that the provider has verified.

Source: https://openid.net/specs/openid-connect-core-1_0.html, section 3.1; RFC 7636; RFC 9207.
"""

import datetime as dt
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote_plus, urlsplit

import httpcore
import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from newsletter.errors import NewsletterError
from newsletter.network.addresses import Reach
from newsletter.network.connecting import AddressRefused, Guard, GuardedTransport, Resolver, system_resolver, trusted
from newsletter.settings_file import OidcSettings, is_loopback

LIMIT_S = 10.0  # for one answer of the provider
MAX_BYTES = 1_000_000
KEPT_S = 600.0  # how long what the provider says of itself is believed
LEEWAY_S = 120  # how far its clock may be off
# Signed by a key that only the provider has: no `none`, and no HMAC with the client secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
_RANDOM_BYTES = 32
_USER_AGENT = "newsletter/0.1 (signs staff in)"


class ProviderRefused(NewsletterError):
    """The provider cannot be asked, or what it says does not hold; `reason` says why, for who runs this."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The sign-in provider was not believed: {reason}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Begun:
    """Somebody who was sent to the provider: where, and what must come back."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is; `subject` is issuer and subject, `address` was verified by the provider."""

    subject: str
    address: str
    name: str
    proven_at: dt.datetime | None


class Provider:
    """One OpenID provider."""

    def __init__(
        self,
        settings: OidcSettings,
        client_secret: str,
        *,
        redirect_uri: str,
        reach: Reach,
        resolve: Resolver = system_resolver,
    ) -> None:
        """Ask nothing yet."""
        self._settings = settings
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._reach = reach
        self._resolve = resolve
        self._kept: dict[str, tuple[float, Mapping[str, Any]]] = {}

    def begin(self, *, again: bool) -> Begun:
        """Where to send the browser; `again` has the provider ask who it is even if it knows.

        Raises:
            ProviderRefused: the provider cannot be asked, or is not who it should be.
        """
        state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
        asked: dict[str, str] = {"prompt": "login", "max_age": "0"} if again else {}
        url = prepare_grant_uri(
            self._endpoint("authorization_endpoint"),
            client_id=self._settings.client_id,
            response_type="code",
            redirect_uri=self._redirect_uri,
            scope="openid email profile",
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            **asked,
        )
        return Begun(url, state, nonce, verifier)

    def finish(self, code: str, *, nonce: str, verifier: str, issuer: str, now: dt.datetime) -> Identity:
        """Who it is. `issuer` is what came back beside the code, empty where nothing did.

        Raises:
            ProviderRefused: the code is not good, or the token does not hold.
        """
        if issuer and issuer != self._settings.issuer:
            raise ProviderRefused("the answer is another provider's")
        if not code:
            raise ProviderRefused("it gave no code")
        answer = self._token(code, verifier)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderRefused("it gave no ID token")
        claims = self._claims(token, nonce=nonce, access_token=str(answer.get("access_token") or ""), now=now)
        return self._identity(claims)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        address = claims.get("email")
        if not isinstance(address, str) or claims.get("email_verified") is not True:
            raise ProviderRefused("it has not verified the person's address")
        domain = address.rpartition("@")[2].lower()
        if self._settings.domains and domain not in self._settings.domains:
            raise ProviderRefused(f"addresses of {domain} may not sign in here")
        proven = claims.get("auth_time")
        name = claims.get("name")
        return Identity(
            subject=f"{self._settings.issuer} {claims['sub']}",
            address=address,
            name=name if isinstance(name, str) else "",
            proven_at=dt.datetime.fromtimestamp(proven, dt.UTC) if isinstance(proven, int) else None,
        )

    def _claims(self, token: str, *, nonce: str, access_token: str, now: dt.datetime) -> Mapping[str, Any]:
        """What a token says, if it holds; with a key that is new the keys are asked for once more."""
        decoded = self._decoded(token)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": self._settings.issuer},
                "aud": {"essential": True, "value": self._settings.client_id},
                "sub": {"essential": True},
            },
            params={"nonce": nonce, "client_id": self._settings.client_id, "access_token": access_token},
        )
        try:
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
        except JoseError as error:
            raise ProviderRefused(f"its token does not hold ({error.error})") from error
        except (TypeError, ValueError, KeyError) as error:
            raise ProviderRefused("its token cannot be read") from error
        return dict(claims)

    def _decoded(self, token: str) -> jwt.Token:
        url = self._endpoint("jwks_uri")
        for newest in (False, True):
            if newest:
                self._kept.pop(url, None)
            try:
                keys = KeySet.import_key_set(cast("KeySetSerialization", self._known(url)))
                return jwt.decode(token, keys, algorithms=ALGORITHMS)
            except (JoseError, ValueError, KeyError, TypeError) as error:
                failure = error
        raise ProviderRefused("its token is not signed by one of its keys") from failure

    def _endpoint(self, name: str) -> str:
        """An address that the provider tells of itself, if it is one that may be used."""
        url = self._about().get(name)
        parts = urlsplit(url if isinstance(url, str) else "")
        encrypted = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if not parts.hostname or not encrypted:
            raise ProviderRefused(f"it tells no {name} that can be used")
        return str(url)

    def _about(self) -> Mapping[str, Any]:
        """What the provider says of itself, if it says that it is the one that was set."""
        issuer = self._settings.issuer
        told = self._known(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != issuer:
            raise ProviderRefused(f"it does not say that it is {issuer}")
        return told

    def _known(self, url: str) -> Mapping[str, Any]:
        """What an address says, asked for again after a while."""
        at, told = self._kept.get(url, (0.0, {}))
        if not told or time.monotonic() - at > KEPT_S:
            told = self._fetch("GET", url)
            self._kept[url] = (time.monotonic(), told)
        return told

    def _token(self, code: str, verifier: str) -> Mapping[str, Any]:
        """What the provider gives for a code. The client secret goes as it says that it takes it, else by Basic."""
        url, client_id, secret = self._endpoint("token_endpoint"), self._settings.client_id, self._client_secret
        request = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
            "client_id": client_id,
        }
        taken = self._about().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if secret and "client_secret_basic" not in taken:
            return self._fetch("POST", url, request | {"client_secret": secret})
        # RFC 6749, section 2.3.1: both are form-encoded before they are joined.
        basic = httpx.BasicAuth(quote_plus(client_id), quote_plus(secret)) if secret else None
        return self._fetch("POST", url, request, auth=basic)

    def _fetch(
        self, method: str, url: str, data: Mapping[str, str] | None = None, *, auth: httpx.BasicAuth | None = None
    ) -> Mapping[str, Any]:
        """A JSON object; redirects are not followed."""
        guard = Guard(self._reach, self._resolve, time.monotonic() + LIMIT_S)
        transport = GuardedTransport(guard, trusted())
        headers = {"Accept": "application/json", "User-Agent": _USER_AGENT}
        try:
            with (
                httpx.Client(transport=transport, timeout=LIMIT_S, trust_env=False) as client,
                client.stream(method, url, data=data, headers=headers, auth=auth) as response,
            ):
                body = _read(response)
                if response.status_code != httpx.codes.OK:
                    raise ProviderRefused(f"{urlsplit(url).hostname} answers {response.status_code}")
                told = httpx.Response(200, content=body).json()
        except AddressRefused as refused:
            reason = "it is in a private network, which NEWSLETTER_FETCH_PRIVATE=1 would allow"
            raise ProviderRefused(reason) from refused
        except (httpcore.TimeoutException, httpx.TimeoutException) as error:
            raise ProviderRefused("it takes too long to answer") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderRefused("it cannot be reached") from error
        except ValueError as error:
            raise ProviderRefused("it answers with what is no JSON") from error
        if not isinstance(told, dict):
            raise ProviderRefused("it answers with what is no JSON object")
        return told


def _read(response: httpx.Response) -> bytes:
    body = b""
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MAX_BYTES:
            raise ProviderRefused("it says too much")
    return body
