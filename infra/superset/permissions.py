"""Superset's security manager, which asks the database once a request what the reader's roles may do: a chart asks twenty times."""

from flask import g, has_request_context
from flask_appbuilder.security.sqla.models import Permission, PermissionView, ViewMenu, assoc_permissionview_role
from sqlalchemy import select
from superset.security import SupersetSecurityManager


class SecurityManager(SupersetSecurityManager):
    """CUSTOM_SECURITY_MANAGER: the same answers, remembered until the request ends."""

    def exist_permission_on_roles(self, view_name: str, permission_name: str, role_ids: list[int]) -> bool:
        if not has_request_context():
            return super().exist_permission_on_roles(view_name, permission_name, role_ids)
        return (permission_name, view_name) in self._known(role_ids)

    def user_view_menu_names(self, permission_name: str) -> set[str]:
        if not has_request_context() or g.user.is_anonymous:
            return super().user_view_menu_names(permission_name)
        return {view for permission, view in self._known([role.id for role in self.get_user_roles(g.user)]) if permission == permission_name}

    def _known(self, role_ids: list[int]) -> set[tuple[str, str]]:
        known, roles = g.setdefault("guihu_permissions", {}), frozenset(role_ids)
        if roles not in known:
            known[roles] = self._permissions_of(roles)
        return known[roles]

    def _permissions_of(self, role_ids: frozenset[int]) -> set[tuple[str, str]]:
        held = assoc_permissionview_role
        query = (
            select(Permission.name, ViewMenu.name)
            .select_from(PermissionView)
            .join(held, held.c.permission_view_id == PermissionView.id)
            .join(Permission, Permission.id == PermissionView.permission_id)
            .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
            .where(held.c.role_id.in_(role_ids))
        )
        return {(permission, view) for permission, view in self.session.execute(query)}
