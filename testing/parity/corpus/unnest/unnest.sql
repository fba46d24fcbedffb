-- Arrays, maps and multisets as rows.
CREATE TABLE nested (id INT, tags ARRAY<STRING>, props MAP<STRING, INT>, address ROW<city STRING, zip INT>, items ARRAY<ROW<sku STRING, qty INT>>)
    WITH ('connector' = 'filesystem', 'path' = '${data}/nested.json', 'format' = 'json');

--- all
SELECT * FROM nested;

--- access
SELECT id, tags[1], props['x'], address.city, address.zip + 1, items[1].sku, CARDINALITY(items) FROM nested;

--- cross_join
SELECT id, tag FROM nested CROSS JOIN UNNEST(tags) AS t (tag);

--- left_join
SELECT id, tag FROM nested LEFT JOIN UNNEST(tags) AS t (tag) ON TRUE;

--- with_ordinality
SELECT id, tag, n FROM nested CROSS JOIN UNNEST(tags) WITH ORDINALITY AS t (tag, n);

--- left_join_with_ordinality
SELECT id, tag, n FROM nested LEFT JOIN UNNEST(tags) WITH ORDINALITY AS t (tag, n) ON TRUE;

--- of_rows
SELECT id, sku, qty FROM nested CROSS JOIN UNNEST(items) AS t (sku, qty);

--- of_rows_with_filter
SELECT id, sku FROM nested, UNNEST(items) AS t (sku, qty) WHERE qty > 1;

--- of_map
SELECT id, k, v FROM nested CROSS JOIN UNNEST(props) AS t (k, v);

--- of_constant
SELECT x FROM UNNEST(ARRAY[3, 1, 2]) AS t (x);

--- of_constant_with_ordinality
SELECT x, o FROM UNNEST(ARRAY['a', 'b']) WITH ORDINALITY AS t (x, o);

--- then_grouped
SELECT tag, COUNT(*), MAX(id) FROM nested CROSS JOIN UNNEST(tags) AS t (tag) GROUP BY tag;

--- of_aggregate
SELECT a, x FROM (SELECT a, ARRAY_AGG(b) AS bs FROM (VALUES (1, 'p'), (1, 'q'), (2, 'r')) AS t (a, b) GROUP BY a) CROSS JOIN UNNEST(bs) AS u (x);

--- of_multiset
SELECT a, x FROM (SELECT a, COLLECT(b) AS bs FROM (VALUES (1, 'p'), (1, 'p'), (2, 'r')) AS t (a, b) GROUP BY a) CROSS JOIN UNNEST(bs) AS u (x);

--- group_by_array
SELECT tags, COUNT(*) FROM nested GROUP BY tags;

--- rows_as_keys
SELECT address.zip, COUNT(*) FROM nested GROUP BY address.zip;

--- nested_arrays
SELECT x FROM (VALUES (ARRAY[ARRAY[1, 2], ARRAY[3]])) AS t (a) CROSS JOIN UNNEST(a) AS u (x);
