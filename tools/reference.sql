-- tools/reference.sql
-- Prints the reference in Markdown (see tools/reference.sh). Reads the catalog only.
--
-- Chapters are chosen by the names of functions in pg_temp.chapter; what no pattern fits goes to "Other functions", so
-- that nothing that is installed can be missing here. Overloads with the same comment stand together.

SET search_path = pg_catalog, crm_member;
SET client_min_messages = warning;

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid
  FROM pg_depend AS d
       JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
 WHERE d.deptype = 'e' AND e.extname = 'crm_member';

CREATE TEMP TABLE chapter (place integer, title text, pattern text);
INSERT INTO chapter VALUES
    (1, 'Purchase histories', '^(purchase_history|purchase_history_merge|purchase_days|between_days|order_count|active_days|net_spend|first_day|last_day|median_gap)$'),
    (2, 'Questions over any orders table', '^(histories|rfm_scores|cohorts)$'),
    (3, 'RFM', '^(rfm_|[rfm]_score$)'),
    (4, 'Classes', '^(abc_|lifecycle_|value_grade)'),
    (5, 'Money', '^(clv$|margin$|gini$|split_amount$)'),
    (6, 'Customer lifetime value', '^(clv_|p_alive$|expected_|order_count_probability$|log_likelihood$|discounted_expected_orders$|next_order_time$)'),
    (7, 'The CRM schema', '_crm$'),
    (8, 'About the installation', '^crm_version$'),
    (9, 'Other functions', '');

-- Functions that types, operators, aggregates and indexes call; nobody calls them by name.
CREATE TEMP VIEW support AS
SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze]::oid[]) AS oid FROM pg_type
UNION SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn,
                          aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[]) FROM pg_aggregate
UNION SELECT oprcode FROM pg_operator
UNION SELECT amproc FROM pg_amproc
UNION SELECT prosupport FROM pg_proc;

CREATE TEMP VIEW listed AS
SELECT p.oid, p.proname AS name,
       (SELECT c.place FROM chapter AS c WHERE p.proname ~ c.pattern ORDER BY c.place LIMIT 1) AS place,
       p.pronargdefaults AS defaults,
       -- arguments without those that only name result columns, defaults without their casts
       regexp_replace(regexp_replace(regexp_replace(pg_get_function_arguments(p.oid), '(, )?OUT .*$', ''),
                                     'DEFAULT NULL::[^,]+', 'DEFAULT NULL', 'g'),
                      '(DEFAULT ''[^'']*'')::[^,]+', '\1', 'g') AS arguments,
       CASE WHEN p.proretset AND p.proargmodes IS NOT NULL
            THEN (SELECT format('rows of (%s)', string_agg(format('%s %s', n.name, format_type(t.type, NULL)), ', ' ORDER BY t.i))
                    FROM unnest(p.proallargtypes) WITH ORDINALITY AS t(type, i)
                         JOIN unnest(p.proargnames) WITH ORDINALITY AS n(name, i) USING (i)
                         JOIN unnest(p.proargmodes) WITH ORDINALITY AS m(mode, i) USING (i)
                   WHERE m.mode IN ('o', 't'))
            ELSE pg_get_function_result(p.oid)
       END AS result,
       coalesce(obj_description(p.oid, 'pg_proc'), '') AS comment,
       concat_ws(' · ',
                 CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window function' WHEN 'p' THEN 'procedure'
                 ELSE CASE WHEN p.proretset THEN 'set-returning function' ELSE 'function' END END,
                 CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
                 CASE p.proparallel WHEN 's' THEN 'parallel safe' WHEN 'r' THEN 'parallel restricted'
                 ELSE 'parallel unsafe' END,
                 CASE WHEN p.proisstrict AND p.prokind <> 'a' THEN 'NULL for NULL' END) AS labels
  FROM pg_proc AS p
       JOIN member AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
 WHERE p.oid NOT IN (SELECT s.oid FROM support AS s WHERE s.oid IS NOT NULL)
   AND p.proname !~ '^_';

