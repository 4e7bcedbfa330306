"""What people want to be told, what happened, and how the telling goes."""

from notifications.models.alerts import Alert, AlertQuerySet, Allowance, Delivery, DeliveryQuerySet, TransportOff
from notifications.models.reminders import MAX_REMINDERS, Reminder, ReminderQuerySet, Watch
from notifications.models.whatsapp import Conversation, InboundMessage, WhatsAppCode

__all__ = [
    "MAX_REMINDERS",
    "Alert",
    "AlertQuerySet",
    "Allowance",
    "Conversation",
    "Delivery",
    "DeliveryQuerySet",
    "InboundMessage",
    "Reminder",
    "ReminderQuerySet",
    "TransportOff",
    "Watch",
    "WhatsAppCode",
]
