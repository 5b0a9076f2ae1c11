#!/usr/bin/env python3
# chart.py - figures for people: charts, tables, and a part of README.md.
# SPDX-License-Identifier: MIT
"""
    bench/chart.py [RESULTS]

RESULTS are the medians that run.sh wrote, build/bench/results.json. They are
kept as bench/results.json, and from them are made

    bench/charts/*.svg   bars, one panel for each row
    bench/figures.md     everything, as tables
    docs/benchmarks.md   charts and tables, between the two markers
    README.md            one chart and three sentences, between the two markers

The charts are plain SVG that follows the light or dark scheme of the reader,
with a ground of their own, since the page around them may not.
A shorter bar is better in all of them. wsd has a colour, its peers are grey.
"""
import json
import shutil
import sys
from html import escape
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"

NAMES = {
    "wsd": "wsd",
    "static": "wsd, static (musl)",
    "floor": "cheapest loop",
    "lws": "libwebsockets",
    "ws": "ws on Node.js",
    "sio": "socket.io on Node.js",
    "websocketd": "websocketd",
    "nginx": "nginx (nchan)",
}
VERSIONS = {
    "lws": "libwebsockets",
    "ws": "ws",
    "sio": "socket.io",
    "node": "Node.js",
    "websocketd": "websocketd",
    "nginx": "nginx",
}
CHARTS = [
    ("websocket", "Processor time of a WebSocket server, in microseconds",
     ["echo-16", "echo-16-d16", "echo-1k", "echo-64k", "echo-json",
      "room-500", "room-json", "storm"]),
    ("http", "Processor time of an HTTP server, in microseconds",
     ["http", "file-4k", "file-1m"]),
    ("socket.io", "Processor time of a Socket.IO server, in microseconds",
     ["sio-echo", "sio-room", "sio-storm", "polling-echo"]),
]
IDLE = ["idle", "sio-idle", "polling-idle"]


def name(server):
    return NAMES.get(server, server)


def place(server):
    """Where a server stands among others."""
    return (list(NAMES).index(server) if server in NAMES else len(NAMES),
            server)


class Results:
    """The medians: rows of servers of figures."""

    def __init__(self, path):
        data = json.loads(path.read_text())
        self.meta, self.rows = data["meta"], data["rows"]

    def has(self, row, key):
        return any(key in s for s in self.servers(row).values())

    def servers(self, row):
        """By name, in the order of NAMES."""
        found = self.rows.get(row, {}).get("servers", {})
        return {s: found[s] for s in sorted(found, key=place)}

    def title(self, row):
        return self.rows[row]["title"]

    def value(self, row, server, key):
        return self.servers(row).get(server, {}).get(key)

    def ratio(self, row, server, key):
        """How a figure compares with that of wsd, or None."""
        own, other = self.value(row, "wsd", key), self.value(row, server, key)
        return other / own if own and other is not None else None

    def columns(self, rows, key):
        """All servers that have a figure in any of the rows, in order."""
        found = [s for r in rows for s in self.servers(r)
                 if self.value(r, s, key) is not None]
        return sorted(set(found), key=place)


def number(value):
    """The digits that matter, and thousands apart."""
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


# ---- charts -----------------------------------------------------------------

STYLE = """
.page { fill: #ffffff; }
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 16px; font-weight: 600; }
.row { font-weight: 600; }
.note, .value { fill: #57606a; }
.user { fill: #57606a; }
.system { fill: #b6bec7; }
.own.user { fill: #0a58ca; }
.own.system { fill: #8ab8f5; }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117; }
text { fill: #e6edf3; }
.note, .value { fill: #9da7b3; }
.user { fill: #8b949e; }
.system { fill: #4b535d; }
.own.user { fill: #58a6ff; }
.own.system { fill: #1f4f8f; }
}
"""
WIDTH, LABEL, BAR, STEP = 720, 180, 420, 22


class Svg:
    """Elements, one below the other."""

    def __init__(self):
        self.y, self.parts = 0, []

    def text(self, x, what, kind="", anchor="start"):
        self.parts.append(f'<text class="{kind}" x="{x}" y="{self.y}" '
                          f'text-anchor="{anchor}">{escape(what)}</text>')

    def bar(self, x, width, kind):
        self.parts.append(f'<rect class="{kind}" x="{x:.1f}" '
                          f'y="{self.y - 12}" width="{width:.1f}" '
                          f'height="15"/>')

    def write(self, path, title):
        height = self.y + 16
        path.write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
            f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}">\n<title>{escape(title)}</title>\n'
            f'<style>{STYLE}</style>\n'
            f'<rect class="page" width="{WIDTH}" height="{height}" rx="6"/>\n'
            + "\n".join(self.parts) + "\n</svg>\n")


