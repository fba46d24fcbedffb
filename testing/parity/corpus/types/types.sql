-- Every type, from a file.
CREATE TABLE t (id INT, b BOOLEAN, ti TINYINT, si SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, m DECIMAL(10, 2), s STRING, da DATE, tm TIME(0), ts TIMESTAMP(3), tz TIMESTAMP_LTZ(3))
    WITH ('connector' = 'filesystem', 'path' = '${data}/types.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

--- all
SELECT * FROM t;

--- arithmetic
SELECT id, ti + si, si * i, i + l, l / i, f + 1, f * d, d / 3, m * m, m / 7, m + i FROM t;

--- groups_of_each
SELECT b, COUNT(*) FROM t GROUP BY b;

--- group_by_decimal
SELECT m, SUM(l) FROM t GROUP BY m;

--- group_by_double
SELECT d, f, COUNT(*) FROM t GROUP BY d, f;

--- group_by_times
SELECT da, tm, ts, tz, COUNT(*) FROM t GROUP BY da, tm, ts, tz;

--- joins_of_each
SELECT a.id, x.id AS xid FROM t a JOIN t x ON a.m = x.m AND a.da = x.da AND a.s = x.s AND a.tz = x.tz;

--- comparison_of_different
SELECT id, ti < si, i < d, m < d, l > m, da < CAST(ts AS DATE), f < d FROM t;

--- extremes
SELECT CAST('127' AS TINYINT), CAST('-128' AS TINYINT), CAST('32767' AS SMALLINT), 2147483647, -2147483648, 9223372036854775807, CAST('-9223372036854775808' AS BIGINT);

--- wrap_around
SELECT CAST('2147483647' AS INT) + 1, CAST('9223372036854775807' AS BIGINT) + 1, CAST('-2147483648' AS INT) - 1, CAST('127' AS TINYINT) * CAST('2' AS TINYINT), -CAST('-2147483648' AS INT), ABS(CAST('-2147483648' AS INT));

--- char_padding
SELECT CAST('ab' AS CHAR(4)) || 'x', CHAR_LENGTH(CAST('ab' AS CHAR(4))), CAST('ab' AS CHAR(4)) = 'ab', CAST('ab  ' AS VARCHAR(10)) = 'ab';

--- decimals_of_scale
SELECT CAST(1.005 AS DECIMAL(10, 2)), CAST(-1.005 AS DECIMAL(10, 2)), CAST(0.1 AS DECIMAL(3, 1)) + CAST(0.25 AS DECIMAL(5, 3)), CAST(100 AS DECIMAL(5, 0)) / 7;

--- times_of_precision
SELECT CAST('2024-01-01 00:00:00.123456789' AS TIMESTAMP(9)), CAST('2024-01-01 00:00:00.123456789' AS TIMESTAMP(6)), CAST('2024-01-01 00:00:00.123456789' AS TIMESTAMP(3)), CAST('2024-01-01 00:00:00.999999' AS TIMESTAMP(0)), TIMESTAMP '2024-01-01 00:00:00', TIME '12:34:56', DATE '2024-01-01';

--- unicode
SELECT 'Grüße', U&'\00fc', 'a''b', '日本' || '語', CHAR_LENGTH('😀'), UPPER('straße'), SUBSTRING('a😀b' FROM 3);
