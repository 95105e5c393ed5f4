"""How is everything put together? Traits, managers, handlers. Wiring only."""

from __future__ import annotations

import asyncio
import difflib
import logging
import os
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from jupyter_core.paths import jupyter_data_dir
from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from tornado.iostream import StreamClosedError
from tornado.log import app_log
from traitlets import Dict, Enum, Float, Integer, List, TraitError, Unicode, default, validate

from .auth import Argon2Passwords, RateLimits, SignedTokens, hash_secret, load_secret
from .auth.identity import RequestIdentity
from .auth.secrets import SecretFileError
from .auth.signing import SigningKeys
from .auth.visits import Visits
from .collab import History, NotebookFold, Redaction, open_document
from .core import private
from .core.errors import InterviewError
from .core.limits import Limits
from .core.models import JSON
from .core.network import Proxies
from .db import Database, SchemaMismatch, Vault
from .db.engine import files_of
from .execution import InterviewKernelManager, KernelPool, RoomExecutors, kernels_dir, languages
from .facade import facade_handlers, licenses_handlers, logout_handler, origin_rules, without_collaboration
from .handlers import channel_handlers, rest_handlers
from .managers.accounts import Accounts
from .managers.bookmarks import Bookmarks
from .managers.endings import quietly
from .managers.erasure import Erasure
from .managers.evidence import Evidence
from .managers.exports.exports import Exports
from .managers.exports.own import OwnPart
from .managers.invitations import Invitations
from .managers.members import Members
from .managers.records import Records
from .managers.replay.forks import Forks
from .managers.replay.replay import Replay
from .managers.rooms import Rooms
from .managers.services import SETTING, Services
from .provisioners import choose, default_images
from .provisioners.probe import SETTINGS
from .web.origins import SETTING as ORIGINS
from .web.origins import Origins, checked_origin

_DAY = 86_400.0
#: What the data directory holds, beside the database.
_KEPT = ("secret", "vault", "signing.json", "runtime")
_HERE = Path(__file__).parent
AS_ROOT = (
    "This server runs as root. Whoever finds a way out of a sandbox or into the server's own page has the whole "
    "machine: run jupyter interview as an ordinary user."
)
_SHARED = (
    "Another server uses %s, too. What people do in a room of one disturbs the same room of the other: stop one of "
    "them, or give it a data directory and a database of its own."
)
VAULT_LOST = "It opens every interview in the database: do not remove it, but put that right, or restore it."


class Unusable(Exception):
    """The server cannot start as it is configured; one line says why."""


class InstalledLanguages:
    """The Protocol `managers.services.Languages`."""

    def __init__(self, kernels: InterviewKernelManager) -> None:
        self._kernels = kernels

    def list(self) -> list[JSON]:
        """All languages."""
        return [language.to_json() for language in languages(self._kernels)]


