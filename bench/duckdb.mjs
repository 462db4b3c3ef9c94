// bench/duckdb.mjs
// The RFM statement in DuckDB, one thread, from its own file: the peer of case G3.
//   node duckdb.mjs make FILE CSV    loads the orders
//   node duckdb.mjs run FILE         runs the statement once
import { createRequire } from 'node:module';
const require = createRequire(process.env.CRM_DUCKDB + '/');
const { DuckDBInstance } = require('@duckdb/node-api');

const [verb, file, csv] = process.argv.slice(2);
const instance = await DuckDBInstance.create(file, { threads: '1' });
const connection = await instance.connect();
if (verb === 'make') {
  await connection.run(`CREATE TABLE orders AS SELECT * FROM read_csv('${csv}',
    columns = {'member_id': 'BIGINT', 'day': 'DATE', 'amount': 'DECIMAL(12,2)'}, header = false)`);
} else {
  const reader = await connection.runAndReadAll(`SELECT count(r + f + m) FROM (
    SELECT member_id, ntile(5) OVER (ORDER BY last_day) AS r, ntile(5) OVER (ORDER BY orders) AS f, ntile(5) OVER (ORDER BY spend) AS m
    FROM (SELECT member_id, count(*) AS orders, sum(amount) AS spend, max(day) AS last_day FROM orders GROUP BY member_id))`);
  console.log(String(reader.getRows()[0][0]));
}
connection.closeSync();
