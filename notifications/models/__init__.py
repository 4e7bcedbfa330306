"""What people want to be told, what happened, and how the telling goes."""

from notifications.models.alerts import Alert, AlertQuerySet, Allowance, Delivery, DeliveryQuerySet, TransportOff
from notifications.models.pushing import LONGEST_ENDPOINT, PushSubscription, Trial
from notifications.models.reminders import MAX_REMINDERS, Reminder, ReminderQuerySet, Watch
from notifications.models.whatsapp import Conversation, InboundMessage, WhatsAppCode

__all__ = [
    "LONGEST_ENDPOINT",
    "MAX_REMINDERS",
    "Alert",
    "AlertQuerySet",
    "Allowance",
    "Conversation",
    "Delivery",
    "DeliveryQuerySet",
    "InboundMessage",
    "PushSubscription",
    "Reminder",
    "ReminderQuerySet",
    "TransportOff",
    "Trial",
    "Watch",
    "WhatsAppCode",
]