class InterviewApp(ExtensionApp):
    """Live interview rooms: a shared notebook, chat, a sandboxed kernel, and an exact replay."""

    name = "jupyter_interview"
    app_name = "Jupyter Interview"
    extension_url = "/interview/"
    load_other_extensions = True
    static_url_prefix = "/interview/static/"

    database_url = Unicode(
        config=True,
        help="SQLAlchemy URL of the database: sqlite:///FILE or postgresql://USER@HOST/NAME. "
        "By default a SQLite file in Jupyter's data directory.",
    )
    data_dir = Unicode(config=True, help="Where the secret and the default database are kept.")
    rooms_origin = Unicode(
        config=True,
        help="An origin for rooms and replays alone, for instance 'https://interviews-content.example', on a host on "
        "which nothing else is served. What candidates make is shown there, and is worth nothing at the server's own "
        "address; see docs/operators/index.md. Empty: rooms share the server's origin.",
    )
    sandbox = Enum(
        list(SETTINGS),
        default_value="auto",
        config=True,
        help="What kernels run in. 'auto' takes Docker where an engine answers and has the image for Python, else "
        "bubblewrap, and refuses to start kernels when neither works; 'none' runs the code of strangers with the "
        "rights of this server.",
    )
    docker_images = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        config=True,
        help="Images that kernels may run in, by language, where they are not those of `jupyter interview images "
        "build`. A reference with a digest (NAME@sha256:…) stays what it is.",
    )
    docker_runtime = Unicode(
        None, allow_none=True, config=True, help="A runtime of the Docker engine's, for instance 'runsc' or 'kata'."
    )
    pool = Dict(
        value_trait=Integer(),
        key_trait=Unicode(),
        config=True,
        help="Warm kernels by language, where that differs from the limit pool_kernels, for instance {'python': 4}. "
        "0 keeps none.",
    )
    limits = Dict(
        value_trait=Float(),
        key_trait=Unicode(),
        config=True,
        help="Limits that differ from their defaults, by name; docs/operators/configuration.md lists them.",
    )
    rates = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        config=True,
        help="Rate limits that differ from their defaults, by name, for instance {'login': '5/minute'}.",
    )
    trusted_proxies = List(
        trait=Unicode(),
        config=True,
        help="Reverse proxies in front: addresses or networks, for instance ['127.0.0.1', '10.0.0.0/8']. From them "
        "alone the headers X-Forwarded-For and X-Forwarded-Proto are believed, so that limits count the visitor and "
        "not the proxy. Counts where `jupyter interview` starts the server.",
    )
    retention_days = Float(
        0,
        min=0,
        config=True,
        help="Interviews are erased so many days after their end, as by `jupyter interview erase`; 0 keeps them. "
        "Looked at when the server starts and once a day.",
    )
    password_workers = Integer(2, min=1, max=16, config=True, help="Passwords that are hashed at the same time.")

    serverapp: ServerApp
    _settling: asyncio.Task[None] | None = None
    _lock: int | None = None
    _retention: asyncio.Task[None] | None = None

    aliases = {  # noqa: RUF012  # upstream's name and kind
        "database": "InterviewApp.database_url",
        "sandbox": "InterviewApp.sandbox",
    }

    @validate("trusted_proxies")
    def _valid_proxies(self, proposal: JSON) -> list[str]:
        named: list[str] = proposal["value"]
        try:
            Proxies(named)
        except ValueError as error:
            raise TraitError(f"trusted_proxies has addresses and networks; {error}.") from error
        return named

    @validate("rooms_origin")
    def _valid_rooms_origin(self, proposal: Any) -> str:
        try:
            return checked_origin(proposal["value"]) if proposal["value"] else ""
        except ValueError as error:
            raise TraitError(f"InterviewApp.rooms_origin: {error}") from error

    @default("default_url")
    def _default_default_url(self) -> str:
        # What opens in the browser: upstream would take `extension_url`.
        return "/lab"

    @default("data_dir")
    def _default_data_dir(self) -> str:
        return str(Path(jupyter_data_dir()) / "interview")

    @default("database_url")
    def _default_database_url(self) -> str:
        return f"sqlite:///{Path(self.data_dir) / 'interview.sqlite'}"

    def initialize_settings(self) -> None:
        """Build the managers.

        Raises:
            Unusable: the configuration, or what it names, cannot be used.
        """
        for log in (self.serverapp.log, app_log):
            log.addFilter(_is_fault)
        try:
            self._initialize(self.checked_limits())
        except (InterviewError, SchemaMismatch, SecretFileError, ValueError, OSError) as problem:
            raise Unusable(str(problem)) from problem

    def checked_limits(self) -> Limits:
        """The limits as they are configured.

        Raises:
            ValueError: there is no such setting, or no such limit.
        """
        known = self.trait_names(config=True)
        for name in self.config.get(type(self).__name__, {}):
            if name not in known:
                like = difflib.get_close_matches(name, known, 1)
                hint = f" Is it {like[0]}?" if like else ""
                raise ValueError(f"There is no setting InterviewApp.{name}.{hint} See: jupyter interview config")
        return Limits.checked(**{name: _number(value) for name, value in self.limits.items()})

    def _initialize(self, limits: Limits) -> None:
        self.make_data_dir()
        if is_root():
            self.log.warning(AS_ROOT)
        runtime = Path(self.data_dir) / "runtime"
        self._lock = private.lock(runtime)
        if self._lock is None:
            self.log.warning(_SHARED, self.data_dir)
        else:
            for stale in runtime.glob("kernel-*.json"):
                # The keys of kernels that died with a killed server.
                stale.unlink(missing_ok=True)
        engine = choose(
            self.sandbox,
            limits,
            hidden=[self.data_dir, *files_of(self.database_url)],
            images={**default_images(kernels_dir()), **self.docker_images},
            runtime=self.docker_runtime,
        )
        if engine.problem is not None:
            self.log.warning(engine.problem)
        kernels = InterviewKernelManager(
            parent=self.serverapp,
            engine=engine,
            kernels_dir=kernels_dir(),
            connection_dir=str(Path(self.data_dir) / "runtime"),
        )
        self.pool_of_kernels = KernelPool(kernels, limits, self.pool)
        self.services = self._build(limits, kernels)
        self.settings.update(
            {
                SETTING: self.services,
                ORIGINS: self.origins,
                "interview_app": self,
                "interview_templates": _templates(),
            }
        )

    def make_data_dir(self) -> None:
        """Make the data directory, for nobody but this user, also where it was there with more permissions."""
        folder = Path(self.data_dir)
        for path in (folder, folder / "runtime"):
            path.mkdir(mode=private.DIRECTORY_MODE, parents=True, exist_ok=True)
        database = [Path(path).name for path in files_of(self.database_url)]
        problem = private.tighten_directory(folder, [*_KEPT, *database])
        if problem is not None:
            self.log.warning(problem)

    @property
    def origins(self) -> Origins:
        """Where rooms are served."""
        return Origins(self.rooms_origin)

    def open_vault(self) -> Vault:
        """The vault of this server, made on the first start.

        Raises:
            SecretFileError: its file cannot be used.
        """
        return Vault(load_secret(Path(self.data_dir) / "vault", VAULT_LOST))

    def open_keys(self) -> SigningKeys:
        """The keys that this server signs its logs with, made when first needed."""
        return SigningKeys(Path(self.data_dir) / "signing.json")

    def eraser(self, database: Database) -> Erasure:
        """What erases members and interviews in a database."""
        return Erasure(database, Records(database, NotebookFold, self.open_keys()), Redaction, History)

    def _build(self, limits: Limits, kernels: InterviewKernelManager) -> Services:
        base_url = self.serverapp.base_url
        database = Database(self.database_url, self.open_vault(), queue_limit=limits.write_queue)
        database.prepare()
        passwords = Argon2Passwords(workers=self.password_workers)
        tokens = SignedTokens(load_secret(Path(self.data_dir) / "secret"))
        keys = self.open_keys()
        keys.statements()
        records = Records(database, NotebookFold, keys)
        accounts = Accounts(database, passwords, tokens)
        executors = RoomExecutors(kernels, limits, self.pool_of_kernels)
        rooms = Rooms(database, limits, passwords, records, executors, open_document, self.rooms_origin + base_url)
        replay = Replay(database, rooms, History, Evidence(database, keys))
        bookmarks = Bookmarks(database)
        invitations = Invitations(database, hash_secret)
        members = Members(database, rooms, records, invitations, passwords, tokens, limits, accounts)
        return Services(
            database=database,
            limits=limits,
            rates=RateLimits(dict(self.rates)),
            identity=RequestIdentity(
                accounts, members, self.serverapp.identity_provider, base_url, Visits(tokens), self.origins
            ),
            accounts=accounts,
            rooms=rooms,
            members=members,
            invitations=invitations,
            records=records,
            replay=replay,
            bookmarks=bookmarks,
            forks=Forks(database, rooms, replay),
            exports=Exports(database, replay, bookmarks, keys, keys.to_json),
            own=OwnPart(database, replay),
            languages=InstalledLanguages(kernels),
            kernels=kernels,
        )

    def initialize_handlers(self) -> None:
        """Mount everything. What is not here cannot be reached."""
        static = (r"/interview/static/((?!favicons/).*)", FileFindHandler, {"path": [str(_HERE / "static")]})
        self.handlers.extend([static, *channel_handlers(), *rest_handlers(), *facade_handlers()])
        if self.serverapp.starter_app is self:
            self.handlers.extend(licenses_handlers())
        provider = self.serverapp.identity_provider
        if provider.logout_available:
            self.handlers.append((r"/logout", logout_handler(provider.logout_handler_class)))

        # Before all routes, also those of others: what is not at the rooms' origin cannot be reached there.
        self.serverapp.web_app.default_router.rules[:0] = origin_rules(self.origins, self.serverapp.base_url)
        if self.origins.host:
            self.serverapp.web_app.settings["local_hostnames"].append(self.origins.host)

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Open the database before the first request is answered."""
        self.services.database.start()
        await self.services.accounts.start()
        self.services.replay.start()
        self.pool_of_kernels.start()
        if self._lock is not None:
            # Otherwise these runs may be another server's, and go on.
            self._settling = asyncio.create_task(quietly(self.services.rooms.settle, "What an earlier server left"))
        if self.retention_days:
            watch = self.eraser(self.services.database).watch(self.retention_days, _DAY)
            self._retention = asyncio.create_task(watch)
        apps = serverapp.extension_manager.extension_apps.get("jupyterlab", set())
        settings = self.serverapp.web_app.settings
        settings["interview_lab"] = next(iter(apps), None)
        stock = serverapp.extension_manager.extensions.get("jupyter_server_ydoc")
        if stock is None or not stock.enabled:
            settings["page_config_hook"] = without_collaboration(settings.get("page_config_hook"))

    async def stop_extension(self) -> None:
        """Store what is queued, end the kernels."""
        await self.services.forks.close()
        await self.services.replay.close()
        for task in (self._settling, self._retention):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        await self.services.rooms.close()
        await self.pool_of_kernels.close()
        await asyncio.wait_for(self.services.kernels.shutdown_all(now=True), 30)
        await self.services.database.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def is_root() -> bool:
    """Whether this process may do everything."""
    return os.geteuid() == 0


def _is_fault(record: logging.LogRecord) -> bool:
    """Whether to log a traceback as upstream would.

    A refusal is no failure of the server: we say it in a line. Nor is a browser that closed its page meanwhile.
    """
    return not (record.exc_info and isinstance(record.exc_info[1], InterviewError | StreamClosedError))


def _number(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def _templates() -> Environment:
    return Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True)
