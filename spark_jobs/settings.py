"""Where the lake lies and which ports it uses: the only reader of GUIHU_* environment variables (standard library only)."""

import os
import secrets as random_secrets
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
TIME_ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Settings:
    """Folders and ports of one deployment. Every service gets its port as an offset of one base port."""

    home: Path
    environments: Path
    port: int
    large_parts: int = 3  # of a file (16 MB each); from here on the tasks of the engine pay for themselves

    @property
    def airflow_port(self) -> int:
        return self.port

    @property
    def superset_port(self) -> int:
        return self.port + 1

    @property
    def connect_port(self) -> int:
        return self.port + 2

    @property
    def thrift_port(self) -> int:
        return self.port + 3

    @property
    def sharing_port(self) -> int:
        return self.port + 6

    @property
    def inbox(self) -> Path:
        return self.home / "inbox"

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def lake(self) -> Path:
        return self.home / "lake"

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def log(self) -> Path:
        return self.home / "log"

    def secret(self, name: str) -> str:
        """The secret called `name`, generated on first use. The file is readable by its owner only."""
        return read_or_create_secret(self.home / "secrets" / name)


def from_environment() -> Settings:
    """Settings of this process: GUIHU_HOME, GUIHU_ENV, GUIHU_PORT and GUIHU_LARGE_PARTS, with defaults inside the checkout."""
    default_home = CHECKOUT / ".guihu"
    return Settings(
        home=Path(os.environ.get("GUIHU_HOME", default_home)).resolve(),
        environments=Path(os.environ.get("GUIHU_ENV", default_home / "env")).resolve(),
        port=int(os.environ.get("GUIHU_PORT", "18080")),
        large_parts=int(os.environ.get("GUIHU_LARGE_PARTS", Settings.large_parts)),
    )


def read_or_create_secret(path: Path) -> str:
    """Text of the secret file, made of 32 random bytes when it does not exist yet. Two processes that race get the same one."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(random_secrets.token_urlsafe(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first: its secret is the one that counts
        finally:
            draft.unlink()
    return path.read_text().strip()
