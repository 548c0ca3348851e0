"""Kept counts, and triggers that keep them; PostgreSQL's note changes a statement at a time, which bulk writes are glad of.

A migration that remakes the table of customers on SQLite has to lay the triggers anew.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

# Old and new triggers change places in one transaction, which waits for writers under way and lets no write by unseen.
POSTGRESQL = """
SET LOCAL lock_timeout = '2s';

CREATE FUNCTION customers_fold_tallies(of_organizations uuid[]) RETURNS void LANGUAGE sql AS $$
    WITH folded AS (
        DELETE FROM customers_customertally WHERE id IN (
            SELECT id FROM customers_customertally WHERE organization_id = ANY (of_organizations) FOR UPDATE SKIP LOCKED
        ) RETURNING organization_id, account_type, count
    )
    INSERT INTO customers_customertally (organization_id, account_type, count)
    SELECT organization_id, account_type, sum(count) FROM folded GROUP BY 1, 2 HAVING sum(count) <> 0;
$$;

CREATE FUNCTION customers_after_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customers_customerchange (organization_id, customer_id, type, occurred_at)
    SELECT organization_id, id, 'customer.created', date_trunc('milliseconds', clock_timestamp()) FROM new_rows;
    INSERT INTO customers_customertally (organization_id, account_type, count)
    SELECT organization_id, account_type, count(*) FROM new_rows GROUP BY 1, 2;
    IF random() < 0.02 THEN
        PERFORM customers_fold_tallies(ARRAY(SELECT DISTINCT organization_id FROM new_rows));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION customers_after_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customers_customerchange (organization_id, customer_id, type, occurred_at)
    SELECT organization_id, id, 'customer.updated', date_trunc('milliseconds', clock_timestamp()) FROM new_rows;
    INSERT INTO customers_customertally (organization_id, account_type, count)
    SELECT organization_id, account_type, sum(difference) FROM (
        SELECT organization_id, account_type, 1 AS difference FROM new_rows
        UNION ALL
        SELECT organization_id, account_type, -1 FROM old_rows
    ) AS differences
    GROUP BY 1, 2 HAVING sum(difference) <> 0;
    RETURN NULL;
END $$;

CREATE FUNCTION customers_after_delete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := date_trunc('milliseconds', clock_timestamp());
    records bigint[] := ARRAY(
        SELECT link.record_id FROM customers_idempotencylink AS link JOIN old_rows ON old_rows.id = link.customer_id
    );
BEGIN
    INSERT INTO customers_customerchange (organization_id, customer_id, type, occurred_at)
    SELECT organization_id, id, 'customer.deleted', moment FROM old_rows;
    INSERT INTO customers_tombstone (id, organization_id, created_at, deleted_at)
    SELECT id, organization_id, created_at, moment FROM old_rows;
    DELETE FROM customers_idempotencylink WHERE record_id = ANY (records);
    DELETE FROM customers_idempotencyrecord WHERE id = ANY (records);
    INSERT INTO customers_customertally (organization_id, account_type, count)
    SELECT organization_id, account_type, -count(*) FROM old_rows GROUP BY 1, 2;
    RETURN NULL;
END $$;

DROP TRIGGER customer_created ON customers_customer;
DROP TRIGGER customer_updated ON customers_customer;
DROP TRIGGER customer_deleted ON customers_customer;
DROP FUNCTION customers_note_change();
CREATE TRIGGER customers_inserted AFTER INSERT ON customers_customer
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_after_insert();
CREATE TRIGGER customers_updated AFTER UPDATE ON customers_customer
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_after_update();
CREATE TRIGGER customers_deleted AFTER DELETE ON customers_customer
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_after_delete();
"""
POSTGRESQL_BACK = f"""
SET LOCAL lock_timeout = '2s';
DROP TRIGGER customers_inserted ON customers_customer;
DROP TRIGGER customers_updated ON customers_customer;
DROP TRIGGER customers_deleted ON customers_customer;
DROP FUNCTION customers_after_insert();
DROP FUNCTION customers_after_update();
DROP FUNCTION customers_after_delete();
DROP FUNCTION customers_fold_tallies(uuid[]);
{import_module("customers.migrations.0003_triggers").POSTGRESQL}
"""

ADD = """
    UPDATE customers_customertally SET count = count + {difference} WHERE id = (
        SELECT min(id) FROM customers_customertally
        WHERE organization_id = {row}.organization_id AND account_type = {row}.account_type
    );
    INSERT INTO customers_customertally (organization_id, account_type, count)
    SELECT {row}.organization_id, {row}.account_type, {difference} WHERE changes() = 0;
"""
GAIN, LOSS = ADD.format(row="NEW", difference="1"), ADD.format(row="OLD", difference="-1")
SQLITE = {
    "customer_counted_in": ("AFTER INSERT", "", GAIN),
    "customer_counted_over": (
        "AFTER UPDATE OF organization_id, account_type",
        "WHEN OLD.organization_id <> NEW.organization_id OR OLD.account_type <> NEW.account_type",
        LOSS + GAIN,
    ),
    "customer_counted_out": ("AFTER DELETE", "", LOSS),
}


def lay(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL, params=None)
        return
    for name, (event, condition, body) in SQLITE.items():
        schema_editor.execute(
            f"CREATE TRIGGER {name} {event} ON customers_customer {condition} BEGIN {body} END", params=None
        )


def lift(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL_BACK, params=None)
        return
    for name in SQLITE:
        schema_editor.execute(f"DROP TRIGGER {name}", params=None)


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_triggers"), ("organizations", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="CustomerTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_type", models.CharField(max_length=10)),
                ("count", models.BigIntegerField()),
                (
                    "organization",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
        ),
        migrations.RunPython(lay, lift),
    ]
