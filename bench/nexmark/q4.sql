-- The average of the winning prices of each category.
CREATE TABLE q4 (category BIGINT, average BIGINT) WITH ('connector' = 'blackhole');

INSERT INTO q4
SELECT category, AVG(final) AS average
FROM (
    SELECT MAX(b.price) AS final, a.category
    FROM auction AS a, bid AS b
    WHERE a.id = b.auction AND b.`dateTime` BETWEEN a.`dateTime` AND a.expires
    GROUP BY a.id, a.category
) AS q
GROUP BY category;
