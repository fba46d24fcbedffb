-- All events, into files: whether Hurtig and Flink make the same ones.
CREATE TABLE person_rows (
    id BIGINT, name STRING, emailAddress STRING, creditCard STRING, city STRING, state STRING,
    `dateTime` TIMESTAMP(3), extra STRING
) WITH ('connector' = 'filesystem', 'path' = '${directory}/person', 'format' = 'csv', 'csv.disable-quote-character' = 'true');

CREATE TABLE auction_rows (
    id BIGINT, itemName STRING, description STRING, initialBid BIGINT, reserve BIGINT,
    `dateTime` TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra STRING
) WITH ('connector' = 'filesystem', 'path' = '${directory}/auction', 'format' = 'csv', 'csv.disable-quote-character' = 'true');

CREATE TABLE bid_rows (
    auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING,
    `dateTime` TIMESTAMP(3), extra STRING
) WITH ('connector' = 'filesystem', 'path' = '${directory}/bid', 'format' = 'csv', 'csv.disable-quote-character' = 'true');

INSERT INTO person_rows SELECT * FROM person;
INSERT INTO auction_rows SELECT * FROM auction;
INSERT INTO bid_rows SELECT * FROM bid;
