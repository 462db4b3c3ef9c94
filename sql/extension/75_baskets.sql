-- sql/extension/75_baskets.sql
-- What is bought together: association rules of pairs from a query text.
--
-- One function a type of item, as in 50_queries.sql and for its reason; items
-- of type integer come back as bigint.

CREATE FUNCTION crm_member.pair_rules(
  query text,
  min_count integer DEFAULT 5,
  max_items integer DEFAULT 100,
  OUT item_a bigint,
  OUT item_b bigint,
  OUT n_ab bigint,
  OUT n_a bigint,
  OUT n_b bigint,
  OUT baskets bigint,
  OUT support numeric,
  OUT confidence numeric,
  OUT lift numeric,
  OUT jaccard numeric,
  OUT cosine numeric,
  OUT leverage numeric,
  OUT conviction numeric
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'crm_pair_rules';
COMMENT ON FUNCTION crm_member.pair_rules(text, integer, integer) IS
'pairs of items that lie in the same basket, from a query of (basket, item): one row for each direction of a pair that lies in at least min_count baskets, most frequent first, ties by item. The query is one SELECT, run read-only with the caller''s rights; its basket is bigint, integer, text or uuid, its item bigint, integer or smallint, or, with item_type => NULL::text, text; rows with a NULL are left out, an item counts once in a basket, and baskets with more than max_items different items are left out everywhere, with a NOTICE that counts them. n_a, n_b and n_ab are baskets with a, b and both among `baskets`; support n_ab / baskets, confidence n_ab / n_a, lift n_ab * baskets / (n_a * n_b), jaccard n_ab / (n_a + n_b - n_ab), cosine n_ab / sqrt(n_a * n_b), leverage n_ab / baskets - n_a * n_b / baskets^2, conviction (1 - n_b / baskets) / (1 - confidence), Infinity at confidence 1; ten decimals. All lines are held in memory: beyond work_mem * hash_mem_multiplier or maintenance_work_mem, the larger, 53400. CR102 for another text, 42804 for other columns, 22023 for a min_count below 1 or max_items below 2. Agrawal, Imielinski & Swami 1993; Brin et al. 1997';

CREATE FUNCTION crm_member.pair_rules(
  query text,
  item_type text,
  min_count integer DEFAULT 5,
  max_items integer DEFAULT 100,
  OUT item_a text,
  OUT item_b text,
  OUT n_ab bigint,
  OUT n_a bigint,
  OUT n_b bigint,
  OUT baskets bigint,
  OUT support numeric,
  OUT confidence numeric,
  OUT lift numeric,
  OUT jaccard numeric,
  OUT cosine numeric,
  OUT leverage numeric,
  OUT conviction numeric
) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'crm_pair_rules';
COMMENT ON FUNCTION crm_member.pair_rules(text, text, integer, integer) IS
'pairs of items that lie in the same basket, from a query of (basket, item): one row for each direction of a pair that lies in at least min_count baskets, most frequent first, ties by item. The query is one SELECT, run read-only with the caller''s rights; its basket is bigint, integer, text or uuid, its item bigint, integer or smallint, or, with item_type => NULL::text, text; rows with a NULL are left out, an item counts once in a basket, and baskets with more than max_items different items are left out everywhere, with a NOTICE that counts them. n_a, n_b and n_ab are baskets with a, b and both among `baskets`; support n_ab / baskets, confidence n_ab / n_a, lift n_ab * baskets / (n_a * n_b), jaccard n_ab / (n_a + n_b - n_ab), cosine n_ab / sqrt(n_a * n_b), leverage n_ab / baskets - n_a * n_b / baskets^2, conviction (1 - n_b / baskets) / (1 - confidence), Infinity at confidence 1; ten decimals. All lines are held in memory: beyond work_mem * hash_mem_multiplier or maintenance_work_mem, the larger, 53400. CR102 for another text, 42804 for other columns, 22023 for a min_count below 1 or max_items below 2. Agrawal, Imielinski & Swami 1993; Brin et al. 1997';
