"""Currencies are assets too, so that a fee or a price can be in any of them."""

from django.db import migrations

from accounts.currencies import CURRENCIES


def add_currencies(apps, schema_editor):
    asset = apps.get_model("dashboard", "Asset")
    asset.objects.bulk_create(
        [asset(id=code, kind="fiat", symbol=code, name=name) for code, name in CURRENCIES.items()],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0001_initial")]
    operations = [migrations.RunPython(add_currencies, migrations.RunPython.noop)]
