-- JSON in text.
CREATE VIEW docs AS SELECT * FROM (VALUES
    (1, '{"a": 1, "b": {"c": [1, 2, {"d": "x"}]}, "t": true, "n": null, "f": 1.5, "s": "hi"}'),
    (2, '[1, "two", null]'),
    (3, 'not json'),
    (4, CAST(NULL AS STRING)),
    (5, '"text"'),
    (6, '{}')
) AS t (id, j);

--- is_json
SELECT id, j IS JSON, j IS JSON VALUE, j IS JSON OBJECT, j IS JSON ARRAY, j IS JSON SCALAR, j IS NOT JSON FROM docs;

--- json_exists
SELECT id, JSON_EXISTS(j, '$.a'), JSON_EXISTS(j, '$.b.c[2].d'), JSON_EXISTS(j, '$.x'), JSON_EXISTS(j, 'strict $.x' TRUE ON ERROR), JSON_EXISTS(j, 'strict $.x' FALSE ON ERROR), JSON_EXISTS(j, '$.n') FROM docs;

--- json_value
SELECT id, JSON_VALUE(j, '$.a'), JSON_VALUE(j, '$.s'), JSON_VALUE(j, '$.t'), JSON_VALUE(j, '$.n'), JSON_VALUE(j, '$.f'), JSON_VALUE(j, '$.b'), JSON_VALUE(j, '$[1]'), JSON_VALUE(j, '$.b.c[2].d') FROM docs;

--- json_value_returning
SELECT id, JSON_VALUE(j, '$.a' RETURNING INTEGER), JSON_VALUE(j, '$.t' RETURNING BOOLEAN), JSON_VALUE(j, '$.f' RETURNING DOUBLE), JSON_VALUE(j, '$.a' RETURNING STRING) FROM docs WHERE id = 1;

--- json_value_defaults
SELECT id, JSON_VALUE(j, 'lax $.x' DEFAULT 'none' ON EMPTY), JSON_VALUE(j, 'strict $.x' DEFAULT 'err' ON ERROR), JSON_VALUE(j, '$.x' NULL ON EMPTY DEFAULT 'bad' ON ERROR), JSON_VALUE(j, '$.b' DEFAULT 'e' ON EMPTY DEFAULT 'r' ON ERROR) FROM docs;

--- json_value_error_on_empty
SELECT JSON_VALUE(j, 'lax $.x' ERROR ON EMPTY) FROM docs WHERE id = 1;

--- json_query
SELECT id, JSON_QUERY(j, '$'), JSON_QUERY(j, '$.b'), JSON_QUERY(j, '$.b.c'), JSON_QUERY(j, '$.a'), JSON_QUERY(j, '$.x') FROM docs;

--- json_query_wrappers
SELECT id, JSON_QUERY(j, '$.a' WITH CONDITIONAL ARRAY WRAPPER), JSON_QUERY(j, '$.b.c' WITH UNCONDITIONAL ARRAY WRAPPER), JSON_QUERY(j, '$.b.c' WITH CONDITIONAL ARRAY WRAPPER), JSON_QUERY(j, '$.x' EMPTY OBJECT ON EMPTY), JSON_QUERY(j, 'strict $.x' EMPTY ARRAY ON ERROR) FROM docs WHERE id IN (1, 3, 6);

--- json_query_wildcards
SELECT JSON_QUERY('{"a":[{"c":"c1"},{"c":"c2"}]}', 'lax $.a[*].c'), JSON_QUERY('{"a b": 1}', '$.[''a b'']' WITH CONDITIONAL ARRAY WRAPPER), JSON_QUERY('[1,[2,3]]', '$[1]'), JSON_QUERY('{"a":{"x":1,"y":2}}', '$.a.*' WITH WRAPPER);

--- json_query_returning
SELECT JSON_QUERY('{"a":["x","y"]}', '$.a' RETURNING ARRAY<STRING>);

--- json_string
SELECT JSON_STRING(1), JSON_STRING(TRUE), JSON_STRING('a"b'), JSON_STRING(ARRAY[1, 2]), JSON_STRING(MAP['k', 1]), JSON_STRING(CAST(NULL AS INT)), JSON_STRING(1.50), JSON_STRING(1e0);

--- json_string_of_rows
SELECT JSON_STRING(CAST(ROW(1, 'x', CAST(NULL AS INT)) AS ROW<a INT, b STRING, c INT>)), JSON_STRING(X'0aff'), JSON_STRING(ARRAY['a', CAST(NULL AS STRING)]);

--- json_object
SELECT JSON_OBJECT(), JSON_OBJECT('k' VALUE 1, 'l' VALUE 'x'), JSON_OBJECT(KEY 'k' VALUE CAST(NULL AS STRING)), JSON_OBJECT('k' VALUE CAST(NULL AS STRING) ABSENT ON NULL), JSON_OBJECT('k' VALUE JSON_OBJECT('m' VALUE TRUE)), JSON_OBJECT('k' VALUE JSON_ARRAY(1, 2));

--- json_array
SELECT JSON_ARRAY(), JSON_ARRAY(1, '2', TRUE), JSON_ARRAY(CAST(NULL AS STRING)), JSON_ARRAY(CAST(NULL AS STRING) NULL ON NULL), JSON_ARRAY(JSON_ARRAY(1)), JSON_ARRAY(1.5, 1e10);

--- json_of_dates
SELECT JSON_STRING(DATE '2024-02-29');

--- json_quote
SELECT JSON_QUOTE('a"b'), JSON_UNQUOTE('"a\"b"'), JSON_UNQUOTE('abc'), JSON_QUOTE(CAST(NULL AS STRING)), JSON_UNQUOTE('"\u0041"');

--- json_of_columns
SELECT id, JSON_OBJECT('id' VALUE id, 'j' VALUE j), JSON_ARRAY(id, j) FROM docs;
