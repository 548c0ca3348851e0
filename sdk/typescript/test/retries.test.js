import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';

import { AsteriApiError, AsteriConnectionError, AsteriTimeoutError } from '@asteri/public-api-sdk';

import { body, client, through } from './api.js';

const create = async () => (await client().customers.create(body())).data;

describe('faults on the way', { concurrency: 8 }, () => {
  for (const fault of ['503', '503-0', '429-0', 'cut', 'lost', 'half']) {
    test(`a read is tried again after ${fault}`, async () => {
      const way = through([fault]);
      assert.equal((await way.client.customers.list()).meta.status, 200);
      assert.deepEqual(await way.faults(), [fault, 'ok']);
    });
  }

  for (const fault of ['503-1', '429-1']) {
    test(`no retry is earlier than ${fault} asks`, async () => {
      const way = through([fault]);
      await way.client.customers.list();
      const [first, second] = await way.met();
      assert.ok(second.at - first.at >= 1);
    });
  }

  for (const maxRetries of [0, 1, 2]) {
    test(`never more retries than ${maxRetries}`, async () => {
      const way = through(Array(9).fill('503'), { maxRetries });
      await assert.rejects(way.client.customers.list(), { status: 503 });
      assert.equal((await way.met()).length, 1 + maxRetries);
    });
  }

  test('a call may ask for fewer retries', async () => {
    const way = through(['cut']);
    await assert.rejects(way.client.customers.list({}, { maxRetries: 0 }), AsteriConnectionError);
    assert.deepEqual(await way.faults(), ['cut']);
  });

  for (const status of [429, 503]) {
    test(`a wait beyond the bound is an error at once: ${status}`, async () => {
      const way = through([`${status}-3600`]);
      await assert.rejects(way.client.customers.list(), { status, retryAfter: 3600 });
      assert.equal((await way.met()).length, 1);
    });
  }

  for (const fault of ['503', '429', 'cut', 'lost', 'half']) {
    test(`a create is retried under one key and done once: ${fault}`, async () => {
      const [way, sent] = [through([fault, fault]), body()];
      const created = await way.client.customers.create(sent);
      const met = await way.met();

      assert.deepEqual(
        met.map((each) => each.fault),
        [fault, fault, 'ok'],
      );
      assert.equal(new Set(met.map(({ key }) => key)).size, 1);
      assert.match(met[0].key, /^[0-9a-f-]{36}$/);
      assert.equal(created.meta.replayed, ['lost', 'half'].includes(fault));
      const { data } = await client().customers.list({ query: { email: sent.email } });
      assert.deepEqual(data, [created.data]);
    });
  }

  test('the caller’s own key wins', async () => {
    const [way, idempotencyKey] = [through(['cut']), randomUUID()];
    await way.client.customers.create(body(), { idempotencyKey });
    assert.deepEqual(
      (await way.met()).map(({ key }) => key),
      [idempotencyKey, idempotencyKey],
    );
  });

  test('two creates have two keys', async () => {
    const way = through([]);
    await way.client.customers.create(body());
    await way.client.customers.bulk({ customers: [body()] });
    assert.equal(new Set((await way.met()).map(({ key }) => key)).size, 2);
  });

  test('a conflict is never retried, and names its key', async () => {
    const way = through(['409-1']);
    const expected = { status: 409, retryAfter: 1, idempotencyKey: 'mine' };
    await assert.rejects(way.client.customers.create(body(), { idempotencyKey: 'mine' }), expected);
    assert.deepEqual(await way.faults(), ['409-1']);
  });

  for (const fault of ['500', 'page']) {
    test(`no other failure is retried: ${fault}`, async () => {
      const way = through([fault]);
      await assert.rejects(way.client.customers.list(), AsteriApiError);
      assert.deepEqual(await way.faults(), [fault]);
    });
  }

  for (const fault of ['503', 'lost']) {
    test(`a change is retried: ${fault}`, async () => {
      const [way, { id }] = [through([fault]), await create()];
      const changed = await way.client.customers.update({ customerId: id, phone: null });
      assert.equal(changed.data.phone, null);
      assert.deepEqual(await way.faults(), [fault, 'ok']);
    });
  }

  test('a change under a condition is not repeated once its answer is lost', async () => {
    const [way, { data, meta }] = [through(['lost']), await client().customers.create(body())];
    const change = { customerId: data.id, phone: null };
    await assert.rejects(way.client.customers.update(change, { ifMatch: meta.etag }), /PATCH got no answer/);
    assert.deepEqual(
      (await way.met()).map(({ if_match }) => if_match),
      [meta.etag],
    );
  });

  test('a change under a condition is retried where it was refused unseen', async () => {
    const [way, { data, meta }] = [through(['429-0']), await client().customers.create(body())];
    await way.client.customers.update({ customerId: data.id, phone: null }, { ifMatch: meta.etag });
    assert.deepEqual(await way.faults(), ['429-0', 'ok']);
  });

  test('a delete whose answer was lost has done its work', async () => {
    const [way, { id }] = [through(['lost']), await create()];
    assert.equal((await way.client.customers.delete({ customerId: id })).meta.status, 404);
    assert.deepEqual(await way.faults(), ['lost', 'ok']);
  });

  test('a delete that finds nothing says so', async () => {
    const [way, customerId] = [through(['429-0']), randomUUID()];
    await assert.rejects(way.client.customers.delete({ customerId }), { status: 404 });
  });

  test('a key is not made twice', async () => {
    const way = through(['lost']);
    await assert.rejects(way.client.apiKeys.create({ name: 'Once', scopes: [] }), AsteriConnectionError);
    assert.deepEqual(await way.faults(), ['lost']);
  });

  test('a walk goes on past faults', async () => {
    for (let left = 3; left; left--) await client().customers.create(body({ first_name: 'Walked' }));
    const way = through(['ok', 'cut', '503-0']);
    const found = [];
    for await (const { id } of way.client.customers.listAll({ query: { search: 'Walked', limit: 1 } })) found.push(id);
    assert.equal(new Set(found).size, found.length);
    assert.deepEqual((await way.faults()).slice(0, 4), ['ok', 'cut', '503-0', 'ok']);
  });

  test('silence ends in time', async () => {
    const way = through(['hang', 'hang'], { timeoutMs: 1000, maxRetries: 1 });
    const error = await way.client.customers.create(body()).catch((caught) => caught);
    assert.ok(error instanceof AsteriTimeoutError);
    assert.equal(error.message, 'POST got no answer within 1000 ms');
    assert.ok(error.idempotencyKey);
    assert.deepEqual(await way.faults(), ['hang', 'hang']);
  });

  test('after silence comes an answer', async () => {
    const { meta } = await through(['hang']).client.customers.list({}, { timeoutMs: 2000 });
    assert.equal(meta.status, 200);
  });

  test('no time at all is as long as a timer can be', async () => {
    assert.equal((await client({ timeoutMs: Infinity }).customers.list()).meta.status, 200);
  });

  for (const fault of ['hang', '503-30']) {
    test(`a call can be ended whether it asks or waits: ${fault}`, async () => {
      const [way, ending] = [through([fault]), new AbortController()];
      const asked = way.client.customers.list({}, { signal: ending.signal });
      setTimeout(() => ending.abort(new Error('enough')), 1000);
      await assert.rejects(asked, /^Error: enough$/);
      assert.deepEqual(await way.faults(), [fault]);
    });
  }

  test('what has been ended before asks nothing', async () => {
    const way = through([]);
    await assert.rejects(way.client.customers.list({}, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    assert.deepEqual(await way.met(), []);
  });

  test('nobody listens', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const baseUrl = `http://127.0.0.1:${listener.address().port}`;
    await new Promise((resolve) => listener.close(resolve));
    const error = await client({ baseUrl, maxRetries: 1 })
      .customers.list()
      .catch((caught) => caught);
    assert.ok(error instanceof AsteriConnectionError);
    assert.match(error.message, /GET got no answer: .*refused/i);
    assert.ok(error.cause);
  });
});
