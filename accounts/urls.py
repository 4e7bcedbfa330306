"""The addresses of what proves who somebody is, beside the library's own."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("settings/tokens/add/", views.token_add, name="token_add"),
    path("settings/tokens/<int:pk>/revoke/", views.token_revoke, name="token_revoke"),
]
