#!/bin/sh
# docs.sh - the manuals say what the program and the header say.
# SPDX-License-Identifier: MIT
#
# Runs in the top directory, with wsd built: every option of wsd --help is in
# wsd.1 and the other way round, every prototype of ws.h is in the synopsis of
# ws.3 as it stands and in its text, as are those of sio.h in sio.3, and mandoc
# finds no fault in any. The configurations in docs/ are shown to the programs
# that they are for, as far as these are there. Options, links and files that
# the documents name exist.
set -u
failures=0

fail() {
	echo "docs: $*" >&2
	failures=$((failures + 1))
}

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# ---- wsd.1 -------------------------------------------------------------------

options_of_help() {
	./wsd --help | sed -n '/^usage/,/^SIZE/p' |
	    grep -oE -e '--[a-z][a-z.-]+' | sed 's/^--//' | sort -u
}

# Each option stands in a list's item: ".It Fl -spa", or behind a short one.
options_of_manual() {
	sed -n 's/^\.It Fl //p' man/wsd.1 |
	    grep -oE -e '(^| )-[a-z][a-z.-]+' | sed 's/^ *-//' | sort -u
}

options_of_help > "$work/help"
options_of_manual > "$work/manual"
[ -s "$work/help" ] || fail "wsd --help names no options"
diff -u "$work/help" "$work/manual" >&2 ||
    fail "the options of wsd --help (-) and of wsd.1 (+) differ"

