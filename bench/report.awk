# report.awk - medians of figures.tsv, as a table and as JSON.
# SPDX-License-Identifier: MIT
#
# A line of input is ROW <tab> SERVER <tab> key=value key=value ...; the same
# row and server may come many times. Lines of the "row" meta are KEY <tab>
# TEXT, and say where all of it was measured. -v json=FILE names the JSON file:
#
#	{ "meta": { KEY: TEXT, ... },
#	  "rows": { ROW: { "title": TEXT,
#	                   "servers": { SERVER: { key: median, ... } } } } }

BEGIN {
	FS = "\t"
	title["echo-16"] = "echo, 16 B text, 50 connections"
	title["echo-16-d16"] = "the same, 16 in flight each"
	title["echo-1k"] = "echo, 1 KiB text, 50 connections"
	title["echo-json"] = "echo, 1 KiB JSON, compressed"
	title["room-json"] = "1 KiB JSON to 100, compressed, each"
	title["echo-64k"] = "echo, 64 KiB text, 50 connections"
	title["room-500"] = "64 B to a room of 500, each delivery"
	title["storm"] = "open and close, 50 at once"
	title["http"] = "GET /healthz, 50 connections"
	title["page"] = "GET /, a page built in"
	title["file-4k"] = "GET, file of 4 KiB, 50 connections"
	title["file-1m"] = "GET, file of 1 MiB, 10 connections"
	title["sio-echo"] = "Socket.IO event there and back"
	title["sio-room"] = "Socket.IO event to 999 others, each"
	title["sio-storm"] = "Socket.IO connect, disconnect"
	title["polling-echo"] = "Socket.IO event, HTTP polling"
	title["idle"] = "idle WebSockets"
	title["sio-idle"] = "idle Socket.IO clients"
	title["polling-idle"] = "idle Socket.IO clients, polling"
	title["start"] = "from exec to the first answer"
	title["sio-start"] = "the same, a Socket.IO server"
	title["size"] = "the program, stripped"
}

$1 == "meta" {
	meta_key[++metas] = $2
	meta[$2] = $3
	next
}

{
	if (!(($1, $2) in known)) {
		known[$1, $2] = 1
		if (!($1 in servers))
			row[++rows] = $1
		servers[$1] = servers[$1] " " $2
	}
	n = split($3, pairs, " ")
	for (i = 1; i <= n; i++) {
		split(pairs[i], pair, "=")
		if (pair[2] ~ /^-?[0-9.]+$/)
			add($1, $2, pair[1], pair[2])
	}
}

function add(r, s, key, value) {
	if (!((r, s, key) in count))
		keys[r, s] = keys[r, s] " " key
	values[r, s, key, ++count[r, s, key]] = value + 0
}

# The median of all values of a key; of an even number, the lower middle.
function median(r, s, key,   n, i, j, v, sorted) {
	n = count[r, s, key]
	for (i = 1; i <= n; i++) {
		v = values[r, s, key, i]
		for (j = i - 1; j > 0 && sorted[j] > v; j--)
			sorted[j + 1] = sorted[j]
		sorted[j + 1] = v
	}
	return sorted[int((n + 1) / 2)]
}

# User and system time of one short run are a few ticks of 10 ms: the shares are
# those of all runs together.
function split_time(r, s,   n, i, user, kernel) {
	n = count[r, s, "user_us"]
	for (i = 1; i <= n; i++) {
		user += values[r, s, "user_us", i]
		kernel += values[r, s, "system_us", i]
	}
	user = n > 0 && user + kernel > 0 ? user / (user + kernel) : 0
	for (i = 1; i <= n; i++) {
		values[r, s, "user_us", i] = user * median(r, s, "cpu_us")
		values[r, s, "system_us", i] = \
		    (1 - user) * median(r, s, "cpu_us")
	}
}

function has(r, s, key) {
	return (r, s, key) in count
}

# How a figure compares with that of wsd: "1.53x".
function ratio(r, s, key) {
	if (s == "wsd" || !has(r, "wsd", key) || median(r, "wsd", key) == 0)
		return ""
	return sprintf("%.2fx", median(r, s, key) / median(r, "wsd", key))
}

function cell(r, s, key, format) {
	return has(r, s, key) ? sprintf(format, median(r, s, key)) : "-"
}

