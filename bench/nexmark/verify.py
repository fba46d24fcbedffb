#!/usr/bin/env python3
"""Compares every query of Nexmark with DuckDB over the same events, and says where they differ.

    pip install duckdb
    cargo build --package hurtig-cli
    python3 bench/nexmark/verify.py target/debug/hurtig [events]
"""

import collections
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import duckdb

QUERIES = pathlib.Path(__file__).resolve().parent

HOPS = """
    SELECT b.*, w AS window_start, w + INTERVAL 10 SECOND AS window_end
    FROM bid b, LATERAL (SELECT UNNEST(generate_series(
        to_timestamp(floor(epoch(b."dateTime") / 2) * 2 - 8)::TIMESTAMP, b."dateTime", INTERVAL 2 SECOND)) AS w)
"""


def tumbled(table):
    return f"""SELECT *, to_timestamp(floor(epoch("dateTime") / 10) * 10)::TIMESTAMP AS window_start,
        to_timestamp(floor(epoch("dateTime") / 10) * 10 + 10)::TIMESTAMP AS window_end FROM {table}"""


RANKS = "".join(
    f", COUNT({what}) FILTER (WHERE {cond})" if what == "*" else f", COUNT(DISTINCT {what}) FILTER (WHERE {cond})"
    for what in ["*", "bidder", "auction"]
    for cond in ["TRUE", "price < 10000", "price >= 10000 AND price < 1000000", "price >= 1000000"]
)
WON = """auction a JOIN bid b ON a.id = b.auction AND b."dateTime" BETWEEN a."dateTime" AND a.expires"""
DAY = """strftime("dateTime", '%Y-%m-%d')"""

REFERENCE = {
    "q0": 'SELECT auction, bidder, price, "dateTime", extra FROM bid',
    "q1": 'SELECT auction, bidder, (0.908 * price)::DECIMAL(23, 3), "dateTime", extra FROM bid',
    "q2": "SELECT auction, price FROM bid WHERE auction % 123 = 0",
    "q3": """SELECT p.name, p.city, p.state, a.id FROM auction a JOIN person p ON a.seller = p.id
        WHERE a.category = 10 AND p.state IN ('OR', 'ID', 'CA')""",
    "q4": f"""SELECT category, (SUM(final) // COUNT(*))::BIGINT FROM (
        SELECT MAX(b.price) AS final, a.category FROM {WON} GROUP BY a.id, a.category) GROUP BY category""",
    "q5": f"""WITH hops AS ({HOPS}), counts AS (
        SELECT auction, COUNT(*) AS num, window_start FROM hops GROUP BY auction, window_start)
        SELECT auction, num FROM counts QUALIFY num = MAX(num) OVER (PARTITION BY window_start)""",
    "q6": f"""SELECT seller, (SUM(final) OVER w // COUNT(*) OVER w)::BIGINT FROM (
        SELECT MAX(b.price) AS final, a.seller, MAX(b."dateTime") AS t, a.id FROM {WON} GROUP BY a.id, a.seller)
        WINDOW w AS (PARTITION BY seller ORDER BY t, id ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)""",
    "q7": f"""SELECT b.auction, b.bidder, b.price, b."dateTime", b.extra FROM bid b JOIN (
        SELECT MAX(price) AS maxprice, window_end FROM ({tumbled("bid")}) GROUP BY window_end) m ON b.price = m.maxprice
        AND b."dateTime" BETWEEN m.window_end - INTERVAL 10 SECOND AND m.window_end""",
    "q8": f"""SELECT DISTINCT p.id, p.name, p.window_start FROM ({tumbled("person")}) p JOIN ({tumbled("auction")}) a
        ON p.id = a.seller AND p.window_start = a.window_start""",
    "q9": f"""SELECT a.*, b.auction, b.bidder, b.price, b."dateTime" AS t, b.extra AS e FROM {WON}
        QUALIFY ROW_NUMBER() OVER (PARTITION BY a.id ORDER BY b.price DESC, t ASC) = 1""",
    "q10": f"""SELECT auction, bidder, price, "dateTime", extra, {DAY}, strftime("dateTime", '%H:%M') FROM bid""",
    "q11": """WITH marked AS (SELECT bidder, "dateTime" AS t,
            CASE WHEN t - LAG(t) OVER w < INTERVAL 10 SECOND THEN 0 ELSE 1 END AS first FROM bid
            WINDOW w AS (PARTITION BY bidder ORDER BY "dateTime")),
        sessions AS (SELECT *, SUM(first) OVER (PARTITION BY bidder ORDER BY t ROWS UNBOUNDED PRECEDING) AS s FROM marked)
        SELECT bidder, COUNT(*), MIN(t), MAX(t) + INTERVAL 10 SECOND FROM sessions GROUP BY bidder, s""",
    "q13": """SELECT auction, bidder, price, "dateTime", 'value ' || (auction % 10000) FROM bid""",
    "q14": """SELECT auction, bidder, (0.908 * price)::DECIMAL(23, 3),
        CASE WHEN hour("dateTime") BETWEEN 8 AND 18 THEN 'dayTime'
            WHEN hour("dateTime") <= 6 OR hour("dateTime") >= 20 THEN 'nightTime' ELSE 'otherTime' END,
        "dateTime", extra, length(extra) - length(replace(extra, 'c', '')) FROM bid
        WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000""",
    "q15": f"SELECT {DAY} AS d{RANKS} FROM bid GROUP BY d",
    "q16": f"""SELECT channel, {DAY} AS d, MAX(strftime("dateTime", '%H:%M')){RANKS} FROM bid GROUP BY channel, d""",
    "q17": f"""SELECT auction, {DAY} AS d, COUNT(*), COUNT(*) FILTER (WHERE price < 10000),
        COUNT(*) FILTER (WHERE price >= 10000 AND price < 1000000), COUNT(*) FILTER (WHERE price >= 1000000),
        MIN(price), MAX(price), (SUM(price) // COUNT(*))::BIGINT, SUM(price)::BIGINT FROM bid GROUP BY auction, d""",
    "q18": """SELECT auction, bidder, price, channel, url, "dateTime", extra FROM bid
        QUALIFY ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY "dateTime" DESC, number DESC) = 1""",
    "q19": """SELECT auction, bidder, price, channel, url, "dateTime", extra,
        ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, number) AS r FROM bid QUALIFY r <= 10""",
    "q20": """SELECT b.auction, b.bidder, b.price, b.channel, b.url, b."dateTime", b.extra, a.itemName, a.description, a.initialBid,
        a.reserve, a."dateTime", a.expires, a.seller, a.category, a.extra FROM bid b JOIN auction a ON b.auction = a.id
        WHERE a.category = 10""",
    "q21": """SELECT auction, bidder, price, channel, CASE lower(channel) WHEN 'apple' THEN '0' WHEN 'google' THEN '1'
            WHEN 'facebook' THEN '2' WHEN 'baidu' THEN '3' ELSE regexp_extract(url, '(&|^)channel_id=([^&]*)', 2) END
        FROM bid WHERE regexp_matches(url, '(&|^)channel_id=([^&]*)') OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')""",
    "q22": """SELECT auction, bidder, price, channel, split_part(url, '/', 4), split_part(url, '/', 5), split_part(url, '/', 6)
        FROM bid""",
}


