#!/usr/bin/env python3
"""The table of scripts/bench_nexmark_peers.sh, line by line: `head HEAP`, `row QUERY`, `mean`. Reads what was measured from its input."""

import json
import math
import statistics
import sys

COLUMNS = "{:5} {:>12} {:>12} {:>7}   {:>10} {:>10} {:>7}"


def median(runs, engine, query):
    """Events per CPU second and the peak of memory; a text where there are none."""
    of_query = [run for run in runs if run["query"] == query and run["engine"] == engine]
    if any("failed" in run for run in of_query):
        return f"failed with {engine.capitalize()}"
    if any("refused" in run for run in of_query):
        return f"not run by {engine.capitalize()}: {of_query[0]['refused']}"
    # Of a query that takes no time that can be measured.
    speeds = [run["events"] / max(run["cpu_seconds"], 0.001) for run in of_query]
    return statistics.median(speeds), statistics.median(run["peak_rss_mib"] for run in of_query)


def compared(runs, query):
    """The medians of both, or why there are none."""
    found = []
    for engine in ("hurtig", "flink"):
        figures = median(runs, engine, query)
        if isinstance(figures, str):
            return figures
        found.append(figures)
    return found


def head(heap):
    print(f"Events per CPU second, and the peak of memory in MiB. Java may take {heap} for its heap, and takes more than it needs.")
    print(COLUMNS.format("query", "Hurtig", "Flink", "ratio", "Hurtig", "Flink", "ratio"))


def row(runs, query):
    found = compared(runs, query)
    if isinstance(found, str):
        print(f"{query:5} {found}")
        return
    (speed, memory), (flink_speed, flink_memory) = found
    ratios = f"{speed / flink_speed:.2f}", f"{memory / flink_memory:.2f}"
    figures = f"{speed:.0f}", f"{flink_speed:.0f}", ratios[0], f"{memory:.0f}", f"{flink_memory:.0f}", ratios[1]
    print(COLUMNS.format(query, *figures), flush=True)


def mean(runs):
    queries = dict.fromkeys(run["query"] for run in runs)
    both = [found for found in (compared(runs, query) for query in queries) if not isinstance(found, str)]
    if not both:
        return
    ratios = (geometric([hurtig[at] / flink[at] for hurtig, flink in both]) for at in (0, 1))
    print(COLUMNS.format("mean", "", "", f"{next(ratios):.2f}", "", "", f"{next(ratios):.2f}"))
    print(f"The mean is the geometric one, of {len(both)} queries.")


def geometric(ratios):
    return math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))


def main():
    if sys.argv[1] == "head":
        head(sys.argv[2])
        return
    runs = [json.loads(line) for line in sys.stdin]
    if sys.argv[1] == "row":
        row(runs, sys.argv[2])
    else:
        mean(runs)


main()
