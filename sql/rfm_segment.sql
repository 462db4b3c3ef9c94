-- sql/rfm_segment.sql
-- Segments by score, and the names of segments and octants.

SET search_path = public, crm_member;
\set VERBOSITY sqlstate

-- the whole table: R down, FM across; F = M = FM
SELECT r,
       max(s) FILTER (WHERE fm = 1) AS fm1, max(s) FILTER (WHERE fm = 2) AS fm2, max(s) FILTER (WHERE fm = 3) AS fm3,
       max(s) FILTER (WHERE fm = 4) AS fm4, max(s) FILTER (WHERE fm = 5) AS fm5
FROM (SELECT r, fm, rfm_segment((r::text || fm || fm)::rfm) AS s FROM generate_series(1, 5) AS r, generate_series(1, 5) AS fm) AS t
GROUP BY r
ORDER BY r DESC;

-- FM is the half of F + M, halves up: the same segment as that of F = M = FM
SELECT count(*) AS scores,
       count(*) FILTER (WHERE rfm_segment((r::text || f || m)::rfm) <> rfm_segment((r::text || fm || fm)::rfm)) AS differing
FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f, generate_series(1, 5) AS m,
     LATERAL (SELECT (f + m + 1) / 2 AS fm) AS h;

-- Other bins: 1 + round half up of (s - 1) * 4 / (n - 1).  Of three bins 1, 2, 3 are 1, 3, 5;
-- of nine 7 is 1 + 3 = 4, 6 is 1 + 2.5 = 4 as well.
SELECT rfm_segment('333', 3) AS best_of_three, rfm_segment('222', 3) AS middle, rfm_segment('111', 3) AS worst,
       rfm_segment('999', 9) AS best_of_nine, rfm_segment('977', 9) AS r5_fm4, rfm_segment('966', 9) AS r5_fm4_too,
       rfm_segment('955', 9) AS r5_fm3, rfm_segment('211', 2) AS r5_fm1;
SELECT count(*) AS compared, count(*) FILTER (WHERE wanted <> got) AS differing
FROM (SELECT rfm_segment((r::text || f || m)::rfm, bins) AS got,
             rfm_segment((1 + round((r - 1) * 4::numeric / (bins - 1)) || '' || 1 + round((f - 1) * 4::numeric / (bins - 1))
                          || 1 + round((m - 1) * 4::numeric / (bins - 1)))::rfm) AS wanted
      FROM generate_series(2, 9) AS bins, generate_series(1, bins) AS r, generate_series(1, bins) AS f, generate_series(1, bins) AS m) AS t;

SELECT rfm_segment(NULL) AS no_score, rfm_segment('555', NULL) AS no_bins;
SELECT rfm_segment('666');
SELECT rfm_segment('113', 2);
SELECT rfm_segment('111', 1);
SELECT rfm_segment('111', 10);

-- names
SELECT s AS segment, rfm_segment_name(s) AS chinese, rfm_segment_name(s, 'en_US') AS english
FROM unnest(ARRAY['New', 'Potential Loyalist', 'Champions', 'Promising', 'Loyal', 'About To Sleep', 'Need Attention', 'At Risk',
                  'Can''t Lose Them', 'Lost']) AS s;
SELECT count(*) AS named FROM generate_series(1, 5) AS r, generate_series(1, 5) AS fm
WHERE rfm_segment_name(rfm_segment((r::text || fm || fm)::rfm), 'en') = rfm_segment((r::text || fm || fm)::rfm);
SELECT o AS octant, rfm_octant_name(o) AS chinese, rfm_octant_name(o, 'en') AS english
FROM unnest(ARRAY['111', '011', '101', '001', '110', '010', '100', '000']) AS o;
SELECT l AS locale, rfm_octant_name('111', l) AS name FROM unnest(ARRAY['zh', 'zh_TW', 'zh-Hans-CN', 'ZH_CN.UTF-8', 'zha', 'de_DE', '']) AS l;
SELECT rfm_segment_name(NULL) AS none, rfm_octant_name(NULL) AS none_either;
SELECT rfm_segment_name('champions');
SELECT rfm_segment_name('');
SELECT rfm_octant_name('1111');
