-- Arrays, maps, rows.
CREATE VIEW sets AS SELECT * FROM (VALUES
    (1, ARRAY[3, 1, 2, 1], MAP['a', 1, 'b', 2]),
    (2, ARRAY[5], MAP['a', CAST(NULL AS INT)]),
    (3, CAST(NULL AS ARRAY<INT>), CAST(NULL AS MAP<STRING, INT>)),
    (4, ARRAY[1, CAST(NULL AS INT)], MAP['c', 3])
) AS t (id, a, m);

--- constructors
SELECT ARRAY[1, 2], ARRAY['a', NULL], MAP['k', 1, 'l', 2], ROW(1, 'x'), (1, 2.5, 'y'), ARRAY[ARRAY[1], ARRAY[2, 3]], ARRAY[1, 2.5];

--- access
SELECT id, a[1], a[2], m['a'], m['none'], CARDINALITY(a), CARDINALITY(m) FROM sets;

--- access_beyond_the_end
SELECT id, a[9] FROM sets;

--- access_at_zero
SELECT id, a[0] FROM sets;

--- access_at_a_column
SELECT id, a[id] FROM sets WHERE id < 3;

--- element
SELECT ELEMENT(ARRAY[7]), ELEMENT(CAST(NULL AS ARRAY<INT>));

--- element_of_many
SELECT ELEMENT(ARRAY[7, 8]);

--- array_contains
SELECT id, ARRAY_CONTAINS(a, 1), ARRAY_CONTAINS(a, CAST(NULL AS INT)), ARRAY_POSITION(a, 1), ARRAY_POSITION(a, 9), ARRAY_POSITION(a, CAST(NULL AS INT)) FROM sets;

--- array_changes
SELECT id, ARRAY_APPEND(a, 9), ARRAY_PREPEND(a, 9), ARRAY_REMOVE(a, 1), ARRAY_REVERSE(a), ARRAY_DISTINCT(a), ARRAY_APPEND(a, CAST(NULL AS INT)) FROM sets;

--- array_sets
SELECT id, ARRAY_UNION(a, ARRAY[1, 7]), ARRAY_CONCAT(a, ARRAY[1]), ARRAY_INTERSECT(a, ARRAY[1, 5]), ARRAY_EXCEPT(a, ARRAY[1]) FROM sets;

--- array_order
SELECT id, ARRAY_SORT(a), ARRAY_SORT(a, FALSE), ARRAY_SORT(a, TRUE, FALSE), ARRAY_MAX(a), ARRAY_MIN(a) FROM sets;

--- array_slice
SELECT id, ARRAY_SLICE(a, 2), ARRAY_SLICE(a, 1, 2), ARRAY_SLICE(a, -2), ARRAY_SLICE(a, -3, -1), ARRAY_SLICE(a, 3, 2) FROM sets;

--- array_join
SELECT ARRAY_JOIN(ARRAY['a', 'b', 'c'], '-'), ARRAY_JOIN(ARRAY['a', NULL, 'c'], '-'), ARRAY_JOIN(ARRAY['a', NULL, 'c'], '-', '?'), ARRAY_JOIN(CAST(NULL AS ARRAY<STRING>), ',');

--- maps
SELECT id, MAP_KEYS(m), MAP_VALUES(m), MAP_ENTRIES(m), MAP_UNION(m, MAP['a', 9, 'z', 0]) FROM sets WHERE id <> 1;

--- map_from_arrays
SELECT MAP_FROM_ARRAYS(ARRAY['a', 'b'], ARRAY[1, 2]), MAP_FROM_ARRAYS(CAST(NULL AS ARRAY<STRING>), ARRAY[1]);

--- map_from_entries
SELECT CARDINALITY(MAP['a', 1, 'a', 2]), MAP['a', 1, 'a', 2]['a'];

--- map_keys_of_one
SELECT MAP_KEYS(MAP['k', 1]), MAP_VALUES(MAP['k', 1]), MAP_ENTRIES(MAP['k', 1]);

--- rows
SELECT r.a, r.b, r FROM (SELECT CAST(ROW(1, 'x') AS ROW<a INT, b STRING>) AS r);

--- nested_rows
SELECT r.inner_row.x, r.list[2], r.n + 1 FROM (SELECT CAST(ROW(ROW(5), ARRAY[7, 8], 1) AS ROW<inner_row ROW<x INT>, list ARRAY<INT>, n INT>) AS r);

--- equality
SELECT ARRAY[1, 2] = ARRAY[1, 2], ARRAY[1] = ARRAY[2], MAP['a', 1] = MAP['a', 1], ROW(1, 'a') = ROW(1, 'a'), ROW(1, 2) <> ROW(1, 3);
