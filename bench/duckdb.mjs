// bench/duckdb.mjs
// Statements in DuckDB, one thread, from its own file: the peer of the cases G3, G14 and G15.
//   node duckdb.mjs make FILE CSV    loads the orders
//   node duckdb.mjs run FILE         runs the RFM statement once
//   node duckdb.mjs cohorts FILE     the cohort retention of the orders
//   node duckdb.mjs lines FILE CSV   loads order lines
//   node duckdb.mjs pairs FILE       the top pairs of the lines
import { createRequire } from 'node:module';
const require = createRequire(process.env.CRM_DUCKDB + '/');
const { DuckDBInstance } = require('@duckdb/node-api');

const [verb, file, csv] = process.argv.slice(2);
const instance = await DuckDBInstance.create(file, { threads: '1' });
const connection = await instance.connect();
if (verb === 'make') {
  await connection.run(`CREATE TABLE orders AS SELECT * FROM read_csv('${csv}',
    columns = {'member_id': 'BIGINT', 'day': 'DATE', 'amount': 'DECIMAL(12,2)'}, header = false)`);
} else if (verb === 'lines') {
  await connection.run(`CREATE TABLE lines AS SELECT * FROM read_csv('${csv}', columns = {'basket': 'BIGINT', 'item': 'BIGINT'}, header = false)`);
} else if (verb === 'pairs') {
  const reader = await connection.runAndReadAll(`WITH d AS MATERIALIZED (SELECT DISTINCT basket, item FROM lines)
    SELECT a.item, b.item, count(*) FROM d AS a JOIN d AS b ON a.basket = b.basket AND a.item < b.item
    GROUP BY 1, 2 HAVING count(*) >= 5 ORDER BY 3 DESC, 1, 2 LIMIT 100`);
  console.log(String(reader.getRows().length));
} else if (verb === 'cohorts') {
  const reader = await connection.runAndReadAll(`WITH d AS MATERIALIZED (SELECT DISTINCT member_id, year(day) * 12 + month(day) AS m FROM orders),
    f AS (SELECT member_id, min(m) AS c FROM d GROUP BY 1)
    SELECT c, m - c AS k, count(*) FROM d JOIN f USING (member_id) GROUP BY 1, 2`);
  console.log(String(reader.getRows().length));
} else {
  const reader = await connection.runAndReadAll(`SELECT count(r + f + m) FROM (
    SELECT member_id, ntile(5) OVER (ORDER BY last_day) AS r, ntile(5) OVER (ORDER BY orders) AS f, ntile(5) OVER (ORDER BY spend) AS m
    FROM (SELECT member_id, count(*) AS orders, sum(amount) AS spend, max(day) AS last_day FROM orders GROUP BY member_id))`);
  console.log(String(reader.getRows()[0][0]));
}
connection.closeSync();
