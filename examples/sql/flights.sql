-- A month of departures from New York's three airports, in event time, with the weather at each hour.
--   hurtig sql -f examples/sql/flights.sql

SET 'table.exec.resource.default-parallelism' = '2';
SET 'sql-client.execution.result-mode' = 'table';

CREATE TABLE flights (
    `year` INT, `month` INT, `day` INT,
    dep_time INT, sched_dep_time INT, dep_delay INT, arr_time INT, sched_arr_time INT, arr_delay INT,
    carrier STRING, flight INT, tailnum STRING, origin STRING, dest STRING, air_time INT, distance INT,
    `hour` INT, `minute` INT, time_hour STRING,
    scheduled AS TO_TIMESTAMP(REPLACE(SUBSTRING(time_hour, 1, 14), 'T', ' ') || LPAD(CAST(`minute` AS STRING), 2, '0') || ':00'),
    WATERMARK FOR scheduled AS scheduled - INTERVAL '1' HOUR
) WITH (
    'connector' = 'filesystem', 'path' = 'examples/data', 'source.path.regex-pattern' = '.*/flights[^/]*',
    'format' = 'csv', 'csv.skip-header' = 'true', 'csv.null-literal' = 'NA'
);

CREATE TABLE weather (
    origin STRING, `year` INT, `month` INT, `day` INT, `hour` INT,
    temp DOUBLE, dewp DOUBLE, humid DOUBLE, wind_dir INT, wind_speed DOUBLE, wind_gust DOUBLE,
    precip DOUBLE, pressure DOUBLE, visib DOUBLE, time_hour STRING,
    since AS TO_TIMESTAMP(REPLACE(SUBSTRING(time_hour, 1, 16), 'T', ' ') || ':00'),
    WATERMARK FOR since AS since,
    PRIMARY KEY (origin) NOT ENFORCED
) WITH (
    'connector' = 'filesystem', 'path' = 'examples/data', 'source.path.regex-pattern' = '.*/weather[^/]*',
    'format' = 'csv', 'csv.skip-header' = 'true', 'csv.null-literal' = 'NA'
);

-- Each departure with the weather of its hour: a temporal join.
CREATE VIEW departures AS
SELECT f.origin, f.carrier, f.dest, f.dep_delay, f.scheduled, w.visib, w.wind_speed, w.precip
FROM flights AS f
LEFT JOIN weather FOR SYSTEM_TIME AS OF f.scheduled AS w ON f.origin = w.origin;

-- The three worst hours of each airport: a hopping window, and a Top-N over it.
SELECT origin, window_end, flights, mean_delay, visibility
FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY origin ORDER BY mean_delay DESC, window_end) AS place
    FROM (
        SELECT origin, window_end, COUNT(*) AS flights, AVG(dep_delay) AS mean_delay, MIN(visib) AS visibility
        FROM TABLE(HOP(TABLE departures, DESCRIPTOR(scheduled), INTERVAL '1' HOUR, INTERVAL '3' HOURS))
        GROUP BY origin, window_start, window_end
        HAVING COUNT(*) >= 20
    )
)
WHERE place <= 3;

-- How late does each carrier leave, in good and in bad sight? A table that changes with every departure.
SELECT carrier, COUNT(*) AS flights, COUNT(*) - COUNT(dep_delay) AS cancelled,
    AVG(dep_delay) FILTER (WHERE visib >= 5) AS delay_in_good_sight,
    AVG(dep_delay) FILTER (WHERE visib < 5) AS delay_in_bad_sight
FROM departures
GROUP BY carrier;

-- The same into files, a directory for each airport; written once, whatever happens.
CREATE TABLE worst_days (origin STRING, window_start TIMESTAMP(3), flights BIGINT, mean_delay INT)
PARTITIONED BY (origin)
WITH ('connector' = 'filesystem', 'path' = 'out/worst_days', 'format' = 'json');

INSERT INTO worst_days
SELECT origin, window_start, flights, mean_delay
FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY mean_delay DESC) AS place
    FROM (
        SELECT origin, window_start, window_end, COUNT(*) AS flights, AVG(dep_delay) AS mean_delay
        FROM TABLE(TUMBLE(TABLE departures, DESCRIPTOR(scheduled), INTERVAL '1' DAY))
        GROUP BY origin, window_start, window_end
    )
)
WHERE place <= 1;
