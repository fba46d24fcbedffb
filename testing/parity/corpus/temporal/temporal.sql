-- Joins with what was valid at a time.
CREATE TABLE rates (currency STRING, rate DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
    WITH ('connector' = 'filesystem', 'path' = '${data}/rates.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE TABLE orders (id INT, currency STRING, price DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
    WITH ('connector' = 'filesystem', 'path' = '${data}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE VIEW versioned AS SELECT currency, rate, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY currency ORDER BY ts DESC) AS rn FROM rates) WHERE rn = 1;

--- inner
SELECT o.id, o.price, r.rate, o.price * r.rate FROM orders AS o JOIN versioned FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency;

--- left
SELECT o.id, o.currency, r.rate, r.ts FROM orders AS o LEFT JOIN versioned FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency;

--- with_residual
SELECT o.id, r.rate FROM orders AS o LEFT JOIN versioned FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency AND r.rate > 1.1;

--- the_versions
SELECT currency, rate FROM versioned;

--- aggregate_of_join
SELECT o.currency, SUM(o.price * r.rate) FROM orders AS o JOIN versioned FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency GROUP BY o.currency;
