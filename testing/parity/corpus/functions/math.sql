-- Functions of numbers. Results of the less exact ones are rounded: the last digit is the processor's.
CREATE VIEW numbers AS SELECT * FROM (VALUES
    (1, 3, CAST(10 AS BIGINT), CAST(2.5 AS DOUBLE), CAST(12.345 AS DECIMAL(8, 3))),
    (2, -7, CAST(-3 AS BIGINT), CAST(-0.5 AS DOUBLE), CAST(-12.345 AS DECIMAL(8, 3))),
    (3, 0, CAST(0 AS BIGINT), CAST(0 AS DOUBLE), CAST(0 AS DECIMAL(8, 3))),
    (4, CAST(NULL AS INT), CAST(NULL AS BIGINT), CAST(NULL AS DOUBLE), CAST(NULL AS DECIMAL(8, 3))),
    (5, 2147483647, 9223372036854775807, CAST(1e300 AS DOUBLE), CAST(99999.999 AS DECIMAL(8, 3)))
) AS t (id, i, l, d, m);

--- addition
SELECT id, i + 1, l + 1, d + 1, m + 1, i + l, i + d, l + m, m + m, d + m FROM numbers;

--- subtraction
SELECT id, i - 1, l - 1, d - 1, m - 1, i - l, -i, -l, -d, -m, +i FROM numbers;

--- multiplication
SELECT id, i * 2, l * 2, d * 2, m * 2, i * m, m * m, m * 0.5, d * m FROM numbers;

--- division
SELECT id, i / 2, l / 3, d / 2, m / 2, m / 3, m / 0.7, 7 / d, i / 2.0, l / CAST(4 AS DOUBLE) FROM numbers;

--- division_by_zero
SELECT i / (i - i) FROM numbers WHERE id = 1;

--- division_of_doubles_by_zero
SELECT id, d / (d - d), -1 / (d - d) FROM numbers WHERE id IN (1, 3);

--- division_of_decimals_by_zero
SELECT m / (m - m) FROM numbers WHERE id = 1;

--- modulo
SELECT id, MOD(i, 2), i % 3, MOD(l, 4), l % -3, MOD(m, 5), i % 2.5 FROM numbers;

--- modulo_by_zero
SELECT MOD(i, i - i) FROM numbers WHERE id = 1;

--- small_integers
SELECT CAST(1 AS TINYINT) + CAST(2 AS TINYINT), CAST(100 AS TINYINT) + CAST(100 AS TINYINT), CAST(1 AS SMALLINT) * CAST(2 AS INT), CAST(127 AS TINYINT) + 1, CAST(7 AS SMALLINT) / CAST(2 AS SMALLINT);

--- literals
SELECT 1, 1.5, 1e3, 1.50, -1, 2147483648, 0.1 + 0.2, 1e0 / 3, 12345678901234567;

--- abs_and_sign
SELECT id, ABS(i), ABS(l), ABS(d), ABS(m), SIGN(i), SIGN(l), SIGN(d), SIGN(m) FROM numbers;

--- floor_and_ceil
SELECT id, FLOOR(i), FLOOR(d), FLOOR(m), CEIL(i), CEIL(d), CEIL(m), CEILING(d) AS c FROM numbers;

--- round
SELECT id, ROUND(i, 1), ROUND(i, -1), ROUND(l, -1), ROUND(d), ROUND(d, 1), ROUND(m), ROUND(m, 2), ROUND(m, -1) FROM numbers WHERE id <> 5;

--- round_edges
SELECT ROUND(2.5), ROUND(-2.5), ROUND(2.5e0), ROUND(3.5e0), ROUND(-2.5e0), ROUND(1.005e0, 2), ROUND(1.005, 2), ROUND(0.285e0, 2), ROUND(125, -1), ROUND(12.345, 5);

--- truncate
SELECT id, TRUNCATE(i, -1), TRUNCATE(d, 0), TRUNCATE(m, 2), TRUNCATE(m), TRUNCATE(m, -1), TRUNCATE(42.324, 2), TRUNCATE(42.324e0), TRUNCATE(-42.329, 2) FROM numbers WHERE id <> 5;

