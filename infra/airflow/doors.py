"""Who may do what in Airflow: operators as Airflow's simple manager has it, and deciders, who see and answer the questions of their own department and nothing else."""

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.common.types import MenuItem

DECIDER = "decider"  # to whom infra/policy.yaml opens the door `approvals`; infra/operate/secrets.py gives the logins
READ = {None, DagAccessEntity.HITL_DETAIL, DagAccessEntity.RUN, DagAccessEntity.TASK, DagAccessEntity.TASK_INSTANCE, DagAccessEntity.VERSION}


class PolicyAuthManager(SimpleAuthManager):
    """A decider's one DAG is approvals__<login>; Airflow's lists hold only what the DAGs that may be read hold."""

    def is_authorized_dag(self, *, method, user, access_entity=None, details=None) -> bool:
        if user.role != DECIDER:
            return super().is_authorized_dag(method=method, user=user, access_entity=access_entity, details=details)
        asked = details.id if details else None
        if asked is None:  # a list of many DAGs
            return method == "GET" and access_entity in READ
        may = access_entity in READ if method == "GET" else method == "PUT" and access_entity == DagAccessEntity.HITL_DETAIL
        return may and asked == f"approvals__{user.username}"

    def is_authorized_view(self, *, access_view, user) -> bool:
        return access_view == AccessView.WEBSITE if user.role == DECIDER else super().is_authorized_view(access_view=access_view, user=user)

    def filter_authorized_menu_items(self, menu_items, *, user) -> list[MenuItem]:
        return [item for item in menu_items if user.role != DECIDER or item in (MenuItem.DAGS, MenuItem.REQUIRED_ACTIONS)]

    @staticmethod
    def _is_authorized(*, user, **asked) -> bool:
        return user.role != DECIDER and SimpleAuthManager._is_authorized(user=user, **asked)
