"""How is everything put together? Traits, managers, handlers. Wiring only."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from jupyter_core.paths import jupyter_data_dir
from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from traitlets import Dict, Enum, Float, Integer, Unicode, default

from .auth import Argon2Passwords, RateLimits, SignedTokens, hash_secret, load_secret
from .auth.identity import RequestIdentity
from .auth.signing import SigningKeys
from .collab import History, fold, open_document, redact
from .core.errors import InterviewError
from .core.limits import Limits
from .core.models import JSON
from .db import Database, Vault
from .execution import InterviewKernelManager, KernelPool, RoomExecutors, kernels_dir, languages
from .facade import facade_handlers, without_collaboration
from .handlers import channel_handlers, rest_handlers
from .managers.accounts import Accounts
from .managers.bookmarks import Bookmarks
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

_DAY = 86_400.0
_HERE = Path(__file__).parent
VAULT_LOST = "It opens every interview in the database: do not remove it, but put that right, or restore it."


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
    retention_days = Float(
        0,
        min=0,
        config=True,
        help="Interviews are erased so many days after their end, as by `jupyter interview erase`; 0 keeps them. "
        "Looked at when the server starts and once a day.",
    )
    password_workers = Integer(2, min=1, max=16, config=True, help="Passwords that are hashed at the same time.")

    serverapp: ServerApp
    _retention: asyncio.Task[None] | None = None

    aliases = {  # noqa: RUF012  # upstream's name and kind
        "database": "InterviewApp.database_url",
        "sandbox": "InterviewApp.sandbox",
    }

    @default("data_dir")
    def _default_data_dir(self) -> str:
        return str(Path(jupyter_data_dir()) / "interview")

    @default("database_url")
    def _default_database_url(self) -> str:
        return f"sqlite:///{Path(self.data_dir) / 'interview.sqlite'}"

    def initialize_settings(self) -> None:
        """Build the managers."""
        self.serverapp.log.addFilter(_no_refusal)
        for folder in (Path(self.data_dir), Path(self.data_dir) / "runtime"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        limits = Limits.checked(**{name: _number(value) for name, value in self.limits.items()})
        for stale in (Path(self.data_dir) / "runtime").glob("kernel-*.json"):
            # The keys of kernels that died with a killed server.
            stale.unlink(missing_ok=True)
        engine = choose(
            self.sandbox,
            limits,
            hidden=[self.data_dir, *_files_of(self.database_url)],
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
        self.settings.update({SETTING: self.services, "interview_templates": _templates()})

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
        return Erasure(database, Records(database, fold, self.open_keys()), redact, History)

    def _build(self, limits: Limits, kernels: InterviewKernelManager) -> Services:
        base_url = self.serverapp.base_url
        database = Database(self.database_url, self.open_vault(), queue_limit=limits.write_queue)
        database.prepare()
        passwords = Argon2Passwords(workers=self.password_workers)
        tokens = SignedTokens(load_secret(Path(self.data_dir) / "secret"))
        keys = self.open_keys()
        keys.statements()
        records = Records(database, fold, keys)
        accounts = Accounts(database, passwords, tokens)
        executors = RoomExecutors(kernels, limits, self.pool_of_kernels)
        rooms = Rooms(database, limits, passwords, records, executors, open_document, base_url)
        replay = Replay(database, rooms, History, Evidence(database, keys))
        bookmarks = Bookmarks(database)
        invitations = Invitations(database, hash_secret)
        members = Members(database, rooms, records, invitations, passwords, tokens, limits)
        return Services(
            database=database,
            limits=limits,
            rates=RateLimits(dict(self.rates)),
            identity=RequestIdentity(accounts, members, self.serverapp.identity_provider, base_url),
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

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Open the database before the first request is answered."""
        self.services.database.start()
        await self.services.accounts.start()
        self.services.replay.start()
        self.pool_of_kernels.start()
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
        if self._retention is not None:
            self._retention.cancel()
            await asyncio.wait([self._retention])
        await self.services.rooms.close()
        await self.pool_of_kernels.close()
        await asyncio.wait_for(self.services.kernels.shutdown_all(now=True), 30)
        await self.services.database.close()


def _files_of(database_url: str) -> list[str]:
    """Where a SQLite database lies, for the sandbox to hide."""
    scheme, _, path = database_url.partition(":///")
    return [path.partition("?")[0]] if scheme.startswith("sqlite") else []


def _no_refusal(record: logging.LogRecord) -> bool:
    """A refusal is no failure of the server: upstream would log its traceback, we say it in a line."""
    return not (record.exc_info and isinstance(record.exc_info[1], InterviewError))


def _number(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def _templates() -> Environment:
    return Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True)
