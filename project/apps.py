from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "project"
    verbose_name = "Tickfolio"

    def ready(self) -> None:
        """Hand down what one app adds to another that may not know it."""
        from dashboard.charts import register_limits
        from dashboard.live.hub import register_greeting
        from dashboard.live.sessions import close_sockets_at_logout
        from notifications.limits import limits_of
        from notifications.transports.toast import unseen_toasts

        register_greeting(unseen_toasts)
        register_limits(limits_of)
        close_sockets_at_logout()
