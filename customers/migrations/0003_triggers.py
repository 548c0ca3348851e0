"""The triggers that note every change of a customer. A migration that remakes the table on SQLite has to lay them anew."""

from django.db import migrations, models

POSTGRESQL = """
CREATE FUNCTION customers_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    customer customers_customer := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    moment timestamptz := date_trunc('milliseconds', clock_timestamp());
BEGIN
    INSERT INTO customers_customerchange (organization_id, customer_id, type, occurred_at)
    VALUES (customer.organization_id, customer.id, TG_ARGV[0], moment);
    IF TG_OP = 'DELETE' THEN
        INSERT INTO customers_tombstone (id, organization_id, created_at, deleted_at)
        VALUES (customer.id, customer.organization_id, customer.created_at, moment);
        DELETE FROM customers_idempotencylink AS other WHERE other.customer_id <> customer.id AND other.record_id IN
            (SELECT record_id FROM customers_idempotencylink AS mine WHERE mine.customer_id = customer.id);
        DELETE FROM customers_idempotencyrecord AS record WHERE record.id IN
            (SELECT record_id FROM customers_idempotencylink AS mine WHERE mine.customer_id = customer.id);
        DELETE FROM customers_idempotencylink AS mine WHERE mine.customer_id = customer.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER customer_created AFTER INSERT ON customers_customer
    FOR EACH ROW EXECUTE FUNCTION customers_note_change('customer.created');
CREATE TRIGGER customer_updated AFTER UPDATE ON customers_customer
    FOR EACH ROW EXECUTE FUNCTION customers_note_change('customer.updated');
CREATE TRIGGER customer_deleted AFTER DELETE ON customers_customer
    FOR EACH ROW EXECUTE FUNCTION customers_note_change('customer.deleted');
"""
POSTGRESQL_BACK = """
DROP TRIGGER customer_created ON customers_customer;
DROP TRIGGER customer_updated ON customers_customer;
DROP TRIGGER customer_deleted ON customers_customer;
DROP FUNCTION customers_note_change();
"""

NOTE = """
    INSERT INTO customers_customerchange (organization_id, customer_id, type, occurred_at)
    VALUES ({row}.organization_id, {row}.id, '{type}', strftime('%Y-%m-%d %H:%M:%f', 'now'));
"""
FORGET = """
    INSERT INTO customers_tombstone (id, organization_id, created_at, deleted_at)
    VALUES (OLD.id, OLD.organization_id, OLD.created_at, strftime('%Y-%m-%d %H:%M:%f', 'now'));
    DELETE FROM customers_idempotencylink WHERE customer_id <> OLD.id AND record_id IN
        (SELECT record_id FROM customers_idempotencylink WHERE customer_id = OLD.id);
    DELETE FROM customers_idempotencyrecord WHERE id IN
        (SELECT record_id FROM customers_idempotencylink WHERE customer_id = OLD.id);
    DELETE FROM customers_idempotencylink WHERE customer_id = OLD.id;
"""
SQLITE = {
    "customer_created": ("INSERT", NOTE.format(row="NEW", type="customer.created")),
    "customer_updated": ("UPDATE", NOTE.format(row="NEW", type="customer.updated")),
    "customer_deleted": ("DELETE", NOTE.format(row="OLD", type="customer.deleted") + FORGET),
}


def begin_with_creation(apps, schema_editor):
    customers = apps.get_model("customers", "Customer").objects
    customers.update(updated_at=models.F("created_at"))


def lay(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL, params=None)
    else:
        for name, (event, body) in SQLITE.items():
            schema_editor.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON customers_customer BEGIN {body} END", params=None
            )


def lift(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL_BACK, params=None)
    else:
        for name in SQLITE:
            schema_editor.execute(f"DROP TRIGGER {name}", params=None)


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_change")]
    operations = [
        migrations.RunPython(begin_with_creation, migrations.RunPython.noop),
        migrations.RunPython(lay, lift),
    ]
