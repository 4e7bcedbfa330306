from django.conf import settings
from django.db import migrations, models
from django.db.models import F


def carry_over(apps, schema_editor):
    reminders = apps.get_model("notifications", "Reminder").objects.filter(threshold__isnull=False)
    reminders.filter(rising=True).update(rise_to=F("threshold"))
    reminders.filter(rising=False).update(fall_to=F("threshold"))


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0003_kept_figures"),
        ("notifications", "0006_report_details"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="reminder",
            name="due_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="reminder",
            name="fall_to",
            field=models.FloatField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="reminder",
            name="measure",
            field=models.CharField(
                choices=[("total", "Realised and unrealised"), ("realised", "Realised"), ("unrealised", "Unrealised")],
                default="total",
                help_text="which profit",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="memory",
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="reminder",
            name="minutes",
            field=models.PositiveIntegerField(default=10, help_text="for how long a stablecoin must be off its peg"),
        ),
        migrations.AddField(
            model_name="reminder",
            name="own_transactions",
            field=models.BooleanField(default=False, help_text="do the owner's own transactions count as a crossing"),
        ),
        migrations.AddField(
            model_name="reminder",
            name="paused_because",
            field=models.CharField(blank=True, help_text="why it was paused, if its owner did not", max_length=300),
        ),
        migrations.AddField(
            model_name="reminder",
            name="rise_to",
            field=models.FloatField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="reminder",
            name="unit",
            field=models.CharField(
                choices=[("money", "Money"), ("percent", "Percent")],
                default="money",
                help_text="of a profit's limit",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="watch",
            name="delayed_since",
            field=models.DateTimeField(help_text="when people were told that prices are delayed", null=True),
        ),
        migrations.AddField(
            model_name="watch",
            name="extremes",
            field=models.JSONField(
                default=dict, help_text="the source's high and low of 24 h, as last judged, by asset"
            ),
        ),
        migrations.AlterField(
            model_name="reminder",
            name="direction",
            field=models.CharField(
                blank=True, choices=[("up", "Up"), ("down", "Down"), ("both", "Up or down")], max_length=10
            ),
        ),
        migrations.AlterField(
            model_name="reminder",
            name="window",
            field=models.CharField(
                blank=True,
                choices=[
                    ("5m", "5 minutes"),
                    ("1h", "1 hour"),
                    ("24h", "24 hours"),
                    ("7d", "7 days"),
                    ("creation", "Since now"),
                ],
                max_length=10,
            ),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveIndex(
            model_name="reminder",
            name="reminder_edge",
        ),
        migrations.RemoveField(
            model_name="reminder",
            name="rising",
        ),
        migrations.RemoveField(
            model_name="reminder",
            name="threshold",
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(
                models.F("asset"),
                models.F("currency"),
                models.F("rise_to"),
                condition=models.Q(("active", True), ("rise_to__isnull", False)),
                name="reminder_rise",
            ),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(
                models.F("asset"),
                models.F("currency"),
                models.F("fall_to"),
                condition=models.Q(("active", True), ("fall_to__isnull", False)),
                name="reminder_fall",
            ),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(
                models.F("due_at"), condition=models.Q(("active", True), ("due_at__isnull", False)), name="reminder_due"
            ),
        ),
    ]
