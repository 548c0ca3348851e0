import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { body, client, owner } from './api.js';

const { customers, organizations, apiKeys } = client();

test('a created customer is answered and found', async () => {
  const created = await customers.create(body({ company_name: 'Maple Cleaning' }));
  const found = await customers.get({ customerId: created.data.id });

  assert.equal(created.meta.status, 201);
  assert.equal(created.data.display_name, 'Maple Cleaning');
  assert.deepEqual(found, created);
  assert.equal(found.meta.etag, created.meta.etag);
});

test('an answer is what the API sent, and nothing else', async () => {
  assert.deepEqual(Object.keys(await customers.list()), ['data', 'pagination']);
});

test('a query filters, and what is undefined in it is left out', async () => {
  const { data } = await customers.create(body({ first_name: 'Nora' }));
  const query = { email: data.email, expand: 'profile', cursor: undefined };
  const page = await customers.list({ query });

  assert.equal(page.pagination.count, 1);
  assert.equal(page.data[0].profile.first_name, 'Nora');
});

test('a change clears and sets under its condition', async () => {
  const { data, meta } = await customers.create(body());
  const change = { customerId: data.id, phone: null, display_name: 'Maple' };
  const changed = await customers.update(change, { ifMatch: meta.etag });

  assert.equal(changed.data.phone, null);
  assert.equal(changed.data.display_name, 'Maple');
  await assert.rejects(customers.update(change, { ifMatch: meta.etag }), { status: 412 });
});

test('a condition that was lost on the way is refused', async () => {
  const { data } = await customers.create(body());
  const { meta } = await customers.list();
  await assert.rejects(customers.update({ customerId: data.id, phone: null }, { ifMatch: meta.etag }), TypeError);
  assert.deepEqual((await customers.get({ customerId: data.id })).data, data);
});

test('a deleted customer is gone', async () => {
  const { data, meta } = await customers.create(body());
  const deleted = await customers.delete({ customerId: data.id }, { ifMatch: meta.etag });

  assert.equal(deleted.meta.status, 204);
  await assert.rejects(customers.get({ customerId: data.id }), { status: 404 });
});

for (const name of ['crm-1041', 'a/b?c#d%20e', 'Zürich 東京']) {
  test(`an upsert creates ${name}, then replaces it`, async () => {
    const [externalId, sent] = [`${name}-${randomUUID()}`, body()];
    const created = await customers.upsert({ externalId, ...sent });
    const replaced = await customers.upsert({ externalId, ...sent, company_name: 'Cedar Electric' });

    assert.deepEqual([created.meta.status, replaced.meta.status], [201, 200]);
    assert.deepEqual((await customers.list({ query: { external_id: externalId } })).data, [replaced.data]);
  });
}

test('bulk answers each in its place', async () => {
  const taken = body();
  const { data } = await customers.bulk({ customers: [taken, taken, body({ email: 'nobody' })] });
  assert.deepEqual(
    data.map(({ status }) => status),
    [201, 409, 400],
  );
});

test('changes follow a cursor', async () => {
  let page = await customers.changes({ query: { limit: 100 } });
  while (page.data.length)
    page = await customers.changes({ query: { limit: 100, cursor: page.pagination.next_cursor } });
  const { data } = await customers.create(body());
  const seen = await customers.changes({ query: { cursor: page.pagination.next_cursor } });
  assert.ok(seen.data.some(({ type, customer_id }) => type === 'customer.created' && customer_id === data.id));
});

test('the organization is the key’s own', async () => {
  const [organization] = (await organizations.list()).data;
  assert.equal(organization.id, owner.organizationId);
  assert.deepEqual((await organizations.get({ organizationId: organization.id })).data, organization);
});

test('a key is made, rotated and revoked', async () => {
  const { data: made } = await apiKeys.create({ name: 'Reader', scopes: ['read:customers'], per_minute: 5 });
  const { data: successor } = await apiKeys.rotate({ apiKeyId: made.id, grace_hours: 0 });
  const reader = client({ apiKey: successor.key });

  assert.equal((await reader.apiKeys.current()).data.id, successor.id);
  assert.notEqual((await apiKeys.get({ apiKeyId: made.id })).data.state, 'active');
  assert.ok((await apiKeys.list({ query: { limit: 100 } })).data.some(({ id }) => id === successor.id));
  assert.equal((await apiKeys.revoke({ apiKeyId: successor.id })).meta.status, 204);
  await assert.rejects(reader.apiKeys.current(), { status: 401 });
});

test('a key may be sent as bearer', async () => {
  assert.equal((await client({ auth: 'bearer' }).apiKeys.current()).data.name, 'SDK');
});

test('a base URL may end with a slash', async () => {
  assert.equal((await client({ baseUrl: `${owner.baseUrl}/` }).apiKeys.current()).meta.status, 200);
});

test('a fetch of the caller’s own is used', async () => {
  const asked = [];
  const spy = (url, init) => asked.push(url) && fetch(url, init);
  await client({ fetch: spy }).customers.list({ query: { limit: 1 } }, { headers: { 'X-Request-Id': 'mine' } });
  assert.deepEqual(asked, [`${owner.baseUrl}/api/public/v1/customers?limit=1`]);
});

test('a request may be given a name', async () => {
  const { meta } = await customers.list({}, { headers: { 'X-Request-Id': 'mine' } });
  assert.equal(meta.requestId, 'mine');
});

test('a client does not show its key', () => {
  assert.ok(!inspect(client(), { depth: 9, showHidden: true }).includes(owner.apiKey));
});

for (const name of ['baseUrl', 'organizationId', 'apiKey']) {
  test(`a client needs ${name}`, () => {
    assert.throws(() => client({ [name]: undefined }), {
      name: 'TypeError',
      message: `AsteriPublicApiClient needs ${name}.`,
    });
  });
}

for (const customerId of ['', '.', '..']) {
  test(`an id of ${JSON.stringify(customerId)} is refused at once`, async () => {
    await assert.rejects(customers.get({ customerId }), TypeError);
  });
}
