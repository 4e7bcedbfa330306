import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0007_values_of_the_past"),
    ]

    operations = [
        migrations.CreateModel(
            name="LotState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("upto", models.DateTimeField()),
                ("rules", models.CharField(max_length=60)),
                ("entries", models.PositiveIntegerField(help_text="how many transactions moved the asset until then")),
                ("lots", models.PositiveIntegerField(help_text="about how many lots were held")),
                ("state", models.TextField()),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="dashboard.asset"
                    ),
                ),
                (
                    "portfolio",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lot_states", to="dashboard.portfolio"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("portfolio"), models.F("asset"), models.F("upto"), name="lot_state_once"
                    )
                ],
            },
        ),
    ]
