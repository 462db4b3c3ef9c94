-- sql/split_amount.sql
-- split_amount: largest remainder, to the last unit.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- 500 + 50 and 1000 + 200 topped up: principal 1500, gift 250; 110 spent is 94.2857 and 15.7142
SELECT split_amount(110, '{1500,250}') AS principal_and_gift;
-- 33.333 each: the unit that is left goes to the first
SELECT split_amount(100.00, '{1,1,1}') AS thirds, split_amount(-100.00, '{1,1,1}') AS mirrored, split_amount(100, '{1,1,1}', 0) AS whole_units;
-- 0.02 by 2:1:1 is 1, 0.5, 0.5 cents: a tie, the earlier part wins; by 1:1:2 too
SELECT split_amount(0.02, '{2,1,1}') AS tie, split_amount(0.02, '{1,1,2}') AS other_tie;
SELECT split_amount(10, '{0.5,0.25,0.25}') AS fractions, split_amount(10, '{0.333,1,0}') AS mixed_scales, split_amount(5, '{7}') AS one;
SELECT split_amount(0, '{0,0}') AS nothing, split_amount(0, '{}') AS none, split_amount(0, '{1,2}') AS zero;
SELECT split_amount(10.0000, '{1,3}') AS trailing_zeros, split_amount(1.005, '{1,1}', 3) AS three_decimals, split_amount(1, '{1,1}', 18) AS eighteen;
SELECT split_amount(NULL, '{1}') AS no_amount, split_amount(1, NULL) AS no_weights;
SELECT split_amount(9223372036854775807, '{9223372036854775807,9223372036854775807,1}', 0) AS largest;

-- Properties of 10,000 splits: the sum is the amount; no part is a whole unit away from its share; only
-- parts with a larger remainder (or an earlier equal one) were rounded up.
CREATE TEMP TABLE random_split AS
SELECT i AS id, (hashint8(i) % 1000000) / 100.00 AS amount,
       (SELECT array_agg(((hashint8(i * 31 + k) & 1023) / (10.0 ^ ((hashint4(i) & 1) * 2)))::numeric(12, 2) ORDER BY k)
        FROM generate_series(1, 1 + (hashint4(i + 7) & 7)) AS k) AS weights
FROM generate_series(1, 10000) AS i;
UPDATE random_split SET weights = weights || 1.00 WHERE (SELECT sum(w) FROM unnest(weights) AS w) = 0;
CREATE TEMP TABLE part AS
SELECT id, amount, p.n, p.part, weights[p.n] AS weight, (SELECT sum(w) FROM unnest(weights) AS w) AS whole
FROM random_split, unnest(split_amount(amount, weights)) WITH ORDINALITY AS p (part, n);
SELECT count(*) AS splits, bool_and(total = amount) AS sum_is_amount
FROM (SELECT id, amount, sum(part) AS total FROM part GROUP BY id, amount) AS s;
SELECT count(*) > 40000 AS many, bool_and(abs(part * whole - amount * weight) < 0.01 * whole) AS within_a_unit,
       bool_and(scale(part) = 2) AS two_decimals
FROM part;
WITH p AS (
  SELECT id, n, sign(amount) * (part * whole - amount * weight) AS moved, mod(100 * abs(amount) * weight, whole) AS rest FROM part
)
SELECT count(*) AS unfair
FROM p AS up JOIN p AS down USING (id)
WHERE up.moved > 0 AND down.moved < 0 AND (up.rest < down.rest OR (up.rest = down.rest AND up.n > down.n));

-- errors
SELECT split_amount(1, '{0,0}');
SELECT split_amount(1, '{}');
SELECT split_amount(1, '{2,-1}');
SELECT split_amount(1, '{1,NULL}');
SELECT split_amount(1, '{{1,2}}');
SELECT split_amount(1, '{1,NaN}');
SELECT split_amount('NaN', '{1}');
SELECT split_amount('Infinity', '{1}');
SELECT split_amount(1.001, '{1}');
SELECT split_amount(1.1, '{1}', 0);
SELECT split_amount(1, '{1}', -1);
SELECT split_amount(1, '{1}', 19);
SELECT split_amount(1e18, '{1}');
SELECT split_amount(1e30, '{1}', 0);
SELECT split_amount(1, '{1e18,0.01}');
SELECT split_amount(1, array_fill(1::numeric, ARRAY[1000001]));
\set VERBOSITY default
SELECT split_amount(12.345, '{1,1}');
