"""Indexes for staff, who look for customers among those of all organizations, made while the table is in use."""

from importlib import import_module

from django.db import migrations, models

AddIndexInUse = import_module("customers.migrations.0006_indexes").AddIndexInUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0006_indexes")]
    operations = [
        AddIndexInUse(
            model_name="customer",
            index=models.Index(fields=["-created_at", "-id"], name="customers_newest_of_all"),
        ),
        AddIndexInUse(
            model_name="customer",
            index=models.Index(
                fields=["external_id"],
                condition=models.Q(("external_id__isnull", False)),
                name="customers_by_external_id",
            ),
        ),
    ]
