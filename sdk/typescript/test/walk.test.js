import assert from 'node:assert/strict';
import { test } from 'node:test';

import { client } from './api.js';

const { ASTERI_WALK_ORG_ID: organizationId, ASTERI_WALK_API_KEY: apiKey, ASTERI_WALK_COUNT } = process.env;

test('a walk meets each of many once', async () => {
  const emails = [];
  for await (const { email } of client({ organizationId, apiKey }).customers.listAll()) emails.push(email);

  assert.equal(emails.length, Number(ASTERI_WALK_COUNT));
  assert.equal(new Set(emails).size, emails.length);
});

test('a walk that is left asks for no more pages', async () => {
  const { ASTERI_BASE_URL: baseUrl } = process.env;
  const asked = [];
  const counting = (url, init) => asked.push(url) && fetch(url, init);
  for await (const _ of client({ baseUrl, organizationId, apiKey, fetch: counting }).customers.listAll()) break;
  assert.equal(asked.length, 1);
});
