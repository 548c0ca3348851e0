"""Indexes for the admin's lists of keys and the API's, made while the table is in use."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class AddIndexInUse(AddIndexConcurrently):
    """Adds an index without keeping writers waiting; SQLite, which has one writer anyway, adds it as usual."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("apikeys", "0001_initial")]
    operations = [
        AddIndexInUse(
            model_name="apikey",
            index=models.Index(fields=["-created_at", "-id"], name="api_keys_newest"),
        ),
        AddIndexInUse(
            model_name="apikey",
            index=models.Index(fields=["organization", "-created_at", "-id"], name="api_keys_newest_of_one"),
        ),
        AddIndexInUse(
            model_name="apikey",
            index=models.Index(
                fields=["expires_at", "id"], condition=models.Q(("revoked_at", None)), name="api_keys_by_expiry"
            ),
        ),
    ]