function print_speed(   i, j, n, r, s, list) {
	printf "%-36s %-10s %8s %7s %8s %8s %8s %7s %6s %8s %8s %6s %5s\n", \
	    "microseconds and calls for each", "server", "per s", "to wsd", \
	    "CPU us", "user", "system", "to wsd", "calls", "p50 us", \
	    "p99 us", "server", "load"
	for (i = 1; i <= rows; i++) {
		r = row[i]
		n = split(servers[r], list, " ")
		for (j = 1; j <= n; j++) {
			s = list[j]
			if (!has(r, s, "cpu_us"))
				continue
			printf "%-36s %-10s %8.0f %7s %8.3f %8.3f %8.3f", \
			    j == 1 ? title[r] : "", s, \
			    median(r, s, "per_second"), \
			    ratio(r, s, "per_second"), median(r, s, "cpu_us"), \
			    median(r, s, "user_us"), median(r, s, "system_us")
			printf " %7s %6s %8.0f %8.0f %5.0f%% %4.0f%%\n", \
			    ratio(r, s, "cpu_us"), \
			    cell(r, s, "calls", "%.2f"), \
			    median(r, s, "p50_us"), median(r, s, "p99_us"), \
			    100 * median(r, s, "server_cpu"), \
			    100 * median(r, s, "load_cpu")
		}
	}
}

function print_instructions(   i, j, n, list, heading) {
	for (i = 1; i <= rows; i++) {
		n = split(servers[row[i]], list, " ")
		for (j = 1; j <= n; j++) {
			if (!has(row[i], list[j], "instructions"))
				continue
			if (!heading++)
				printf "\n%-36s %-10s %8s\n", \
				    "user-space instructions for each", \
				    "server", "count"
			printf "%-36s %-10s %8.0f %7s\n", title[row[i]], \
			    list[j], median(row[i], list[j], "instructions"), \
			    ratio(row[i], list[j], "instructions")
		}
	}
}

function print_memory(   i, j, n, r, list) {
	printf "\n%-36s %-10s %8s %7s\n", "memory for each", "server", \
	    "octets", "to wsd"
	for (i = 1; i <= rows; i++) {
		r = row[i]
		n = split(servers[r], list, " ")
		for (j = 1; j <= n; j++)
			if (has(r, list[j], "rss_each"))
				printf "%-36s %-10s %8.0f %7s\n", \
				    median(r, list[j], "connections") " " \
				    title[r], list[j], \
				    median(r, list[j], "rss_each"), \
				    ratio(r, list[j], "rss_each")
	}
}

function print_start(r, sizes,   i, n, list) {
	n = split(servers[r], list, " ")
	for (i = 1; i <= n; i++)
		printf "%-36s %-10s %8.0f %9.0f %10s\n", \
		    i == 1 ? title[r] : "", list[i], \
		    median(r, list[i], "start_us"), \
		    median(r, list[i], "rss_kib"), \
		    cell(sizes, list[i], "file_octets", "%.0f")
}

function print_starts() {
	printf "\n%-36s %-10s %8s %9s %10s\n", "a server alone", \
	    "server", "start us", "empty KiB", "octets"
	print_start("start", "size")
	print_start("sio-start", "sio-start")
}

function quoted(text) {
	gsub(/[\\"]/, "\\\\&", text)
	return "\"" text "\""
}

function write_server(r, s,   k, m, names) {
	printf "%s: {", quoted(s) > json
	m = split(keys[r, s], names, " ")
	for (k = 1; k <= m; k++)
		printf "%s%s: %.10g", (k > 1 ? ", " : ""), \
		    quoted(names[k]), median(r, s, names[k]) > json
	printf "}" > json
}

function write_json(   i, j, n, list) {
	printf "{\n  \"meta\": {" > json
	for (i = 1; i <= metas; i++)
		printf "%s\n    %s: %s", (i > 1 ? "," : ""), \
		    quoted(meta_key[i]), quoted(meta[meta_key[i]]) > json
	printf "\n  },\n  \"rows\": {" > json
	for (i = 1; i <= rows; i++) {
		printf "%s\n    %s: {\n      \"title\": %s,\n", \
		    (i > 1 ? "," : ""), quoted(row[i]), \
		    quoted(title[row[i]]) > json
		printf "      \"servers\": {" > json
		n = split(servers[row[i]], list, " ")
		for (j = 1; j <= n; j++) {
			printf "%s\n        ", (j > 1 ? "," : "") > json
			write_server(row[i], list[j])
		}
		printf "\n      }\n    }" > json
	}
	printf "\n  }\n}\n" > json
}

END {
	for (cell_name in known) {
		split(cell_name, part, SUBSEP)
		split_time(part[1], part[2])
	}
	print_speed()
	print_instructions()
	print_memory()
	print_starts()
	write_json()
}
