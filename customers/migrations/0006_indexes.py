"""Indexes for lists by account type and for searches, made while the table is in use."""

from django.db import migrations, models

from asteri.indexes import AddIndexInUse

# The organization stands first, so that a search looks through its own customers alone. New entries wait in a short list
# (256 kB), which every search reads, before they're sorted in.
BY_WORDS = """
    CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_by_words ON customers_customer
    USING gin (organization_id, search_text gin_trgm_ops) WITH (gin_pending_list_limit = 256)
"""


def lay(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm", params=None)
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gin", params=None)
        schema_editor.execute(BY_WORDS, params=None)


def lift(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX CONCURRENTLY customers_by_words", params=None)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0005_first_counts")]
    operations = [
        AddIndexInUse(
            model_name="customer",
            index=models.Index(
                fields=["organization", "account_type", "-created_at", "-id"], name="customers_newest_of_a_type"
            ),
        ),
        migrations.RunPython(lay, lift),
    ]
