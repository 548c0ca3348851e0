import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { AsteriApiError, AsteriError } from '@asteri/public-api-sdk';

import { body, client, through } from './api.js';

const once = { maxRetries: 0 };
const { customers, apiKeys } = client(once);

/** A client with a key of its own, which may read alone. */
async function limited(fields = {}) {
  const { data } = await apiKeys.create({ name: 'Limited', scopes: ['read:customers'], ...fields });
  return client({ ...once, apiKey: data.key });
}

async function createTwice() {
  const sent = body();
  await customers.create(sent);
  await customers.create(sent);
}

async function changeWhatHasChanged() {
  const { data, meta } = await customers.create(body());
  await customers.update({ customerId: data.id, phone: null });
  await customers.update({ customerId: data.id, phone: null }, { ifMatch: meta.etag });
}

async function useAKeyTwice() {
  const idempotencyKey = randomUUID();
  await customers.create(body(), { idempotencyKey });
  await customers.create(body(), { idempotencyKey });
}

async function askTooOften() {
  const reader = await limited({ per_hour: 1 });
  await reader.customers.list();
  await reader.customers.list();
}

const rows = [
  [
    400,
    () => customers.create(body({ email: 'nobody' })),
    { issues: [{ path: 'email', message: 'Invalid email address' }] },
  ],
  [400, () => customers.list({ query: { limit: 0 } }), { error: 'Invalid query parameters' }],
  [
    400,
    () => client({ organizationId: 'mine' }).customers.list(),
    { issues: [{ path: 'x-organization-id', message: 'Invalid UUID' }] },
  ],
  [401, () => client({ apiKey: 'ast_live_your_key' }).customers.list(), { error: 'Invalid API key' }],
  [
    403,
    () => client({ organizationId: randomUUID() }).customers.list(),
    { error: 'API key does not have access to this organization' },
  ],
  [403, async () => (await limited()).customers.create(body()), { missingScopes: ['write:customers'] }],
  [404, () => customers.get({ customerId: randomUUID() }), { error: 'Customer not found' }],
  [409, createTwice, { error: 'Customer email already exists in this organization', field: 'email' }],
  [412, changeWhatHasChanged, { error: 'Customer has changed' }],
  [415, () => through(['plain'], once).client.customers.create(body()), { error: 'Unsupported media type' }],
  [422, useAKeyTwice, { field: 'Idempotency-Key' }],
  [429, askTooOften, { error: 'API key hour rate limit exceeded', limit: 1, window: 'hour' }],
];

for (const [status, provoke, payload] of rows) {
  test(`${status} ${Object.values(payload)[0]} is an error that says so`, async () => {
    const error = await provoke().catch((caught) => caught);

    assert.ok(error instanceof AsteriApiError && error instanceof AsteriError && error instanceof Error);
    assert.equal(error.name, 'AsteriApiError');
    assert.equal(error.status, status);
    assert.deepEqual({ ...error.payload, ...payload }, error.payload);
    assert.ok(error.requestId);
    assert.equal(error.contractVersion, '2026-03-23.preview');
    assert.equal(error.retryAfter !== undefined, status === 429);
  });
}

for (const status of [500, 503]) {
  test(`${status} is an error with its Retry-After`, async () => {
    const failing = through([`${status}-7`], once).client;
    await assert.rejects(failing.customers.list(), {
      status,
      retryAfter: 7,
      message: `${status} Failed to fetch customers`,
    });
  });
}

test('what stands in the way is named', async () => {
  await assert.rejects(through(['page']).client.customers.list(), { status: 502, message: /Bad Gateway/ });
});

test('a redirect is an error: the key goes nowhere else', async () => {
  const way = through(['redirect']);
  await assert.rejects(way.client.customers.list(), { status: 307 });
  assert.deepEqual(await way.faults(), ['redirect']);
});

test('a conflict leads to the holder', async () => {
  const sent = body();
  const { data } = await customers.create(sent);
  const error = await customers.create(sent).catch((caught) => caught);
  assert.ok(error.headers.get('location').endsWith(data.id));
});

test('every fault of a request is in the message', async () => {
  const message = '400 Invalid request payload: email Invalid email address, phone Invalid phone number';
  await assert.rejects(customers.create(body({ email: 'nobody', phone: 'none' })), { message });
});