def panel(svg, heading, bars):
    """One row: bars of (server, [(kind, length), ...], label)."""
    svg.y += 34
    svg.text(16, heading, "row")
    longest = max(sum(n for _, n in parts) for _, parts, _ in bars)
    for server, parts, label in bars:
        own = "own " if server in ("wsd", "static") else ""
        x = LABEL
        svg.y += STEP
        svg.text(LABEL - 8, name(server), anchor="end")
        for kind, length in parts:
            svg.bar(x, length / longest * BAR, own + kind)
            x += length / longest * BAR
        svg.text(round(x + 6), label, "value")


def draw_time(results, chart, title, rows):
    rows = [r for r in rows if results.has(r, "cpu_us")]
    if not rows:
        return False
    svg = Svg()
    svg.y = 26
    svg.text(16, title, "title")
    svg.y += 22
    svg.text(16, "of each message, delivery, response or connection; left: "
             "its own code, right: the kernel", "note")
    for row in rows:
        bars = [(server, [("user", f["user_us"]), ("system", f["system_us"])],
                 number(f["cpu_us"]))
                for server, f in results.servers(row).items()
                if "cpu_us" in f]
        panel(svg, results.title(row), bars)
    svg.write(BENCH / "charts" / f"{chart}.svg", title)
    return True


def draw_memory(results):
    title = "Resident memory of an idle client, in octets"
    svg = Svg()
    svg.y = 26
    svg.text(16, title, "title")
    for row in IDLE:
        bars = [(server, [("user", f["rss_each"])], number(f["rss_each"]))
                for server, f in results.servers(row).items()
                if "rss_each" in f]
        if bars:
            count = max(f.get("connections", 0)
                        for f in results.servers(row).values())
            panel(svg, f"{count:,.0f} {results.title(row)}", bars)
    svg.write(BENCH / "charts" / "memory.svg", title)


# ---- tables -----------------------------------------------------------------

def table(head, lines):
    out = ["| " + " | ".join(head) + " |",
           "|---" + "|---:" * (len(head) - 1) + "|"]
    out += ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join(out) + "\n"


def compare(results, rows, key):
    """A table of rows and servers: "4.16 (1.17x)"; the least is bold."""
    rows = [r for r in rows if results.has(r, key)]
    if not rows:
        return ""
    columns = results.columns(rows, key)
    lines = []
    for row in rows:
        values = {s: results.value(row, s, key) for s in columns}
        least = min(v for s, v in values.items()
                    if v is not None and s != "floor")
        line = [results.title(row)]
        for server in columns:
            value, ratio = values[server], results.ratio(row, server, key)
            if value is None:
                line.append("")
                continue
            text = number(value)
            if value == least:
                text = f"**{text}**"
            if ratio is not None and server != "wsd":
                text += f" ({ratio:.2f}x)"
            line.append(text)
        lines.append(line)
    return table([""] + [name(s) for s in columns], lines)


def details(results, row):
    """All figures of one row."""
    keys = [("per_second", "per second"), ("cpu_us", "CPU us"),
            ("user_us", "user"), ("system_us", "system"),
            ("calls", "system calls"), ("p50_us", "p50 us"),
            ("p99_us", "p99"), ("p999_us", "p99.9"), ("max_us", "max"),
            ("server_cpu", "server's core"), ("load_cpu", "generator's")]
    lines = []
    for server, figures in results.servers(row).items():
        line = [name(server)]
        for key, _ in keys:
            value = figures.get(key)
            if value is None:
                line.append("")
            elif key.endswith("_cpu"):
                line.append(f"{100 * value:.0f} %")
            else:
                line.append(number(value))
        lines.append(line)
    return table([results.title(row)] + [label for _, label in keys], lines)


def start_table(results):
    lines = []
    for row, sizes in (("start", "size"), ("sio-start", "sio-start")):
        for server, figures in results.servers(row).items():
            size = results.value(sizes, server, "file_octets")
            kind = "Socket.IO: " if row == "sio-start" else ""
            lines.append([kind + name(server),
                          number(figures["start_us"] / 1000),
                          number(figures["rss_kib"]),
                          number(size) if size else ""])
    return table(["alone", "ms from exec to an answer", "resident KiB",
                  "octets on the disk"], lines)


def memory_table(results):
    lines = []
    for row in IDLE:
        for server, figures in results.servers(row).items():
            ratio = results.ratio(row, server, "rss_each")
            lines.append([
                f"{figures['connections']:,.0f} {results.title(row)}: "
                f"{name(server)}", number(figures["rss_each"]),
                f"{ratio:.2f}x" if ratio and server != "wsd" else ""])
    return table(["octets for each of", "", "to wsd"], lines)


