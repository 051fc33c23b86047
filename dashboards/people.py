"""Roles and logins of Superset, made from infra/policy.yaml: a role sees exactly the datasets its serving file holds."""

from uuid import UUID

from superset import db, security_manager
from superset.connectors.sqla.models import SqlaTable
from superset.models.core import Database
from superset.models.dashboard import Dashboard as SupersetDashboard
from superset.models.sql_lab import SavedQuery
from superset.models.user_attributes import UserAttribute

from dashboards.compile import CATALOG, DATABASE, SCHEMA, id_of
from dashboards.queries import queries_of
from spark_jobs.publish import policy

# What a reader needs to look at dashboards, filter, drill and take the figures with him.
READING = {
    ("can_read", "Dashboard"), ("can_read", "Chart"), ("can_read", "Dataset"), ("can_get_drill_info", "Dataset"), ("can_read", "Theme"), ("can_read", "CssTemplate"),
    ("can_dashboard", "Superset"), ("can_slice", "Superset"), ("can_dashboard_permalink", "Superset"), ("can_explore_json", "Superset"), ("can_csv", "Superset"),
    ("can_fetch_datasource_metadata", "Superset"), ("can_language_pack", "Superset"), ("can_log", "Superset"), ("can_recent_activity", "Log"), ("can_read", "Log"),
    ("can_query", "Api"), ("can_time_range", "Api"), ("can_query_form_data", "Api"), ("can_list", "Menu"), ("menu_access", "Dashboards"),
    ("can_read", "DashboardFilterStateRestApi"), ("can_write", "DashboardFilterStateRestApi"), ("can_read", "DashboardPermalinkRestApi"), ("can_write", "DashboardPermalinkRestApi"),
    ("can_get", "Datasource"), ("can_samples", "Datasource"), ("can_get_column_values", "Datasource"), ("can_external_metadata", "Datasource"),
    ("can_view_chart_as_table", "Dashboard"), ("can_view_query", "Dashboard"), ("can_drill", "Dashboard"), ("can_export_as_example", "Dashboard"),
    ("can_read", "CurrentUserRestApi"), ("can_read", "SecurityRestApi"), ("can_read", "UserRestApi"), ("can_userinfo", "UserDBModelView"), ("resetmypassword", "UserDBModelView"), ("can_get", "MenuApi"), ("can_get", "OpenApi"),
    ("can_read", "Annotation"), ("can_read", "AvailableDomains"), ("can_read", "Tag"), ("can_read", "AdvancedDataType"), ("can_this_form_get", "ResetMyPasswordView"), ("can_this_form_post", "ResetMyPasswordView"),
}  # fmt: skip
ADMIN_ROLE = "Admin"


def make_admin(login: str, password: str):
    """Superset's administrator: may change settings, holds no data role and therefore sees no data."""
    return _user(login, "管理员", "Administrator", [security_manager.find_role(ADMIN_ROLE)], password)


def make_roles(dashboards: list) -> dict:
    """One Superset role a policy role: rights by its doors, datasets by its tables, a menu entry for each dashboard it may open."""
    datasets = {dataset.table_name: dataset for dataset in db.session.query(SqlaTable)}
    roles = {}
    for name, described in policy.roles().items():
        role = security_manager.add_role(name)
        rights = _rights_of_doors(described.doors)
        entered = {word for page in dashboards if may_see_all(name, page.marts) for word in (page.zh, page.menu) if word}
        pages = [security_manager.add_permission_view_menu("menu_access", word) for word in sorted(entered)]
        seen = [security_manager.add_permission_view_menu("datasource_access", datasets[table].perm) for table in datasets if described.sees(table)]
        role.permissions = list({pair.id: pair for pair in rights + seen + pages}.values())
        roles[name] = role
    db.session.commit()
    return roles


def make_login(login: str, label: dict, role, password: str) -> None:
    _user(login, label["zh"], label["en"], [role], password)


def set_first_page(login: str, slug: str) -> None:
    """The dashboard a login meets after signing in."""
    user, page = security_manager.find_user(login), db.session.query(SupersetDashboard).filter_by(slug=slug).one()
    attributes = db.session.query(UserAttribute).filter_by(user_id=user.id).one_or_none() or UserAttribute(user_id=user.id)
    attributes.welcome_dashboard_id = page.id
    db.session.add(attributes)
    db.session.commit()


def give_sample_queries(login: str) -> None:
    """The login's own copies (Superset shows a saved query to nobody but its maker); those that are described no more go, what people saved stays."""
    user, database = security_manager.find_user(login), db.session.query(Database).filter_by(database_name=DATABASE).one()
    kept = {query.uuid: query for query in db.session.query(SavedQuery).filter_by(user_id=user.id) if query.uuid and query.uuid.version == 5}
    for described in queries_of(login):
        identity = UUID(id_of("query", login, described.name))
        query = kept.pop(identity, None) or SavedQuery(uuid=identity)
        query.label, query.description, query.sql = described.title, described.description, described.sql
        query.user_id, query.created_by_fk, query.db_id, query.schema, query.catalog = user.id, user.id, database.id, SCHEMA, CATALOG
        db.session.add(query)
    for query in kept.values():
        db.session.delete(query)
    db.session.commit()


def open_dashboards(dashboards: list, roles: dict) -> None:
    """A dashboard is for the roles that may see every one of its tables: nobody meets half a page."""
    for dashboard in dashboards:
        stored = db.session.query(SupersetDashboard).filter_by(slug=dashboard.address).one()
        stored.roles = [role for name, role in roles.items() if may_see_all(name, dashboard.marts)]
        stored.owners = []
    db.session.commit()


def may_see_all(role: str, tables: set[str]) -> bool:
    """Whether the policy opens all of the served tables to the role."""
    return all(policy.role(role).sees(table) for table in tables)


def _rights_of_doors(doors: frozenset[str]) -> list:
    named = [security_manager.find_permission_view_menu(permission, view) for permission, view in READING]
    rights = {pair.id: pair for pair in named if pair is not None}
    for door, role in (("explore", "Gamma"), ("sql", "sql_lab")):
        if door in doors:
            rights |= {pair.id: pair for pair in security_manager.find_role(role).permissions if pair.view_menu.name != "Home"}
    return list(rights.values())


def _user(login: str, first_name: str, last_name: str, roles: list, password: str):
    """The user with exactly these roles and this password."""
    user = security_manager.find_user(login)
    if user is None:
        user = security_manager.add_user(login, first_name, last_name, f"{login}@guihu.invalid", roles[0], password=password)
    user.roles = roles
    security_manager.reset_password(user.id, password)
    db.session.commit()
    return user
