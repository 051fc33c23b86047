"""Superset's cache with one key space a release and role: without it a role reads another role's cached answers."""

from cachelib.file import FileSystemCache as CachelibFileSystemCache
from flask_caching.backends.filesystemcache import FileSystemCache

from infra.superset.serving import cache_scope


class ScopedFileSystemCache(FileSystemCache):
    """Files whose names start from `<release>/<role>|key`: a new release never meets old answers."""

    def _get_filename(self, key: str) -> str:
        if key != CachelibFileSystemCache._fs_count_file:
            key = f"{cache_scope()}|{key}"
        return super()._get_filename(key)