def canonical(value):
    """One text for a value, whoever wrote it."""
    if value is None:
        return "NULL"
    text = str(value).replace("T", " ") if not isinstance(value, str) or value[4:5] == "-" else value
    if text[4:5] == "-" and text[10:11] in (" ", "T"):
        text = text.replace("T", " ")
        text = text.rstrip("0").rstrip(".") if "." in text else text
    elif text.replace(".", "").replace("-", "").isdigit() and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text


def changes(binary, tables, sql):
    """What the changes of a query amount to."""
    script = "SET 'table.exec.resource.default-parallelism' = '2';\n" + sql
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as init:
        init.write(tables)
        init.flush()
        run = subprocess.run([binary, "sql", "-i", init.name, "-e", script, "--output", "csv"], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr.strip()[-500:])
    bag = collections.Counter()
    lines = csv.reader(run.stdout.splitlines())
    next(lines)
    for op, *row in lines:
        bag[tuple(canonical(value) for value in row)] += 1 if op in ("+I", "+U") else -1
    if any(count < 0 for count in bag.values()):
        raise RuntimeError("a row was taken away that is not there")
    return +bag


def main():
    binary, events = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    directory = tempfile.mkdtemp()
    (pathlib.Path(directory) / "side_input.csv").write_text("".join(f"{key},value {key}\n" for key in range(10000)))
    tables = (QUERIES / "tables.sql").read_text()
    # Slow enough that windows and sessions end.
    tables = tables.replace("'full-rows'", "'first-event.rate' = '500', 'next-event.rate' = '500', 'full-rows'")
    tables = tables.replace("${events}", str(events)).replace("${full-rows}", "false").replace("${directory}", directory)
    database = duckdb.connect()
    for table in ["person", "auction", "bid"]:
        script = f"SET 'table.exec.resource.default-parallelism' = '1'; SELECT * FROM {table}"
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as init:
            init.write(tables)
            init.flush()
            out = subprocess.run([binary, "sql", "-i", init.name, "-e", script, "--output", "json"], capture_output=True, text=True, check=True)
        path = pathlib.Path(directory) / f"{table}.json"
        with path.open("w") as file:
            for number, line in enumerate(out.stdout.splitlines()):
                row = json.loads(line)["row"]
                file.write(json.dumps(row | ({"number": number} if table == "bid" else {})) + "\n")
        database.execute(f"CREATE TABLE {table} AS SELECT * FROM read_json('{path}', format = 'newline_delimited')")
        print(table, database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0], "rows")
    only = sys.argv[3].split(",") if len(sys.argv) > 3 else list(REFERENCE)
    failed = False
    for query in only:
        text = (QUERIES / f"{query}.sql").read_text().replace("${directory}", directory)
        select = text[text.index("INSERT INTO") :].split(None, 3)[3]
        before = text[: text.index("INSERT INTO")]
        before = before[before.index("CREATE TEMPORARY VIEW") :] if "CREATE TEMPORARY VIEW" in before else ""
        expected = collections.Counter(
            tuple(canonical(value) for value in row) for row in database.execute(REFERENCE[query]).fetchall()
        )
        try:
            found = changes(binary, tables, before + select)
        except (RuntimeError, json.JSONDecodeError) as error:
            print(f"{query}: {error}")
            failed = True
            continue
        missing, extra = expected - found, found - expected
        verdict = "same" if not missing and not extra else f"{sum(missing.values())} missing, {sum(extra.values())} too many"
        print(f"{query}: {sum(expected.values())} rows, {verdict}")
        failed |= bool(missing or extra)
        for name, rows in [("missing", missing), ("too many", extra)]:
            for row in list(rows)[:2]:
                print("   ", name, row)
    sys.exit(failed)


main()
