-- sql/crm/40_history.sql
-- member_history: one row a member with the purchase history, kept by triggers on sale.
--
-- Each statement adds what came and takes out what went, one row a member, in
-- the order of member ids; the row lock that this takes is the member's lock
-- for everything that follows in the transaction. Deltas commute, so the
-- result does not depend on the order of commits. The column history is
-- derived and of an extension type: NULL means that it is to be made again
-- (rebuild_histories), as after DROP EXTENSION CASCADE.

--@ layout 1
CREATE TABLE @crm@.member_history (
  member_id bigint PRIMARY KEY REFERENCES @crm@.member,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  merged_at timestamptz,
  CONSTRAINT member_history_merged CHECK (merged_at IS NULL OR changed_at <= merged_at)
) WITH (fillfactor = 70);
ALTER TABLE @crm@.member_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY chain_reads ON @crm@.member_history FOR SELECT USING ((SELECT @crm@._may('{auditor}')));

--@ code
ALTER TABLE @crm@.member_history ADD COLUMN IF NOT EXISTS history crm_member.purchase_history;
COMMENT ON TABLE @crm@.member_history IS 'one row a member that ever bought; its row lock is the lock of the member';
COMMENT ON COLUMN @crm@.member_history.history IS 'derived from sale, kept by triggers; rebuild_histories makes it again';
COMMENT ON COLUMN @crm@.member_history.changed_at IS 'when history last changed';
COMMENT ON COLUMN @crm@.member_history.merged_at IS 'when the member was merged into another; the constraint refuses every later change, and with it every later sale';

-- Most statements bring one row, which takes a short path.
CREATE OR REPLACE FUNCTION @crm@._history_insert() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  many constant integer := 10000;
  sales bigint;
  one record;
  part record;
  fresh refcursor;
BEGIN
  -- what the reports are to take in is noted here: a trigger of its own would cost a till a tenth of each sale
  INSERT INTO @crm@.report_change (sign, member_id, store_id, channel, occurred_at, is_refund, net_spend, list_amount, discount_amount, cost_amount)
  SELECT 1, n.member_id, n.store_id, n.channel, n.occurred_at, NOT @crm@._is_order(n.net_spend, n.refund_of_id), n.net_spend, n.list_amount, n.discount_amount, n.cost_amount
  FROM new_rows AS n LIMIT many;
  GET DIAGNOSTICS sales = ROW_COUNT;
  IF sales <= 1 THEN
    SELECT n.member_id, n.occurred_at, @crm@._history_amount(n.net_spend, n.refund_of_id) AS amount INTO one FROM new_rows AS n;
    IF one.member_id IS NULL THEN
      RETURN NULL;
    ELSIF one.amount IS NOT NULL THEN
      PERFORM crm_member.ledger_note_purchase(@crm_name@, one.member_id, one.occurred_at, one.amount);
      RETURN NULL;
    END IF;
  END IF;
  IF sales = many THEN
    OPEN fresh NO SCROLL FOR
      SELECT 1::smallint, n.member_id, n.store_id, n.channel, n.occurred_at, NOT @crm@._is_order(n.net_spend, n.refund_of_id), n.net_spend, n.list_amount, n.discount_amount, n.cost_amount
      FROM new_rows AS n OFFSET many;
    IF crm_member.load_rows(@crm_name@, 'report_change', '{sign,member_id,store_id,channel,occurred_at,is_refund,net_spend,list_amount,discount_amount,cost_amount}', fresh) IS NULL THEN
      INSERT INTO @crm@.report_change (sign, member_id, store_id, channel, occurred_at, is_refund, net_spend, list_amount, discount_amount, cost_amount)
      SELECT 1, n.member_id, n.store_id, n.channel, n.occurred_at, NOT @crm@._is_order(n.net_spend, n.refund_of_id), n.net_spend, n.list_amount, n.discount_amount, n.cost_amount
      FROM new_rows AS n OFFSET many;
    END IF;
    CLOSE fresh;
  END IF;
  SELECT array_agg(g.member_id ORDER BY g.member_id) AS members, array_agg(g.history ORDER BY g.member_id) AS histories INTO part
  FROM (SELECT n.member_id, crm_member.purchase_history(crm_member._local_day(n.occurred_at, @time_zone@), @crm@._history_amount(n.net_spend, n.refund_of_id)) AS history
        FROM new_rows AS n WHERE n.member_id IS NOT NULL GROUP BY n.member_id) AS g;
  -- very many members without a history are loaded; where another session has made one of them meanwhile, that is undone
  IF cardinality(part.members) > many AND NOT EXISTS (SELECT FROM @crm@.member_history AS h WHERE h.member_id = ANY (part.members)) THEN
    BEGIN
      OPEN fresh NO SCROLL FOR SELECT u.member_id, u.history FROM unnest(part.members, part.histories) AS u(member_id, history);
      sales := crm_member.load_rows(@crm_name@, 'member_history', '{member_id,history}', fresh);
      CLOSE fresh;
      IF sales IS NOT NULL THEN
        RETURN NULL;
      END IF;
    EXCEPTION WHEN unique_violation THEN
      NULL;
    END;
  END IF;
  INSERT INTO @crm@.member_history AS h (member_id, history)
  SELECT u.member_id, u.history FROM unnest(part.members, part.histories) AS u(member_id, history)
  ON CONFLICT (member_id) DO UPDATE
    SET history = h.history OPERATOR(crm_member.+) excluded.history, changed_at = clock_timestamp();
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION @crm@._history_insert() IS 'trigger: adds new sales to the histories of their members and to report_change';

