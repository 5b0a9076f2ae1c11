#!/usr/bin/env python3
# mutate.py - change one operator of the product at a time: do the tests notice?
# SPDX-License-Identifier: MIT
"""Run by make mutate:

    python3 test/mutate.py [--count 300] [--seed 1] [--jobs 2] [FILE...]

A test that passes whatever the code does proves nothing. Here one operator or
small number in the body of a function becomes another one, in a copy of the
tree under build/mutate, and the tests that run this line are run until one of
them fails. A change that no test notices is printed with its line: either a
test is missing, or the change makes no difference. A change that the compiler
turns into the same code is not counted.

Which tests run which line is measured once, with gcc's counters, and kept in
build/mutate/lines.json.gz; remove it when the tests have changed. Programs of
tests start in the order of how long they take. Examples are left out.

The status is 1 when more than 3 % of the changes survive.
"""

import argparse
import collections
import concurrent.futures
import glob
import gzip
import json
import os
import pathlib
import queue
import random
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path.cwd()
DIR = ROOT / "build/mutate"
CC = "gcc"
FLAGS = ("-std=c11 -D_DEFAULT_SOURCE= -D_FILE_OFFSET_BITS=64 -I. -O1 -w "
         "-idirafter test/kqueue").split()
FOLDERS = "base deflate http net websocket files server sio program".split()
SLOWEST_S = 40  # a program of tests that takes longer is left out
SURVIVE_MAX = 0.03

# What each operator becomes.
BECOMES = {
    "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"],
    "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"],
    "+": ["-"], "-": ["+"], "*": ["+"], "/": ["*"], "%": ["*"],
    "+=": ["-="], "-=": ["+="], "<<": [">>"], ">>": ["<<"],
    "&": ["|"], "|": ["&"], "|=": ["&="], "&=": ["|="],
    "++": ["--"], "--": ["++"], "!": [""],
    "true": ["false"], "false": ["true"], "0": ["1"], "1": ["0"],
}
TOKEN = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|"
    r"^[ \t]*#(?:\\\n|[^\n])*|[A-Za-z_]\w*|0[xX][0-9a-fA-F]+\w*|[0-9][\w.]*|"
    r"->|<<=|>>=|\+\+|--|<=|>=|==|!=|&&|\|\||\+=|-=|\*=|/=|%=|\|=|&=|\^=|"
    r"<<|>>|\S", re.S | re.M)
BINARY_ONLY = set("+-*&/%|") | {"<<", ">>"}

Change = collections.namedtuple("Change", "file line at old new text")


def changes_of(file):
    """List each change that can be made in the bodies of a file."""
    text = (ROOT / file).read_text()
    found, depth, before, keyword = [], 0, "", ""
    for match in TOKEN.finditer(text):
        token = match.group()
        if token.startswith(("/*", "//")) or token.lstrip().startswith("#"):
            continue
        line_start = text.rfind("\n", 0, match.start()) + 1
        line = text[line_start:text.find("\n", match.start())]
        if token == "{":
            if depth == 0:
                # KNF: a function's body begins at the margin.
                keyword = "body" if match.start() == line_start else "table"
            depth += 1
        elif token == "}":
            depth -= 1
        elif (depth > 0 and keyword == "body" and token in BECOMES and
              not line.lstrip().startswith(("static const", "enum", "for (;")) and
              "sizeof" not in line.split(token)[0][-8:]):
            operand = re.fullmatch(r"[\w)\]]+|.*['\"]", before) and \
                before not in ("return", "case", "sizeof", "else")
            pointer = token == "*" and (before.startswith(("struct", "void",
                "char", "const", "uint", "int")) or before.endswith("_t"))
            negative = token == "1" and before == "-"
            if not negative and (token not in BINARY_ONLY or (operand and not pointer and
                    is_spaced(text, match))):
                for new in BECOMES[token]:
                    found.append(Change(file, text.count("\n", 0,
                        match.start()) + 1, match.start(), token, new,
                        line.strip()))
        before = token
    return found


def is_spaced(text, match):
    """Tell a binary operator from a unary one: clang-format puts a space, or a
    line's end, after it."""
    return text[match.end()] in " \n"


def run(command, cwd, **more):
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, **more)


def must(command, cwd):
    result = run(command, cwd)
    if result.returncode != 0:
        sys.exit("mutate: %s\n%s" % (" ".join(map(str, command)),
            result.stdout.decode(errors="replace")[-3000:]))
    return result.stdout.decode(errors="replace")


def copy(where):
    """Copy the sources to where; of an earlier copy only build stays."""
    where.mkdir(parents=True, exist_ok=True)
    must(["sh", "-c", "find '%s' -mindepth 1 -maxdepth 1 ! -name build -exec rm "
        "-rf {} + && tar cf - --exclude=./build --exclude=./.git "
        "--exclude='*.a' --exclude=./wsd --exclude=node_modules . | "
        "(cd '%s' && tar xf -)" % (where, where)], ROOT)


