"""The requests of the Blob service; addresses are /ACCOUNT/CONTAINER/BLOB, or the service's own."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote, urlsplit

from ..emulator.handler import Handler, Headers
from ..emulator.store import Refusal, StoredObject
from . import answers, gateway, leases, uploads
from .store import AzureStore

ACCOUNT_HOST = re.compile(r"([a-z0-9]+)\.blob\.core\.windows\.net")
CONTAINER_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*|\$root")


class AzureHandler(Handler):
    """One connection of an Azure client."""

    store: AzureStore
    account_name = ""

    def start(self, status: int, headers: Headers) -> None:
        own = [("x-ms-request-id", uuid.uuid4()), ("x-ms-version", answers.VERSION)]
        super().start(status, [*headers, *own])

    def refuse(self, refusal: Refusal) -> None:
        headers = [*answers.XML, ("x-ms-error-code", answers.code(refusal))]
        self.reply(refusal.status, headers, answers.error(refusal))

    def route(self, method: str, path: str) -> None:
        host = self.headers.get("Host", "").removesuffix(":443")
        if host == gateway.LOGIN_HOST:
            gateway.log_in(self)
            return
        # As the service itself is asked, the account stands in the host's name.
        if named := ACCOUNT_HOST.fullmatch(host):
            path = f"/{named[1]}{path}"
        account, _, rest = path.lstrip("/").partition("/")
        self.check_access(account)
        container, _, blob = rest.partition("/")
        container, blob = unquote(container), unquote(blob)
        operation = self.query.get("comp", "")
        self.account_name = account
        if not container:
            self.account(method, operation)
        elif not blob:
            self.container(method, self.key(account, container), operation)
        else:
            self.blob(method, self.key(account, container), blob, operation)

    def key(self, account: str, container: str) -> str:
        """The store's name for a container: two accounts may each have one of a name."""
        return container if account == self.service.account else f"{account}/{container}"

    def check_access(self, account: str) -> None:
        """Any key and any signature will do, as long as there is one and the account is right."""
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        # rclone 1.60 signs for the emulator's own account, whichever it was told
        signers = (account, self.service.account)
        wrong_key = scheme == "SharedKey" and given.split(":")[0] not in signers
        if self.service.expired or account not in self.service.accounts or wrong_key:
            message = "Server failed to authenticate the request."
            raise Refusal(403, message, "AuthenticationFailed")
        if scheme not in ("SharedKey", "Bearer") and "sig" not in self.query:
            message = "Server failed to authenticate the request: no Authorization header."
            raise Refusal(401, message, "NoAuthenticationInformation")

    @property
    def address(self) -> str:
        return f"{self.base}/{self.account_name}/"

    # Account and containers

    def account(self, method: str, operation: str) -> None:
        if method == "GET" and operation == "list":
            if self.account_name != self.service.account:
                raise Refusal(501, "not implemented: the containers of another account")
            prefix = self.query.get("prefix", "")
            found = [one for name, one in sorted(self.store.buckets.items())
                     if name.startswith(prefix) and "/" not in name]  # fmt: skip
            self.reply(200, answers.XML, answers.container_list(found, self.address))
        elif operation == "properties":
            kind = [("x-ms-sku-name", "Standard_LRS"), ("x-ms-account-kind", "StorageV2")]
            self.reply(200, [*answers.XML, *kind], answers.document("<StorageServiceProperties/>"))
        else:
            raise Refusal(501, f"not implemented: {method} {operation} of the account")

    def create_bucket(self, name: str, properties: dict[str, Any]) -> None:
        if not CONTAINER_NAME.fullmatch(name.rsplit("/", 1)[-1]):
            message = "The specified resource name contains invalid characters."
            raise Refusal(400, message, "InvalidResourceName")
        now = answers.time_text(datetime.now(timezone.utc))
        self.store.create_bucket(
            name, {"Last-Modified": now, "Etag": f'"0x{uuid.uuid4().hex[:16]}"'}
        )

    def container(self, method: str, name: str, operation: str) -> None:
        if method == "PUT" and not operation:
            self.body()
            self.create_bucket(name, {})
            self.reply(201, self.container_headers(name))
        elif method == "GET" and operation == "list":
            self.list_blobs(name)
        elif method in ("GET", "HEAD"):
            self.reply(200, self.container_headers(name))
        elif method == "DELETE":
            self.store.delete_bucket(name, even_full=True)
            self.reply(202)
        elif method == "PUT" and operation in ("metadata", "acl"):
            self.body()
            self.reply(200, self.container_headers(name))
        else:
            raise Refusal(501, f"not implemented: {method} {operation} of a container")

    def container_headers(self, name: str) -> list[tuple[str, Any]]:
        properties = self.store.bucket(name).properties
        return [("Last-Modified", properties["Last-Modified"]), ("ETag", properties["Etag"])]

    def list_blobs(self, container: str) -> None:
        query = self.query
        self.service.reach.check_listing(container, query.get("prefix", ""))
        limit = min(int(query.get("maxresults") or 5000), 5000)
        page = self.store.page(
            container,
            query.get("prefix", ""),
            query.get("delimiter", ""),
            query.get("marker", ""),
            limit,
        )
        body = answers.blob_list(self.store.bucket(container), page, query, self.address)
        self.reply(200, answers.XML, body)

    # Blobs

    def blob(self, method: str, container: str, name: str, operation: str) -> None:
        self.service.reach.check_name(container, name)
        if method not in ("GET", "HEAD"):
            self.service.reach.check_write(container)
        if method in ("GET", "HEAD") and not operation:
            found = self.store.find(container, name)
            part = self.asked_range(found.size) is not None
            lease = self.store.leases.get((container, name))
            self.send_object(found, answers.blob_headers(found, part, leased=bool(lease)))
        elif method == "DELETE" and not operation:
            self.check_conditions(container, name)
            self.store.delete(container, name)
            self.reply(202)
        elif method == "PUT" and not operation:
            self.store.bucket(container)
            self.check_conditions(container, name)
            if "x-ms-copy-source" in self.headers:
                self.copy(container, name)
            else:
                uploads.put_blob(self, container, name)
        elif method == "PUT" and operation in ("block", "blocklist"):
            self.store.bucket(container)
            leases.check(self, container, name)
            answer = uploads.put_block if operation == "block" else uploads.put_block_list
            answer(self, container, name)
        elif method == "GET" and operation == "blocklist":
            uploads.get_block_list(self, container, name)
        elif method == "PUT" and operation == "lease":
            leases.answer(self, container, name)
        elif method == "PUT" and operation in ("metadata", "properties", "tier"):
            self.change(container, name, operation)
        else:
            raise Refusal(501, f"not implemented: {method} {operation} of a blob")

    def check_conditions(self, container: str, name: str) -> None:
        leases.check(self, container, name)
        found = self.store.bucket(container).objects.get(name)
        if found and self.headers.get("If-None-Match") == "*":
            raise Refusal(409, "The specified blob already exists.", "BlobAlreadyExists")
        wanted = self.headers.get("If-Match")
        if wanted and wanted != "*" and (not found or wanted != answers.etag(found)):
            raise Refusal(412, "The condition specified was not met.", "ConditionNotMet")

    def given_properties(self) -> dict[str, Any]:
        """What the request says about the blob: its headers to be, and metadata."""
        headers, metadata = {}, {}
        for name, value in self.headers.items():
            lower = name.lower()
            if lower.startswith("x-ms-meta-"):
                metadata[name[len("x-ms-meta-") :]] = value
            elif lower.startswith("x-ms-blob-content-") or lower == "x-ms-blob-cache-control":
                words = lower[len("x-ms-blob-") :].split("-")
                headers["-".join("MD5" if one == "md5" else one.title() for one in words)] = value
        return {"headers": headers, "metadata": metadata}

    def created(self, found: StoredObject, more: Iterable[tuple[str, Any]] = ()) -> None:
        encrypted = ("x-ms-request-server-encrypted", "true")
        self.reply(201, [*answers.identity_headers(found), encrypted, *more])

    def copy(self, container: str, name: str) -> None:
        """Within the account; done at once, so the status is success."""
        self.body()
        path = urlsplit(self.headers["x-ms-copy-source"]).path
        account, source_container, source_name = path.lstrip("/").split("/", 2)
        container_key = self.key(account, unquote(source_container))
        source = self.store.find(container_key, unquote(source_name))
        file = self.store.new_file()
        hasher = self.store.write(file, self.store.pieces(source))
        properties = {key: dict(value) for key, value in source.properties.items()}
        properties["metadata"] = self.given_properties()["metadata"] or properties["metadata"]
        made = self.store.commit(container, name, file, hasher, properties)
        done = [("x-ms-copy-id", uuid.uuid4()), ("x-ms-copy-status", "success")]
        self.reply(202, [*answers.identity_headers(made), *done])

    def change(self, container: str, name: str, what: str) -> None:
        self.body()
        leases.check(self, container, name)
        found, given = self.store.find(container, name), self.given_properties()
        if what == "metadata":
            found.properties["metadata"] = given["metadata"]
        elif what == "properties":
            found.properties["headers"] = given["headers"]
        self.reply(200, answers.identity_headers(found))
