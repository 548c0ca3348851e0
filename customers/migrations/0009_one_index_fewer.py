"""Lets go of an index that each index beginning with the organization makes needless: every write paid for it.

On lists between dates it also drew PostgreSQL away from `customers_newest`.
"""

import django.db.models.deletion
from django.db import migrations, models

from asteri.indexes import drop_column_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0008_stored_sheets")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                drop_column_index(
                    "customers_customer_organization_id_dc486906", "customers_customer", "organization_id"
                )
            ],
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