# ---- words ------------------------------------------------------------------

def where(results):
    meta = results.meta
    peers = [f"{text} {meta[key]}" for key, text in VERSIONS.items()
             if key in meta]
    rounds = meta.get("rounds", "1")
    how = "one round" if rounds == "1" else f"medians of {rounds} rounds"
    text = (f"{meta['date']}, {meta['processor']}, {meta['cores']} cores, "
            f"{meta['system']}, {meta['compiler']}, {how}")
    return text + (f". Peers: {', '.join(peers)}." if peers else ".")


def ahead(results):
    """Where a peer needs less than wsd: said before anybody finds out."""
    found = []
    for row in results.rows:
        for server in results.servers(row):
            for key in ("cpu_us", "rss_each"):
                ratio = results.ratio(row, server, key)
                if server not in ("wsd", "floor", "static") and ratio \
                        and ratio < 0.995:
                    found.append(f"{name(server)} at \u201c"
                                 f"{results.title(row)}\u201d ({ratio:.2f}x)")
    if not found:
        return "In no row does a peer need less than `wsd`.\n"
    return "A peer needs less than `wsd` here: " + "; ".join(found) + ".\n"


def wrap(text, width=79):
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = ""
        line += (" " if line else "") + word
    return "\n".join(lines + [line]) + "\n"


def benchmarks(results, charts):
    every = [row for _, _, rows in CHARTS for row in rows]
    parts = [wrap(where(results))]
    parts += [f"![{title}](../bench/charts/{chart}.svg)\n"
              for chart, title in charts]
    parts += [wrap("Microseconds of processor time for each message, and how "
                   "that compares with `wsd`:"),
              compare(results, every, "cpu_us")]
    if any(results.has(row, "instructions") for row in results.rows):
        parts += [wrap("Instructions in user space for each, which no other "
                       "program on the machine disturbs:"),
                  compare(results, list(results.rows), "instructions")]
    parts += [memory_table(results), start_table(results),
              wrap(ahead(results))]
    return "\n".join(part for part in parts if part)


def beside_best(results, row, key):
    """"; libwebsockets takes 5,402": the peer that needs least, if any."""
    peers = [(figures[key], name(server))
             for server, figures in results.servers(row).items()
             if server not in ("wsd", "floor", "static") and key in figures]
    if not peers:
        return ""
    least, server = min(peers)
    return f"; {server} takes {number(least)}"


def readme(results, charts):
    """The first chart, and three sentences."""
    echo = results.servers("echo-16")["wsd"]
    room = results.value("sio-room", "wsd", "cpu_us")
    idle = results.value("idle", "wsd", "rss_each")
    chart, title = charts[0]
    return "\n".join([
        f"![{title}](bench/charts/{chart}.svg)\n",
        wrap(f"An echo of 16 octets takes {number(echo['cpu_us'])} "
             f"microseconds of processor time, "
             f"{number(echo['system_us'])} of them in the kernel. A "
             f"Socket.IO event to 999 others takes {number(room)} for each "
             f"of them{beside_best(results, 'sio-room', 'cpu_us')}. An idle "
             f"WebSocket takes {number(idle)} octets of memory"
             f"{beside_best(results, 'idle', 'rss_each')}."),
    ])


def replace_between(path, text):
    """Put a text between the two markers of a file."""
    page = path.read_text()
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")


def figures_md(results):
    parts = ["# Figures\n", wrap(where(results)), wrap(
        "Written by `bench/chart.py` from `results.json`. Times are of each "
        "message, delivery, response or connection. Where the generator's "
        "core is busier than the server's, the server could do more per "
        "second than is shown; its processor time says how much."),
        wrap(ahead(results))]
    parts += [details(results, row) for row in results.rows
              if results.has(row, "cpu_us")]
    parts += [memory_table(results), start_table(results)]
    return "\n".join(part for part in parts if part)


def main():
    source = Path(sys.argv[1]) if len(sys.argv) > 1 \
        else ROOT / "build" / "bench" / "results.json"
    results = Results(source)
    if source.resolve() != BENCH / "results.json":
        shutil.copyfile(source, BENCH / "results.json")
    (BENCH / "charts").mkdir(exist_ok=True)
    charts = [(chart, title) for chart, title, rows in CHARTS
              if draw_time(results, chart, title, rows)]
    draw_memory(results)
    charts.append(("memory", "Resident memory of an idle client"))
    (BENCH / "figures.md").write_text(figures_md(results))
    replace_between(ROOT / "docs" / "benchmarks.md",
                    benchmarks(results, charts))
    replace_between(ROOT / "README.md", readme(results, charts))


main()
