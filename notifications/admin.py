"""What the operator may look at: alerts and how their deliveries went. Nothing is changed here."""

from django.contrib import admin
from django.http import HttpRequest

from notifications.models import Alert, Delivery, TransportOff


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class DeliveryInline(ReadOnly, admin.TabularInline):
    model = Delivery
    fields = ("transport", "state", "attempts", "due_at", "provider_id", "error", "updated_at")
    extra = 0


@admin.register(Alert)
class AlertAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("title", "user", "fired_at", "late", "acknowledged_at")
    list_select_related = ("user",)
    inlines = (DeliveryInline,)


@admin.register(TransportOff)
class TransportOffAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("user", "transport", "reason", "off_at", "told_at")
    list_select_related = ("user",)
