"""Lets go of an index that each index beginning with the organization makes needless: every write paid for it.

On lists between dates it also drew PostgreSQL away from `customers_newest`. On SQLite the table is not remade for it.
"""

import django.db.models.deletion
from django.db import migrations, models

NAME = "customers_customer_organization_id_dc486906"  # as Django names it, on both engines


def in_use(schema_editor):
    return "CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""


def drop(apps, schema_editor):
    schema_editor.execute(f"DROP INDEX {in_use(schema_editor)} IF EXISTS {NAME}", params=None)


def make(apps, schema_editor):
    schema_editor.execute(
        f"CREATE INDEX {in_use(schema_editor)} IF NOT EXISTS {NAME} ON customers_customer (organization_id)",
        params=None,
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0008_stored_sheets")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop, make)],
            state_operations=[
                migrations.AlterField(
                    model_name="customer",
                    name="organization",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="customers",
                        to="organizations.organization",
                    ),
                )
            ],
        )
    ]