def programs():
    names = {}
    for path in glob.glob("test/**/test_*.c", recursive=True):
        name = pathlib.Path(path).stem[len("test_"):]
        if not name.startswith("examples"):
            names[name] = path
    return names


class Tree:
    """A copy of the tree in which one file at a time is another."""

    def __init__(self, where, flags=()):
        self.where = where
        self.flags = list(flags)
        copy(where)
        must(["make", "all", "examples", "CC=" + CC, "CFLAGS=-O1 -w " +
            " ".join(flags)], where)
        (where / "build/test").mkdir(exist_ok=True)
        (where / "build/parts").mkdir(exist_ok=True)

    def sources(self, path):
        return must(["sh", "test/sources.sh", path], self.where).split()

    def compile(self, source, out):
        return run([CC, *FLAGS, *self.flags, "-c", "-o", out, source],
            self.where)

    def prepare(self, tests):
        """Compile the programs of tests; they are linked later."""
        self.parts, self.whole = {}, {}
        done = {}
        for name, path in tests.items():
            self.parts[name] = []
            for source in self.sources(path):
                out = "build/parts/%s.o" % source.replace("/", "-")[:-2]
                if source not in done:
                    done[source] = self.compile(source, out).returncode
                if done[source] != 0:
                    sys.exit("mutate: %s does not compile" % source)
                self.parts[name].append(out)
            text = (ROOT / path).read_text()
            self.whole[name] = set(re.findall(r'#include "(\S+\.c)"', text))

    def link(self, name):
        return run([CC, *self.flags, "-o", "build/test/" + name,
            *self.parts[name], "libsio.a", "libws.a", "-lcriterion", "-lz",
            "-lm"], self.where)

    def start(self, name, limit_s, env=None):
        """Run one program of tests. Returns whether it passed."""
        command = ["timeout", "-k", "1", str(limit_s)]
        if name in ("cli", "cli-sio"):
            script = {"cli": "cli.py", "cli-sio": "sio.py"}[name]
            command += ["python3", "test/cli/" + script]
        else:
            command += ["build/test/" + name, "--jobs", "1", "--fail-fast",
                "--color=never"]
        with open(self.where / "build/test.log", "w") as log:
            return subprocess.run(command, cwd=self.where, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, **(env or {})}).returncode == 0


# ---- which tests run which line ---------------------------------------------