-- Text as Markdown takes it literally.
CREATE FUNCTION pg_temp.plain(value text) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN replace(replace(replace(replace(value, '\', '\\'), '*', '\*'), '<', '&lt;'), '|', '\|');

\echo '# Reference'
\echo
\echo 'Generated from the catalog by `make docs`; do not edit.'
\echo
\echo 'All objects are in schema `crm_member`. "NULL for NULL" marks functions that return NULL as soon as one argument is NULL.'
\echo
\echo '## Contents'
\echo
\echo '- [Types and operators](#types-and-operators)'
SELECT format('- [%s](#%s): %s', c.title, replace(lower(c.title), ' ', '-'),
              string_agg(format('[`%s`](#%s)', l.name, l.name), ', ' ORDER BY l.name COLLATE "C"))
  FROM (SELECT DISTINCT place, name FROM listed) AS l JOIN chapter AS c ON c.place = l.place
 GROUP BY c.place, c.title
 ORDER BY c.place;

\echo
\echo '## Types and operators'
SELECT concat_ws(E'\n', '',
                 format('### Type `%s`', t.typname), '',
                 pg_temp.plain(obj_description(t.oid, 'pg_type')),
                 E'\nInput: ' || pg_temp.plain(obj_description(t.typinput, 'pg_proc'))
                 || '. Output: ' || pg_temp.plain(obj_description(t.typoutput, 'pg_proc')) || '.',
                 CASE WHEN t.typtype = 'c'
                      THEN E'\nComposite: ' || (SELECT string_agg(format('`%s %s`', attname, format_type(atttypid, atttypmod)),
                                                                  ', ' ORDER BY attnum)
                                                  FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0)
                 END,
                 E'\n| operator | result | meaning |\n|---|---|---|\n'
                 || (SELECT string_agg(format('| `%s %s %s` | `%s` | %s |', format_type(o.oprleft, NULL),
                                              replace(o.oprname, '|', '\|'), format_type(o.oprright, NULL),
                                              format_type(o.oprresult, NULL),
                                              pg_temp.plain(coalesce(obj_description(o.oid, 'pg_operator'), ''))),
                                       E'\n' ORDER BY o.oprname COLLATE "C", format_type(o.oprright, NULL) COLLATE "C")
                       FROM pg_operator AS o
                            JOIN member AS om ON om.classid = 'pg_operator'::regclass AND om.objid = o.oid
                      WHERE t.oid IN (o.oprleft, o.oprright)),
                 E'\nIndexes and grouping: '
                 || (SELECT string_agg(format('%s%s', a.amname, CASE WHEN c.opcdefault THEN '' ELSE ' (' || c.opcname || ')' END),
                                       ', ' ORDER BY a.amname)
                       FROM pg_opclass AS c
                            JOIN pg_am AS a ON a.oid = c.opcmethod
                            JOIN member AS cm ON cm.classid = 'pg_opclass'::regclass AND cm.objid = c.oid
                      WHERE c.opcintype = t.oid)
                 || '.')
  FROM pg_type AS t
       JOIN member AS m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
 WHERE t.typcategory <> 'A'
 ORDER BY t.typname COLLATE "C";

SELECT concat_ws(E'\n',
                 CASE WHEN row_number() OVER (PARTITION BY place ORDER BY name COLLATE "C") = 1
                      THEN E'\n## ' || title END,
                 E'\n### ' || name,
                 body)
  FROM (SELECT place, title, name, string_agg(body, E'\n' ORDER BY defaults DESC, body COLLATE "C") AS body
          FROM (SELECT c.place, c.title, l.name, max(l.defaults) AS defaults,
                       format(E'\n```\n%s\n```\n%s\n\n*%s*',
                              string_agg(format('%s(%s) → %s', l.name, l.arguments, l.result),
                                         E'\n' ORDER BY l.defaults DESC, l.arguments COLLATE "C"),
                              pg_temp.plain(l.comment), l.labels) AS body
                  FROM listed AS l JOIN chapter AS c ON c.place = l.place
                 GROUP BY c.place, c.title, l.name, l.comment, l.labels) AS same_words
         GROUP BY place, title, name) AS f
 ORDER BY place, name COLLATE "C";

\echo
\echo '## Behind the types, operators and aggregates'
\echo
\echo 'Called by the server, not by name:'
SELECT string_agg(format('`%s`', name), ', ' ORDER BY name COLLATE "C") || '.'
  FROM (SELECT DISTINCT p.proname AS name
          FROM pg_proc AS p
               JOIN member AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
         WHERE p.oid IN (SELECT s.oid FROM support AS s WHERE s.oid IS NOT NULL) OR p.proname ~ '^_') AS s;
