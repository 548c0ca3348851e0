"""The table of records, made by hand for each engine. Its triggers are laid after every migration (asteri/audit/laying.py)."""

from django.db import migrations, models

from asteri.audit import postgresql, sqlite
from asteri.audit.laying import lift

# Of what customers are created, the most by far, no index but those for looking up and for the time knows anything.
INDEXES = """
CREATE INDEX audit_by_subject ON audit_record (subject_id, id);
CREATE INDEX audit_by_actor ON audit_record (actor, id);
CREATE INDEX audit_by_organization ON audit_record (organization_id, id);
CREATE INDEX audit_by_time ON audit_record (at);
CREATE INDEX audit_by_action ON audit_record (action, id) WHERE action <> 'created';
CREATE INDEX audit_by_type ON audit_record (subject_type, id) WHERE subject_type <> 'customers.customer';
"""


def make(apps, schema_editor):
    engine = postgresql if schema_editor.connection.vendor == "postgresql" else sqlite
    for statement in filter(str.strip, (engine.TABLE + INDEXES).split(";")):
        schema_editor.execute(statement, params=None)


def unmake(apps, schema_editor):
    lift(schema_editor.connection)
    engine = postgresql if schema_editor.connection.vendor == "postgresql" else sqlite
    for statement in engine.DROP_TABLE.split(";"):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("organizations", "0001_initial"),
        ("apikeys", "0001_initial"),
        ("customers", "0006_indexes"),
    ]
    operations = [
        migrations.CreateModel(
            name="Record",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("api_key", "API key"),
                            ("user", "user"),
                            ("command", "command"),
                            ("unknown", "unknown"),
                        ],
                        max_length=7,
                    ),
                ),
                ("actor", models.CharField(blank=True, max_length=150)),
                ("request_id", models.CharField(blank=True, max_length=128)),
                ("address", models.CharField(blank=True, max_length=64)),
                ("subject_type", models.CharField(max_length=100)),
                ("subject_id", models.CharField(max_length=64)),
                ("organization_id", models.UUIDField(null=True)),
                (
                    "action",
                    models.CharField(
                        choices=[("created", "created"), ("changed", "changed"), ("deleted", "deleted")], max_length=7
                    ),
                ),
                ("changes", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "audit record",
                "db_table": "audit_record",
                "ordering": ("-id",),
                "managed": False,
            },
        ),
        migrations.RunPython(make, unmake),
    ]