def lines_of(counters, tree):
    """Read the lines that a run has counted: {file: [lines]}."""
    lines = collections.defaultdict(set)
    files = [str(path) for path in counters.rglob("*.gcda")]
    for path in files:
        inside = path[len(str(counters)) + len(str(tree.where)):]
        notes = str(tree.where) + inside[:-5] + ".gcno"
        if os.path.exists(notes):
            shutil.copy(notes, path[:-5] + ".gcno")
    result = subprocess.run(["gcov", "--json-format", "--stdout", *files],
        cwd=tree.where, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for text in result.stdout.decode().splitlines():
        if not text.startswith("{"):
            continue
        for file in json.loads(text)["files"]:
            name = os.path.normpath(file["file"])
            for line in file["lines"]:
                if line["count"] > 0:
                    lines[name].add(line["line_number"])
    return {name: sorted(numbers) for name, numbers in lines.items()}


def measure(tests):
    """Run each program with gcc's counters: {program: {seconds, lines}}."""
    tree = Tree(DIR / "counted", ["--coverage"])
    tree.prepare(tests)
    measured = {}
    for name in [*tests, "cli", "cli-sio"]:
        if name in tests and tree.link(name).returncode != 0:
            sys.exit("mutate: %s does not link" % name)
        counters = DIR / "counters"
        shutil.rmtree(counters, ignore_errors=True)
        began = time.monotonic()
        good = tree.start(name, 3 * SLOWEST_S,
            {"GCOV_PREFIX": str(counters)})
        seconds = time.monotonic() - began
        if not good or seconds > 2 * SLOWEST_S:
            print("left out: %s (%s, %.0f s)" % (name,
                "passes" if good else "fails", seconds), flush=True)
            continue
        measured[name] = {"seconds": seconds,
            "lines": lines_of(counters, tree)}
    return measured


def tests_of(change, measured):
    """The programs that run a line, the quick ones first."""
    names = [name for name, it in measured.items()
        if change.line in it["lines"].get(change.file, ())]
    return sorted(names, key=lambda name: measured[name]["seconds"])


# ---- one change --------------------------------------------------------------

def try_change(change, tree, measured):
    """Returns "same", "broken" (does not compile), a program that noticed, or
    None."""
    path = tree.where / change.file
    original = path.read_bytes()
    path.write_bytes(original[:change.at] + change.new.encode() +
        original[change.at + len(change.old):])
    try:
        return try_changed(change, tree, measured, original)
    finally:
        path.write_bytes(original)
        if change.file.startswith("program/"):
            must(["sh", "-c", "cp build/good/wsd ."], tree.where)
        else:
            must(["sh", "-c", "cp build/good/lib*.a build/good/wsd ."],
                tree.where)


def try_changed(change, tree, measured, original):
    built = "build/obj/" + change.file[:-2] + ".o"
    out = "build/good/changed/" + os.path.basename(built)
    if tree.compile(change.file, out).returncode != 0:
        return "broken"
    same = tree.where / ("build/good/same-" + change.file.replace("/", "-"))
    if not same.exists():
        text = (tree.where / change.file).read_bytes()
        (tree.where / change.file).write_bytes(original)
        tree.compile(change.file, str(same))
        (tree.where / change.file).write_bytes(text)
    if same.read_bytes() == (tree.where / out).read_bytes():
        return "same"
    rest = glob.glob(str(tree.where / "build/obj/program/*.o")) + \
        [str(tree.where / "build/obj/build/assets.o")]
    if change.file.startswith("program/"):
        rest = [o for o in rest if not o.endswith(built)] + [out]
    elif change.file.startswith("sio/"):
        must(["ar", "rcs", "libsio.a", out], tree.where)
    else:
        must(["ar", "rcs", "libws.a", out], tree.where)
    if run([CC, "-o", "wsd", *rest, "libsio.a", "libws.a"],
           tree.where).returncode != 0:
        return "broken"
    for name in tests_of(change, measured):
        if name in tree.parts:
            if any(change.file == file or os.path.basename(change.file) == file
                   for file in tree.whole[name]):
                source = programs()[name]
                part = tree.parts[name][0]
                shutil.copy(tree.where / part, tree.where / "build/good/part")
                tree.compile(source, part)
                linked = tree.link(name).returncode
                shutil.copy(tree.where / "build/good/part", tree.where / part)
            else:
                linked = tree.link(name).returncode
            if linked != 0:
                return "broken"
        if not tree.start(name, int(10 + 5 * measured[name]["seconds"])):
            return name
    return None


def make_tree(number, tests):
    tree = Tree(DIR / ("tree%d" % number))
    must(["sh", "-c", "rm -rf build/good && mkdir -p build/good/changed && "
        "cp wsd lib*.a build/good"], tree.where)
    tree.prepare(tests)
    return tree


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--first", type=int, default=0,
        help="leave out so many changes of the sequence")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    DIR.mkdir(parents=True, exist_ok=True)
    tests = programs()
    kept = DIR / "lines.json.gz"
    if not kept.exists():
        with gzip.open(kept, "wt") as file:
            json.dump(measure(tests), file)
    with gzip.open(kept, "rt") as file:
        measured = json.load(file)
    measured = {name: it for name, it in measured.items()
        if name in tests or name.startswith("cli")}

    files = options.files or ["ws.c", "http.c", "rooms.c", "sha1.c",
        "base64.c"] + [path for folder in FOLDERS
        for path in sorted(glob.glob(folder + "/**/*.c", recursive=True))
        if not path.endswith(("_kqueue.c", "program/embed.c",
            "program/relro.c"))]
    changes = [change for file in files for change in changes_of(file)]
    random.Random(options.seed).shuffle(changes)
    changes = changes[options.first:]

    trees = queue.Queue()
    for number in range(options.jobs):
        trees.put(make_tree(number, tests))
    counts = collections.Counter()
    survivors = []

    def one(change):
        if counts["tried"] >= options.count:
            return
        tree = trees.get()
        try:
            noticed = try_change(change, tree, measured)
        finally:
            trees.put(tree)
        counts["drawn"] += 1
        if noticed in ("same", "broken"):
            counts[noticed] += 1
            return
        counts["tried"] += 1
        if counts["tried"] % 25 == 0:
            print("%d changes tried" % counts["tried"], flush=True)
        if noticed is None:
            survivors.append(change)
            ran = len(tests_of(change, measured))
            print("survives: %s:%d: %r becomes %r (%s)\n    %s" % (change.file,
                change.line, change.old, change.new,
                "%d programs ran it" % ran if ran else "nothing runs it",
                change.text), flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(one, changes))
    print("%d changes of %d possible (%d made the same code, %d none): "
        "%d survived" % (counts["tried"], len(changes), counts["same"],
        counts["broken"], len(survivors)))
    return len(survivors) > SURVIVE_MAX * counts["tried"]


if __name__ == "__main__":
    sys.exit(main())
