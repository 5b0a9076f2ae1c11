# report.awk - medians of figures.tsv, as a table and as JSON.
# SPDX-License-Identifier: MIT
#
# A line of input is ROW <tab> SERVER <tab> key=value key=value ...; the same
# row and server may come many times. -v json=FILE names the JSON file.

BEGIN {
	FS = "\t"
	title["echo-16"] = "echo, 16 B text, 50 connections"
	title["echo-16-d16"] = "the same, 16 in flight each"
	title["echo-1k"] = "echo, 1 KiB text, 50 connections"
	title["room-500"] = "64 B to a room of 500"
	title["storm"] = "open, close, 50 at once"
	title["http"] = "GET /healthz, 50 connections"
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
		if (pair[1] != "mode")
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

function has(r, s, key) {
	return (r, s, key) in count
}

# How a figure compares with that of wsd: "1.53x".
function ratio(r, s, key) {
	if (s == "wsd" || !has(r, "wsd", key) || median(r, "wsd", key) == 0)
		return ""
	return sprintf("%.2fx", median(r, s, key) / median(r, "wsd", key))
}

function print_row(r,   n, i, list, s) {
	n = split(servers[r], list, " ")
	for (i = 1; i <= n; i++) {
		s = list[i]
		if (!has(r, s, "cpu_us"))
			continue
		printf "%-33s %-6s %9.0f %7s %8.3f %7.3f %7.3f %7s %8.0f", \
		    i == 1 ? title[r] : "", s, median(r, s, "per_second"), \
		    ratio(r, s, "per_second"), median(r, s, "cpu_us"), \
		    median(r, s, "user_us"), median(r, s, "system_us"), \
		    ratio(r, s, "cpu_us"), median(r, s, "p99_us")
		printf " %6.0f%% %5.0f%%\n", \
		    100 * median(r, s, "server_cpu"), \
		    100 * median(r, s, "load_cpu")
	}
}

function print_instructions(   i, j, n, list, heading) {
	for (i = 1; i <= rows; i++) {
		n = split(servers[row[i]], list, " ")
		for (j = 1; j <= n; j++) {
			if (!has(row[i], list[j], "instructions"))
				continue
			if (!heading++)
				printf "\n%-33s %-6s %9s\n", \
				    "user-space instructions for each", \
				    "server", "count"
			printf "%-33s %-6s %9.0f %7s\n", title[row[i]], \
			    list[j], median(row[i], list[j], "instructions"), \
			    ratio(row[i], list[j], "instructions")
		}
	}
}

function cell(r, s, key, format) {
	return has(r, s, key) ? sprintf(format, median(r, s, key)) : "-"
}

function print_memory(   i, n, list, s) {
	n = split(servers["idle"], list, " ")
	if (n == 0)
		return
	printf "\n%-33s %-6s %9s %9s %9s %9s\n", "memory and start", "server", \
	    "B/idle", "empty KiB", "start us", "size B"
	for (i = 1; i <= n; i++) {
		s = list[i]
		printf "%-33s %-6s %9s %9s %9s %9s\n", i == 1 ? \
		    median("idle", s, "connections") " idle WebSockets" : "", s, \
		    cell("idle", s, "rss_each", "%.0f"), \
		    cell("start", s, "rss_kib", "%.0f"), \
		    cell("start", s, "start_us", "%.0f"), \
		    cell("size", s, "file_octets", "%.0f")
	}
}

function write_json(   i, j, k, n, m, list, names) {
	printf "{" > json
	for (i = 1; i <= rows; i++) {
		printf "%s\n  \"%s\": {", (i > 1 ? "," : ""), row[i] > json
		n = split(servers[row[i]], list, " ")
		for (j = 1; j <= n; j++) {
			printf "%s\n    \"%s\": {", (j > 1 ? "," : ""), \
			    list[j] > json
			m = split(keys[row[i], list[j]], names, " ")
			for (k = 1; k <= m; k++)
				printf "%s\"%s\": %.10g", (k > 1 ? ", " : ""), \
				    names[k], median(row[i], list[j], \
				    names[k]) > json
			printf "}" > json
		}
		printf "\n  }" > json
	}
	printf "\n}\n" > json
}

END {
	printf "%-33s %-6s %9s %7s %8s %7s %7s %7s %8s %7s %6s\n", "", \
	    "server", "per s", "to wsd", "CPU us", "user", "system", \
	    "to wsd", "p99 us", "server", "load"
	for (i = 1; i <= rows; i++)
		print_row(row[i])
	print_instructions()
	print_memory()
	write_json()
}
