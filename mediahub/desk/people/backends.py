"""How the desk asks for a person's permissions."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Permission


class PermissionBackend(ModelBackend):
    """Django's backend, which asks for all permissions of a person in one question instead of two."""

    def get_all_permissions(self, user_obj: AbstractBaseUser | AnonymousUser, obj: Any = None) -> set[str]:
        person: Any = user_obj
        if person.is_anonymous or not person.is_active or person.is_superuser or obj is not None:
            return super().get_all_permissions(person, obj)
        if not hasattr(person, "_perm_cache"):
            permissions = Permission.objects.order_by().values_list("content_type__app_label", "codename")
            names = permissions.filter(user=person).union(permissions.filter(group__user=person))
            person._perm_cache = {f"{app}.{codename}" for app, codename in names}
        return set(person._perm_cache)
