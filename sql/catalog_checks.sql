-- sql/catalog_checks.sql
-- What the catalog must say of the members of the extension, whatever they are.
--
-- Every query lists the members that break a rule, so the wanted answer is no
-- row, unless a list is approved here by name: a new name in such a list is a
-- decision, not an update of the expected file.

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid
FROM pg_depend AS d
JOIN pg_extension AS e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'crm_member';

CREATE TEMP VIEW member_function AS
SELECT p.*, l.lanname AS language, p.oid::regprocedure AS signature
FROM pg_proc AS p
JOIN member AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
JOIN pg_language AS l ON l.oid = p.prolang;

-- the views do see something
SELECT count(*) > 10 AS has_functions FROM member_function;

-- The extension owns code, never data: no table, sequence, materialized or other view, foreign table.
-- (Composite types are of the catalog of relations too and are allowed.)
SELECT c.oid::regclass AS relation, c.relkind
FROM pg_class AS c JOIN member AS m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
WHERE c.relkind <> 'c';

-- and neither event trigger, language, foreign server, policy nor a rule of another kind than these
SELECT DISTINCT m.classid::regclass AS kind
FROM member AS m
WHERE m.classid NOT IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass,
  'pg_opfamily'::regclass, 'pg_cast'::regclass, 'pg_namespace'::regclass, 'pg_amop'::regclass, 'pg_amproc'::regclass);

-- A function in SQL or PL/pgSQL is parsed when it is made, or has its search_path pinned ...
SELECT signature FROM member_function
WHERE language IN ('sql', 'plpgsql') AND prosqlbody IS NULL
  AND NOT EXISTS (SELECT FROM unnest(proconfig) AS c WHERE c LIKE 'search\_path=%');

-- ... and every pin ends in pg_temp
SELECT signature, c AS pin FROM member_function, unnest(proconfig) AS c
WHERE c LIKE 'search\_path=%' AND c !~ 'pg_temp"?$';

-- SECURITY DEFINER or LEAKPROOF: none
SELECT signature, prosecdef, proleakproof FROM member_function WHERE prosecdef OR proleakproof;

-- Approved by name: what writes and may be executed by anyone (with no more than the caller's own rights)
SELECT signature FROM member_function WHERE provolatile = 'v' AND has_function_privilege('public', oid, 'EXECUTE')
ORDER BY signature::text COLLATE "C";

-- C functions come from the one library, under names of the project
SELECT signature, prosrc, probin FROM member_function
WHERE language = 'c' AND (prosrc !~ '^crm_' OR probin <> '$libdir/crm_member');

-- comments: every function, type (but the array types that come along), operator, and the schema
SELECT pg_describe_object(m.classid, m.objid, 0) AS without_comment
FROM member AS m
LEFT JOIN pg_type AS t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid
WHERE m.classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass, 'pg_namespace'::regclass)
  AND NOT (t.oid IS NOT NULL AND t.typelem <> 0 AND t.typsubscript = 'array_subscript_handler'::regproc)
  AND obj_description(m.objid, (SELECT relname FROM pg_class WHERE oid = m.classid)) IS NULL
ORDER BY 1;

-- aggregates work in parallel: a combine function, and a state that can travel
SELECT f.signature, a.aggtranstype::regtype AS state
FROM pg_aggregate AS a JOIN member_function AS f ON f.oid = a.aggfnoid
JOIN pg_type AS t ON t.oid = a.aggtranstype
WHERE a.aggcombinefn = 0
   OR (t.typname = 'internal' AND (a.aggserialfn = 0 OR a.aggdeserialfn = 0))
   OR (t.typname <> 'internal' AND (t.typsend = 0 OR t.typreceive = 0));

-- the state of the purchase-history aggregates is a type that other nodes can send: no pseudo-type
SELECT f.signature
FROM pg_aggregate AS a JOIN member_function AS f ON f.oid = a.aggfnoid JOIN pg_type AS t ON t.oid = a.aggtranstype
WHERE f.proname LIKE 'purchase\_history%' AND t.typtype = 'p';

-- base types travel in binary, and can be stored compressed or out of line only when they are varlena
SELECT t.oid::regtype AS type FROM pg_type AS t JOIN member AS m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
WHERE t.typtype = 'b' AND t.typelem = 0 AND (t.typsend = 0 OR t.typreceive = 0 OR (t.typlen >= 0 AND t.typstorage <> 'p'));

-- operators: commutators and negators are mutual, and what is hashable or mergeable has an operator class that says so
SELECT o.oid::regoperator AS operator FROM pg_operator AS o JOIN member AS m ON m.classid = 'pg_operator'::regclass AND m.objid = o.oid
LEFT JOIN pg_operator AS com ON com.oid = o.oprcom LEFT JOIN pg_operator AS neg ON neg.oid = o.oprnegate
WHERE (o.oprcom <> 0 AND com.oprcom IS DISTINCT FROM o.oid)
   OR (o.oprnegate <> 0 AND neg.oprnegate IS DISTINCT FROM o.oid)
   OR (o.oprcanhash AND NOT EXISTS (SELECT FROM pg_amop AS a WHERE a.amopopr = o.oid AND a.amopmethod = (SELECT oid FROM pg_am WHERE amname = 'hash')))
   OR (o.oprcanmerge AND NOT EXISTS (SELECT FROM pg_amop AS a WHERE a.amopopr = o.oid AND a.amopmethod = (SELECT oid FROM pg_am WHERE amname = 'btree')));

-- operator classes are whole
SELECT oc.opcname FROM pg_opclass AS oc JOIN member AS m ON m.classid = 'pg_opclass'::regclass AND m.objid = oc.oid
WHERE NOT amvalidate(oc.oid);

-- casts: none happens unasked
SELECT c.castsource::regtype AS source, c.casttarget::regtype AS target, c.castcontext
FROM pg_cast AS c JOIN member AS m ON m.classid = 'pg_cast'::regclass AND m.objid = c.oid
WHERE c.castcontext <> 'e';

-- no function takes or returns what pg_upgrade cannot carry in a column
SELECT signature FROM member_function
WHERE ARRAY(SELECT unnest(coalesce(proallargtypes, proargtypes::oid[])) UNION SELECT prorettype)
   && ARRAY['regproc'::regtype, 'regprocedure'::regtype, 'regoper'::regtype, 'regoperator'::regtype, 'regclass'::regtype,
            'regtype'::regtype, 'regrole'::regtype, 'regnamespace'::regtype, 'regcollation'::regtype, 'oid'::regtype]::oid[];

-- update paths: none yet
SELECT source, target, path FROM pg_extension_update_paths('crm_member') WHERE path IS NOT NULL ORDER BY 1, 2;

-- Approved by name: whatever is not IMMUTABLE PARALLEL SAFE.  STABLE is what runs a query or reads the
-- server's state, restricted what must stay in the leader, volatile and unsafe what writes.
SELECT signature,
       CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
       CASE proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel
FROM member_function
WHERE (provolatile, proparallel) <> ('i', 's')
ORDER BY signature::text COLLATE "C";

DROP VIEW member_function, member;
