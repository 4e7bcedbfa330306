"""Every address: each app's own, the library's accounts, the API, and what watches the process."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from project import health, operating, views
from project.api import api

# Staff sign in where everybody does, with the same limits on guessing.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", include("dashboard.urls")),
    path("", include("notifications.urls")),
    path("", include("accounts.urls")),
    path("words.js", views.words, name="words"),
    path("offline/", views.offline, name="offline"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("settings/", views.settings, name="settings"),
    path("settings/export.json", views.account_export, name="account_export"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("operator/", operating.operator, name="operator"),
    path("metrics", operating.metrics, name="metrics"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("healthz/", health.healthz),
    path("readyz/", health.readyz),
]
