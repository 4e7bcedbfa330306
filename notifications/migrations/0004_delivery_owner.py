# Apart from the one that fills it in: PostgreSQL alters no table whose constraints are still to be checked.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("notifications", "0003_folding"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                models.F("user"),
                models.F("transport"),
                models.F("due_at"),
                condition=models.Q(("leader__isnull", True), ("state", "queued")),
                name="delivery_waiting",
            ),
        ),
    ]
