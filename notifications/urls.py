"""The addresses of reminders and alerts, of the WhatsApp section, and of Twilio's callbacks."""

from django.urls import path

from notifications import inbound
from notifications.views import alerts, delivery_settings, glance, push, reminders, schedules, unsubscribe, whatsapp

urlpatterns = [
    path("reminders/", reminders.reminders, name="reminders"),
    path("reminders/add/", reminders.reminder_add, name="reminder_add"),
    path("reminders/glance/", glance.reminders_glance, name="reminders_glance"),
    path("reminders/cells/", reminders.reminder_cells, name="reminder_cells"),
    path("reminders/suggestions/", reminders.reminder_suggestions, name="reminder_suggestions"),
    path("reminders/sentence/", reminders.reminder_sentence, name="reminder_sentence"),
    path("reminders/<int:pk>/edit/", reminders.reminder_edit, name="reminder_edit"),
    path("reminders/<int:pk>/why/", reminders.reminder_why, name="reminder_why"),
    path("reminders/<int:pk>/pause/", reminders.reminder_pause, name="reminder_pause"),
    path("reminders/<int:pk>/delete/", reminders.reminder_delete, name="reminder_delete"),
    path("reminders/transports/<slug:name>/on/", reminders.transport_on, name="transport_on"),
    path("reminders/schedule/", schedules.schedules, name="schedules"),
    path("reminders/schedule/add/", schedules.schedule_add, name="schedule_add"),
    path("reminders/schedule/times/", schedules.schedule_times, name="schedule_times"),
    path("reminders/schedule/<int:pk>/edit/", schedules.schedule_edit, name="schedule_edit"),
    path("reminders/schedule/<int:pk>/pause/", schedules.schedule_pause, name="schedule_pause"),
    path("reminders/schedule/<int:pk>/delete/", schedules.schedule_delete, name="schedule_delete"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/acknowledge/", alerts.alerts_acknowledge, name="alerts_acknowledge"),
    path("alerts/<int:pk>/", alerts.alert, name="alert"),
    path("alerts/<int:pk>/acknowledge/", alerts.alert_acknowledge, name="alert_acknowledge"),
    path("settings/whatsapp/link/", whatsapp.whatsapp_link, name="whatsapp_link"),
    path("settings/whatsapp/confirm/", whatsapp.whatsapp_confirm, name="whatsapp_confirm"),
    path("settings/whatsapp/unlink/", whatsapp.whatsapp_unlink, name="whatsapp_unlink"),
    path("settings/delivery/", delivery_settings.delivery_settings, name="delivery_settings"),
    path("settings/delivery/<slug:name>/test/", delivery_settings.delivery_test, name="delivery_test"),
    path("settings/delivery/<slug:name>/on/", delivery_settings.delivery_on, name="delivery_on"),
    path("settings/delivery/push/<int:pk>/remove/", push.push_remove, name="push_remove"),
    path("settings/delivery/push/subscribe/", push.push_subscribe, name="push_subscribe"),
    path("settings/delivery/push/unsubscribe/", push.push_unsubscribe, name="push_unsubscribe"),
    path("unsubscribe/<str:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
    path("service-worker.js", push.service_worker, name="service_worker"),
    path("webhooks/twilio/status/", inbound.twilio_status, name="twilio_status"),
    path("webhooks/twilio/inbound/", inbound.twilio_inbound, name="twilio_inbound"),
]
