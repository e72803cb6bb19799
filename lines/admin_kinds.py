"""Three kinds of admin page: master data is edited, versions are added and stay, facts are only looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property

from lines.orders.serials import canonical
from lines.people.actors import acting

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    AnyPaginator = Paginator[Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
    AnyPaginator = Paginator


def actor_of(request: HttpRequest) -> str:
    """Who does it, as the database is told."""
    return "" if isinstance(request.user, AnonymousUser) else f"person:{request.user.get_username()}"


class MasterAdmin(ModelAdmin):
    """Added and changed, never deleted: facts rest on it, and looking for them would read the largest tables."""

    show_full_result_count = False
    list_per_page = 50

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - Django's
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        with acting(actor_of(request)):
            return super().changeform_view(request, object_id, form_url, extra_context)


class VersionAdmin(MasterAdmin):
    """A new version is added with author and moment; the old ones stay as they were."""

    version_of: ClassVar[tuple[str, ...]] = ()  # fields that a series of versions has in common
    readonly_fields: ClassVar[tuple[str, ...]] = ("version",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - Django's
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        series = {name: getattr(obj, name) for name in self.version_of}
        newest = type(obj)._default_manager.filter(**series).order_by("-version").first()
        obj.version = newest.version + 1 if newest else 1
        if hasattr(obj, "author"):
            obj.author = request.user.get_username()
        super().save_model(request, obj, form, change)


class FirstPages(AnyPaginator):
    """Counting all rows of a fact table takes minutes; nobody pages beyond the newest, they search."""

    counted = 5_000

    @cached_property
    def count(self) -> int:
        return len(cast("QuerySet[Any]", self.object_list)[: self.counted].values_list("pk"))


class LookOnly:
    """No adding, changing or deleting, whoever asks."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - Django's
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - Django's
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - Django's
        return False


class FactAdmin(LookOnly, ModelAdmin):
    """What happened. Search is by whole serial or code: a part of one would read the table from end to end."""

    show_full_result_count = False
    list_per_page = 50
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    paginator = FirstPages

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, canonical(search_term))


class LookOnlyInline(LookOnly, TabularInline):
    extra = 0
    show_change_link = True