# The completion of bash offers the same, and for words those of the help.
completed() {
	# shellcheck disable=SC2016
	bash -c '. program/completion/wsd.bash
	    COMP_WORDS=(./wsd "$@") COMP_CWORD=$# && _wsd &&
	    printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

completed -- | sed 's/^--//' | sort -u > "$work/completed"
diff -u "$work/help" "$work/completed" >&2 ||
    fail "the options of wsd --help (-) and of its completion (+) differ"
for option in deflate log log-format; do
	./wsd "--$option" '?' 2>&1 | sed 's/.*none of: //; s/ (see.*//' |
	    tr ' ' '\n' > "$work/words"
	completed "--$option" '' | cmp -s "$work/words" - ||
	    fail "the words of --$option and of its completion differ"
done
for file in fish:wsd.fish zsh:_wsd; do
	! command -v "${file%:*}" >/dev/null 2>&1 ||
	    "${file%:*}" -n "program/completion/${file#*:}" ||
	    fail "program/completion/${file#*:} has a fault"
done

# ---- ws.3, sio.3 -------------------------------------------------------------

# The prototypes of a header, one on a line: comments, preprocessor lines,
# attributes and everything in braces are taken out, then what has a name of
# the library's before a '('.
prototypes_of_header() {
	awk -v prefix="$2" '
	{
		while (match($0, /\/\*/)) {
			head = substr($0, 1, RSTART - 1)
			rest = substr($0, RSTART + 2)
			while (!match(rest, /\*\//))
				if ((getline rest) <= 0)
					exit
			$0 = head substr(rest, RSTART + 2)
		}
		if ($0 ~ /^#/ || $0 ~ /^extern "C"/ || $0 ~ /^\t__attribute/)
			next
		sub(/ *(WS|SIO)_PRINTF\([0-9, ]*\)/, "")
		n = split($0, c, "")
		for (i = 1; i <= n; i++) {
			if (c[i] == "{")
				depth++
			else if (c[i] == "}")
				depth--
			else if (depth == 0 && c[i] == ";") {
				if (text ~ "^ *[a-z].*[ *](" prefix ")_[a-z0-9_]+\\(")
					print text
				text = ""
			} else if (depth == 0)
				text = text c[i]
		}
		text = text " "
	}' "$1"
}

# The same from .Ft, .Fo, .Fa and .Fc.
prototypes_of_manual() {
	awk '
	/^\.Ft / { type = substr($0, 5) }
	/^\.Fo / { text = type " " substr($0, 5) "("; comma = "" }
	/^\.Fa "/ {
		if (text != "")
			text = text comma substr($0, 6, length($0) - 6)
		comma = ", "
	}
	/^\.Fc/ { print text ")"; text = "" }' "$1"
}

canonical() {
	tr '\t' ' ' | sed -e 's/  */ /g' -e 's/^ //' -e 's/ *\* */ */g' \
	    -e 's/( /(/g' -e 's/\* *(/*(/g' -e 's/ *$//' | sort
}

# check_manual HEADER PAGE PREFIXES LEAST: LEAST prototypes at least; each function, each constant, each member
# of an options struct.
check_manual() {
	name=$(basename "$1") page=$(basename "$2")
	prototypes_of_header "$1" "$3" | canonical > "$work/header"
	prototypes_of_manual "$2" | canonical > "$work/manual"
	[ "$(wc -l < "$work/header")" -ge "$4" ] ||
	    fail "$name has few prototypes"
	diff -u "$work/header" "$work/manual" >&2 ||
	    fail "the prototypes of $name (-) and of $page (+) differ"

	grep -oE "($3)_[a-z0-9_]+\\(" "$work/header" | tr -d '(' | sort -u |
	    while read -r function; do
		grep -qE "^\.(It )?(Fn [a-z0-9_]+ , )*Fn $function\>" "$2" ||
		    echo "$page does not describe $function"
	done > "$work/missing"
	capitals=$(echo "$3" | tr a-z A-Z)
	grep -oE "^(	|#define )($capitals)_[A-Z_0-9]+" "$1" |
	    grep -oE "($capitals)_.*" | grep -vE '_(H|PRINTF)$' |
	    while read -r constant; do
		grep -q "$constant\>" "$2" ||
		    echo "$page does not mention $constant"
	done >> "$work/missing"
	sed -n '/^struct [a-z]*_\(files_\)\{0,1\}options {/,/^}/p' "$1" |
	    grep -E '^	[a-z].*[;,]' |
	    sed 's/.*(\*\([a-z_]*\)).*/\1;/; s/[;,].*//; s/.*[ *]//' |
	    while read -r member; do
		grep -qE "^\.(It )?Va $member\>" "$2" ||
		    echo "$page does not describe the option $member"
	done >> "$work/missing"
	[ -s "$work/missing" ] && fail "$(cat "$work/missing")"
}

check_manual ws.h man/ws.3 ws 100
check_manual sio/sio.h man/sio.3 'sio|eio' 61
check_manual hub/hub.h man/hub.3 hub 4

# Each function that takes text, data or a value, which a client may have left
# out, is called without it by a test. Strings that a function returns, and those
# that it only hands to a callback, do not count.
{ prototypes_of_header ws.h ws; prototypes_of_header sio/sio.h 'sio|eio'; } |
    canonical |
    sed 's/(\*[a-z_]*)([^()]*)//g; s/^[^(]*[ *]\([a-z0-9_]*\)(/\1 (/' |
    grep -E '\(.*(const (char|void) ?\*|struct sio_value )' |
    cut -d ' ' -f 1 | while read -r function; do
	grep -q "\<$function(" test/sio/test_nothing.c ||
	    echo "test_nothing.c does not call $function"
done > "$work/missing"
[ -s "$work/missing" ] && fail "$(cat "$work/missing")"

# ---- form --------------------------------------------------------------------

# A reference to a page that is not installed yet is no fault.
if command -v mandoc > "$work/mandoc"; then
	mandoc -T lint man/wsd.1 man/ws.3 man/sio.3 man/hub.3 |
	    grep -v 'referenced manual not found' > "$work/lint"
	[ -s "$work/lint" ] && fail "$(cat "$work/lint")"
fi

# ---- configurations ----------------------------------------------------------

# block FILE LANGUAGE N: the nth block of a language in a document.
block() {
	awk -v fence="\`\`\`$2" -v nth="$3" '
	/^```/ { inside = $0 == fence && ++n == nth; next }
	inside { print; found = 1 }
	END { exit !found }' "$1" || fail "$1 has no block $3 of $2"
}

if command -v nginx > "$work/which"; then
	mkdir "$work/logs"
	{
		echo "pid $work/pid; events {} http { access_log off;"
		for path in client_body proxy fastcgi uwsgi scgi; do
			echo "${path}_temp_path $work/temp;"
		done
		block docs/proxies.md nginx 1 | sed "s|listen 80;|listen unix:$work/one;|"
		echo "server { listen unix:$work/two;"
		block docs/proxies.md nginx 2
		echo "} }"
	} > "$work/nginx.conf"
	nginx -t -q -p "$work" -c "$work/nginx.conf" ||
	    fail "nginx does not understand docs/proxies.md"
fi

if command -v haproxy > "$work/which"; then
	block docs/proxies.md haproxy 1 > "$work/haproxy.cfg"
	haproxy -c -q -f "$work/haproxy.cfg" ||
	    fail "haproxy does not understand docs/proxies.md"
fi

if command -v systemd-analyze > "$work/which"; then
	block docs/deployment.md ini 1 > "$work/wsd.socket"
	block docs/deployment.md ini 2 |
	    sed "s|/usr/local/bin/wsd|$PWD/wsd|" > "$work/wsd.service"
	# It also complains about units of the machine's own.
	systemd-analyze verify "$work/wsd.socket" "$work/wsd.service" 2>&1 |
	    grep 'wsd\.s' >&2 &&
	    fail "systemd does not understand docs/deployment.md"
fi

# ---- commands ----------------------------------------------------------------

# The commands for a room, as README.md and docs/rooms.md have them, but for the
# port. The second is the one without end.
try_room() {
	address=$1
	sed -n 's/^ *curl/curl/p' | sed "s|http://localhost:8080|$address|" \
	    > "$work/commands"
	[ "$(wc -l < "$work/commands")" -eq 3 ] || return 1
	(
		cd "$work" || exit 1
		rm -f e
		sed -n 1p commands | sh 2>/dev/null | grep -q '^{"id":"' &&
		    sed -n 3p commands | sh 2>/dev/null > first &&
		    grep -q '"data":"Is there coffee?"' first || exit 1
		sed -n '2s/^curl/exec curl -s/p' commands > watch.sh
		sh watch.sh > watched &
		watcher=$!
		until grep -q '^id: ' watched; do
			kill -0 $watcher || exit 1
		done
		curl -s -d 'There is tea.' "$address/room/kitchen" >/dev/null
		until grep -q '^data: There is tea' watched; do
			kill -0 $watcher || exit 1
		done
		kill $watcher
		sed -n 3p commands | sh 2>/dev/null > second
		grep -q 'There is tea' second && ! grep -q coffee second
	)
}

for document in README.md docs/rooms.md; do
	./wsd -l 127.0.0.1:0 > "$work/address" &
	server=$!
	until grep -q '^listening' "$work/address"; do
		kill -0 $server || break
	done
	sed -n '/^ *curl -d /,/^ *curl --etag/p' "$document" |
	    try_room "$(sed -n 's|^listening on \(http.*\)/$|\1|p' \
		"$work/address")" ||
	    fail "the commands for a room in $document do not work"
	kill $server
	wait $server || fail "wsd did not stop in good order"
done

# ---- what documents name -----------------------------------------------------

documents='README.md ARCHITECTURE.md CONTRIBUTING.md CHANGELOG.md docs/*.md'

# The anchors of a document: its headings in small letters.
anchors() {
	sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9\n_-'
}

# Every file that a document points at is there, and every heading.
# shellcheck disable=SC2086 # a list of words
for document in $documents; do
	grep -oE '\]\([A-Za-z0-9_./-]*(#[a-z0-9-]*)?\)' "$document" |
	    sed 's/^](//; s/)$//' | sort -u > "$work/links"
	while read -r link; do
		file=${link%%#*}
		[ -n "$file" ] && file=$(dirname "$document")/$file ||
		    file=$document
		if [ ! -e "$file" ]; then
			fail "$document points at $link, which is not there"
			continue
		fi
		case $link in
		*'#'*)	anchors "$file" | grep -qxF "${link#*#}" ||
			    fail "$document points at $link, no heading" ;;
		esac
	done < "$work/links"
done

# Every option in code style is one of wsd's.
grep -ohE '`--[a-z][a-z.-]+|wsd [^#]*--[a-z][a-z.-]+' README.md docs/*.md |
    grep -oE -e '--[a-z][a-z.-]+' | sed 's/^--//' | sort -u |
    comm -23 - "$work/help" > "$work/unknown"
[ -s "$work/unknown" ] &&
    fail "no options of wsd: $(tr '\n' ' ' < "$work/unknown")"

# ARCHITECTURE.md names every folder, and no file that is not there.
for folder in $(find . -name '*.c' ! -path './build/*' ! -path './test/*' \
    ! -path './bench/*' | sed 's|^\./||; s|[^/]*$||' | sort -u); do
	grep -qF "\`$folder\`" ARCHITECTURE.md ||
	    fail "ARCHITECTURE.md does not name $folder"
done
tr '\140' '\n' < ARCHITECTURE.md | grep -E '^[a-z0-9_/]+\.(c|h|sh|tsv)$' |
    sort -u > "$work/named"
while read -r file; do
	[ -e "$file" ] || [ -n "$(find . -path ./build -prune -o \
	    -path "*/$file" -print)" ] ||
	    [ "$file" = assets.c ] || [ "$file" = bundle_js.c ] ||
	    fail "ARCHITECTURE.md names $file, which is not there"
done < "$work/named"

[ "$failures" -eq 0 ]
