"""Indexes for staff, who look for customers among those of all organizations, made while the table is in use."""

from django.db import migrations, models

from asteri.indexes import AddIndexInUse


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
