"""Every route."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from rest_framework.routers import SimpleRouter

from apikeys.views import ApiKeyViewSet
from asteri import health, metrics, pages, wellknown
from asteri.api import document
from asteri.api.viewsets import UnknownRoute
from customers.views import CustomerViewSet
from organizations.views import OrganizationViewSet

ROOT = "api/public/v1/"
public = SimpleRouter(trailing_slash=False, use_regex_path=False)
public.register(f"{ROOT}customers", CustomerViewSet, basename="customers")  # first, as most requests are for these
public.register(f"{ROOT}organizations", OrganizationViewSet, basename="organizations")
public.register(f"{ROOT}api-keys", ApiKeyViewSet, basename="api-keys")

urlpatterns = [
    *public.urls,
    path(f"{ROOT}openapi.json", document.openapi, name="openapi"),
    re_path(r"^api/public/v1(?:/|\Z)", UnknownRoute.as_view(), name="unknown"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.show, name="metrics"),
    path("llms.txt", wellknown.llms, name="llms"),
    path(".well-known/security.txt", wellknown.security, name="security"),
    path("admin/", admin.site.urls),
    path("", include("asteri.developers.urls")),
    path("", RedirectView.as_view(pattern_name="developers:home"), name="home"),
]
handler400 = pages.bad_request
handler404 = pages.page_not_found
handler500 = pages.server_error
