import django.db.models.deletion
from django.db import migrations, models

import dashboard.fields


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0009_import_mapping"),
    ]

    operations = [
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("currency", models.CharField(max_length=10)),
                ("value", dashboard.fields.MoneyField()),
                ("cost", dashboard.fields.MoneyField()),
                ("profit", dashboard.fields.MoneyField()),
                (
                    "portfolio",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="snapshots", to="dashboard.portfolio"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("at"), name="snapshot_at")],
                "constraints": [models.UniqueConstraint(models.F("portfolio"), models.F("at"), name="snapshot_once")],
            },
        ),
    ]
