"""Pages: reminders, alerts, and the settings' WhatsApp section."""