--- power_and_roots
SELECT id, ROUND(POWER(i, 2), 6), POWER(d, 2), POWER(m, 2), SQRT(ABS(i)), SQRT(d), SQRT(m) FROM numbers WHERE id <> 5;

--- power_edges
SELECT POWER(0, 0), POWER(2, -1), POWER(-8, 0.5), POWER(10, 400), SQRT(-1), EXP(0), EXP(1000), POWER(2, 0.5e0) > 1.41;

--- logarithms
SELECT ROUND(LN(10), 10), ROUND(LOG10(1000), 10), ROUND(LOG2(8), 10), ROUND(LOG(10), 10), ROUND(LOG(2, 8), 10), ROUND(LOG2(10), 10), LN(1), LOG10(CAST(NULL AS INT));

--- logarithm_of_zero
SELECT LN(0), LOG10(0), LOG2(0);

--- logarithm_of_negative
SELECT LN(-1), LOG10(-1), LOG2(-1), LOG(-1);

--- trigonometry
SELECT ROUND(SIN(1), 10), ROUND(COS(1), 10), ROUND(TAN(1), 10), ROUND(COT(1), 10), ROUND(ASIN(0.5), 10), ROUND(ACOS(0.5), 10), ROUND(ATAN(1), 10), ROUND(ATAN2(1, -1), 10), ASIN(2);

--- hyperbolics
SELECT ROUND(SINH(1), 10), ROUND(COSH(1), 10), ROUND(TANH(1), 10), ROUND(DEGREES(1), 10), ROUND(RADIANS(180), 10), PI(), E();

--- trigonometry_of_columns
SELECT id, ROUND(SIN(i), 10), ROUND(COS(d), 10), ROUND(TAN(m), 10), ROUND(DEGREES(d), 8), ROUND(RADIANS(m), 10) FROM numbers WHERE id <> 5;

--- greatest_and_least
SELECT id, GREATEST(i, 1), LEAST(i, 1), GREATEST(i, l), LEAST(d, m), GREATEST(m, 1.5), GREATEST('a', 'B'), LEAST(1, CAST(NULL AS INT)) FROM numbers;

--- decimals
SELECT CAST(1 AS DECIMAL(10, 2)) / CAST(3 AS DECIMAL(10, 2)), CAST(1.5 AS DECIMAL(38, 10)) * CAST(2.5 AS DECIMAL(38, 10)), CAST(9.99 AS DECIMAL(3, 2)) + CAST(9.99 AS DECIMAL(3, 2)), CAST(10 AS DECIMAL(20, 0)) % CAST(3 AS DECIMAL(10, 5));

--- decimals_and_integers
SELECT 1.5 + CAST(1 AS TINYINT), 1.5 + 1, 1.5 * CAST(1 AS BIGINT), 10 / 4.0, 10.0 / 4, 1 - 0.9, 1.10 = 1.1, 2 > 1.99;

--- overflow_of_decimals
SELECT CAST(s AS DECIMAL(38, 0)), CAST(s AS DECIMAL(38, 0)) + 1, CAST(s AS DECIMAL(38, 0)) * 1000, CAST(s AS DECIMAL(38, 0)) - CAST(s AS DECIMAL(38, 0)) FROM (VALUES ('99999999999999999999999999999999999999'), ('1'), (CAST(NULL AS STRING))) AS t (s);

--- comparison
SELECT id, i = 3, i <> l, i < l, d >= m, i = CAST(3 AS DOUBLE), m > 12, i BETWEEN 0 AND 5, i IN (3, 0), i NOT IN (3) FROM numbers;

--- conditionals
SELECT id, IF(i > 0, 'positive', 'other'), CASE i WHEN 3 THEN 'three' WHEN 0 THEN 'zero' END, NULLIF(i, 3), COALESCE(i, 99), IFNULL(l, -1), COALESCE(CAST(NULL AS INT), i, 5) FROM numbers;

--- random_with_a_seed
SELECT RAND(1) BETWEEN 0 AND 1, RAND_INTEGER(10) < 10, CHAR_LENGTH(UUID());

--- percentile
SELECT ROUND(PERCENTILE(d, 0.5), 6) FROM numbers WHERE id < 4;
