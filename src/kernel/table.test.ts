// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Table } from './table.ts';

const KEYS = Array.from({ length: 200 }, (_, at) => `key${at}`);

test('whatever is set in copies of copies, each table is what a map would be', () => {
  const write = fc.record({
    table: fc.nat(),
    key: fc.constantFrom(...KEYS),
    value: fc.nat(),
    isCopied: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 60 }), (writes) => {
      const first = KEYS.map((key): [string, number] => [key, -1]);
      const tables = [Table.of(first)];
      const maps = [new Map(first)];
      for (const { table, key, value, isCopied } of writes) {
        const at = isCopied ? tables.length : table % tables.length;
        if (isCopied) {
          const from = table % tables.length;
          tables.push(tables[from]?.copy() ?? Table.of<number>([]));
          maps.push(new Map(maps[from]));
        }
        tables[at]?.set(key, value);
        maps[at]?.set(key, value);
      }
      for (const [at, map] of maps.entries()) {
        const table = tables[at];
        assert.ok(table !== undefined);
        assert.deepEqual([...table], [...map]);
        assert.deepEqual([...table.values()], [...map.values()]);
        assert.ok(KEYS.every((key) => table.get(key) === map.get(key)));
      }
    }),
  );
});

test('its keys stay', () => {
  const table = Table.of([['a', 1]]);
  assert.throws(() => table.set('b', 2), /no such key: b/);
  assert.equal(table.get('b'), undefined);
  assert.deepEqual([table.has('a'), table.has('b'), table.size], [true, false, 1]);
});