CREATE OR REPLACE FUNCTION @crm@._history_update() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $$
BEGIN
  -- what comes is added before what goes is taken out, so no day falls below what it holds;
  -- a member without a row has no sale yet, so nothing goes there
  WITH coming AS (
    SELECT n.member_id, crm_member.purchase_history(@crm@.local_day(n.occurred_at), @crm@._history_amount(n.net_spend, n.refund_of_id)) AS history
    FROM new_rows AS n WHERE n.member_id IS NOT NULL GROUP BY n.member_id
  ), going AS (
    SELECT o.member_id, crm_member.purchase_history(@crm@.local_day(o.occurred_at), @crm@._history_amount(o.net_spend, o.refund_of_id)) AS history
    FROM old_rows AS o WHERE o.member_id IS NOT NULL GROUP BY o.member_id
  ), change AS (
    SELECT member_id, coalesce(c.history, '{}') AS coming, coalesce(g.history, '{}') AS going
    FROM coming AS c FULL JOIN going AS g USING (member_id)
  )
  INSERT INTO @crm@.member_history AS h (member_id, history)
  SELECT c.member_id, c.coming FROM change AS c
  WHERE c.coming OPERATOR(crm_member.<>) c.going
  ORDER BY c.member_id
  ON CONFLICT (member_id) DO UPDATE
    SET history = (h.history OPERATOR(crm_member.+) excluded.history)
                  OPERATOR(crm_member.-) (SELECT c.going FROM change AS c WHERE c.member_id = h.member_id),
        changed_at = clock_timestamp();
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION @crm@._history_update() IS 'trigger: moves changed sales in the histories of their members; a change that matters to no history writes nothing';

CREATE OR REPLACE FUNCTION @crm@._history_delete() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $$
BEGIN
  WITH going AS (
    SELECT o.member_id, crm_member.purchase_history(@crm@.local_day(o.occurred_at), @crm@._history_amount(o.net_spend, o.refund_of_id)) AS history
    FROM old_rows AS o WHERE o.member_id IS NOT NULL GROUP BY o.member_id
  ), locked AS (
    SELECT h.member_id, g.history AS going FROM @crm@.member_history AS h JOIN going AS g USING (member_id)
    ORDER BY h.member_id FOR NO KEY UPDATE OF h
  )
  UPDATE @crm@.member_history AS h
  SET history = h.history OPERATOR(crm_member.-) l.going, changed_at = clock_timestamp()
  FROM locked AS l WHERE h.member_id = l.member_id;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION @crm@._history_delete() IS 'trigger: takes removed sales out of the histories of their members';

CREATE OR REPLACE TRIGGER sale_20_history_insert AFTER INSERT ON @crm@.sale
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION @crm@._history_insert();
CREATE OR REPLACE TRIGGER sale_20_history_update AFTER UPDATE ON @crm@.sale
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION @crm@._history_update();
CREATE OR REPLACE TRIGGER sale_20_history_delete AFTER DELETE ON @crm@.sale
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION @crm@._history_delete();

CREATE OR REPLACE FUNCTION @crm@.rebuild_histories(only_missing boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  written bigint;
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'histories are rebuilt at READ COMMITTED only'
      USING ERRCODE = 'invalid_transaction_state',
            DETAIL = 'An older snapshot would not see the sales that other sessions have just committed.';
  END IF;
  -- waits for writers of sales and keeps new ones out until the transaction ends
  LOCK TABLE @crm@.sale IN SHARE MODE;
  INSERT INTO @crm@.member_history AS h (member_id, history)
  SELECT s.member_id, crm_member.purchase_history(@crm@.local_day(s.occurred_at), @crm@._history_amount(s.net_spend, s.refund_of_id))
  FROM @crm@.sale AS s
  WHERE s.member_id IS NOT NULL
    AND (NOT only_missing OR NOT EXISTS (SELECT FROM @crm@.member_history AS k WHERE k.member_id = s.member_id AND k.history IS NOT NULL))
  GROUP BY s.member_id ORDER BY s.member_id
  ON CONFLICT (member_id) DO UPDATE SET history = excluded.history, changed_at = clock_timestamp()
    WHERE h.history IS NULL OR h.history OPERATOR(crm_member.<>) excluded.history;
  GET DIAGNOSTICS written = ROW_COUNT;
  -- members whose sales are all gone
  UPDATE @crm@.member_history AS h SET history = '{}', changed_at = CASE WHEN h.merged_at IS NULL THEN clock_timestamp() ELSE h.changed_at END
  WHERE (h.history IS NULL OR h.history OPERATOR(crm_member.<>) '{}')
    AND NOT EXISTS (SELECT FROM @crm@.sale AS s WHERE s.member_id = h.member_id);
  RETURN written;
END
$$;
COMMENT ON FUNCTION @crm@.rebuild_histories(boolean) IS 'makes member_history again from sale and answers how many rows it wrote; with only_missing, those rows whose history is NULL. Keeps writers of sales out meanwhile. For the owner; error 25000 above READ COMMITTED';

CREATE OR REPLACE FUNCTION @crm@._check_history() RETURNS TABLE (check_name text, ok boolean, detail text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  wrong bigint;
BEGIN
  SELECT count(*) INTO wrong
  FROM (SELECT s.member_id, crm_member.purchase_history(@crm@.local_day(s.occurred_at), @crm@._history_amount(s.net_spend, s.refund_of_id)) AS history
        FROM @crm@.sale AS s WHERE s.member_id IS NOT NULL GROUP BY s.member_id) AS q
       FULL JOIN @crm@.member_history AS h USING (member_id)
  WHERE h.history IS NULL OR h.history OPERATOR(crm_member.<>) coalesce(q.history, '{}');
  RETURN QUERY SELECT 'histories equal the sales', wrong = 0, format('%s members differ', wrong);
END
$$;
COMMENT ON FUNCTION @crm@._check_history() IS 'check_crm: every history equals the query over the sales';
