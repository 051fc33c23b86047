"""Which file answers: the running release and the user's single role choose one `releases/<release>/<role>/serve.duckdb`.

The release is read once a request and used for both the cache key and the path, so that no answer mixes two releases.
"""

import os
from pathlib import Path
from uuid import uuid4

from flask import g, has_app_context
from sqlalchemy.pool import NullPool
from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
from superset.exceptions import SupersetSecurityException

from infra.superset.guard import guarded_connection
from spark_jobs.publish import policy
from spark_jobs.settings import from_environment

FILE = "serve.duckdb"


def open_serving_file(uri, params, username, security_manager, source):
    """Superset's DB_CONNECTION_MUTATOR: replaces whatever the Database entry says by the user's own file, opened behind the guard."""
    if not uri.drivername.startswith("duckdb"):
        raise refusal("只能连接发布文件 · Only the serving database may be opened")
    path = serving_path(current_release(), role_of(username, security_manager))
    return uri.set(database=str(path), query={}), {"poolclass": NullPool, "creator": lambda: guarded_connection(path)}


def cache_scope() -> str:
    """Prefix of every cache key of this request; whoever has no file shares nothing with anybody."""
    from superset import security_manager

    user = getattr(g, "user", None) if has_app_context() else None
    try:
        return f"{current_release()}/{role_of(getattr(user, 'username', None), security_manager)}"
    except SupersetSecurityException:
        return f"denied/{uuid4()}"


def current_release() -> str:
    """Id of the release this request reads: pinned at the first question."""
    if has_app_context() and g.get("guihu_release"):
        return g.guihu_release
    pointer = from_environment().releases / "current"
    if not pointer.exists():
        raise refusal("还没有发布数据，请先运行一次发布 · No release yet: deliver data and release it first")
    release = os.path.basename(os.path.realpath(pointer))
    if has_app_context():
        g.guihu_release = release
    return release


def role_of(username: str | None, security_manager) -> str:
    """The one role of the policy that this user holds. None or two of them: refused."""
    user = getattr(g, "user", None) if has_app_context() else None
    if not username or user is None or getattr(user, "is_guest_user", False) or getattr(user, "username", None) != username:
        raise refusal("没有登录用户 · No user of the lake asks")
    held = {role.name for role in security_manager.get_user_roles(user)} & policy.roles().keys()
    if len(held) != 1:
        raise refusal(f"用户必须恰有一个数据角色 · A user needs exactly one data role, {username} has {len(held)}")
    return held.pop()


def serving_path(release: str, role: str) -> Path:
    """The real path of a role's file; anything that leads out of the releases folder is refused."""
    releases = from_environment().releases.resolve()
    path = (releases / release / role / FILE).resolve()
    if not path.is_relative_to(releases) or not path.is_file():
        raise refusal(f"本次发布没有该角色的文件 · Release {release} holds no file for the role {role}")
    return path


def refusal(message: str) -> SupersetSecurityException:
    """An answer 403 in JSON; a plain exception would be an HTML page with status 500."""
    return SupersetSecurityException(
        SupersetError(message=message, error_type=SupersetErrorType.DATABASE_SECURITY_ACCESS_ERROR, level=ErrorLevel.ERROR)
    )
