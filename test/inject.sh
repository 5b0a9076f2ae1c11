#!/bin/sh
# inject.sh - wsd while system calls fail, as strace has them fail.
# SPDX-License-Identifier: MIT
#
# Each row has one call fail with one error while a file is asked for. Then the
# answer has the status of the row, a good answer has each octet, and the server
# still serves and ends by SIGTERM with status 0.
#
# The other rows are about calls for sockets, where the connection may be lost
# but nothing else. test/sim/test_sim_faults.c has all calls with all errors.
set -u
command -v strace >/dev/null || { echo 'inject: no strace'; exit "${CI:+1}"; }

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/www"
seq 100000 >"$dir/www/large.txt"
passed=0 failed=0

# row CALL ERROR WHEN STATUS
row()
{
	: >"$dir/out"
	strace -qq -f -o /dev/null -e trace="$1" -e inject="$1:error=$2:when=$3" \
	    ./wsd "$dir/www" -l 127.0.0.1:0 >>"$dir/out" 2>&1 &
	pid=$!
	address=
	for _ in $(seq 100); do
		address=$(sed -n 's|.*\(http://127.0.0.1:[0-9]*\).*|\1|p' \
		    "$dir/out" | head -n 1)
		[ -z "$address" ] || break
		sleep 0.1
	done
	status=$(curl -s -m 10 -o "$dir/got" -w '%{http_code}' \
	    "$address/large.txt")
	alive=$(curl -s -m 10 "$address/healthz")
	server=$(ps -o pid= --ppid $pid)
	# shellcheck disable=SC2086 # one number
	kill $server
	wait $pid
	ended=$?
	good=yes
	[ "$status" = "$4" ] && [ "$alive" = ok ] && [ $ended -eq 0 ] || good=
	[ "$4" != 200 ] || cmp -s "$dir/got" "$dir/www/large.txt" || good=
	if [ -n "$good" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED  $1 $2 $3: $status, healthz $alive, exit $ended"
		cat "$dir/out"
	fi
}

row openat2 EINTR 1..2 200
row openat2 EIO 1 500
row openat2 EACCES 1 403
row openat2 ENOENT 1 404
row openat2 EMFILE 1 503
row openat2 ENFILE 1 503
row openat2 ENOMEM 1 503
row openat2 ENOSYS 1+ 200
row sendfile EINVAL 1+ 200
row sendfile ENOSYS 1+ 200
row sendfile EAGAIN 1 200
row sendfile EINTR 1 200
row epoll_wait EINTR 1+3 200
row epoll_pwait EINTR 1+3 200
# What is refused gets an answer through the descriptor in reserve.
row accept4 EMFILE 1 503
row accept4 ECONNABORTED 1 200
row accept4 EINTR 1 200

# A call that fails may cost the connection that it was for. Here it does not
# matter what curl gets; the next one is served, by a server that is not busy.
#
# harm CALL ERROR WHEN
harm()
{
	: >"$dir/out"
	strace -qq -f -o "$dir/trace" -e trace="$1" \
	    -e inject="$1:error=$2:when=$3" \
	    ./wsd "$dir/www" -l 127.0.0.1:0 >>"$dir/out" 2>&1 &
	pid=$!
	address=
	for _ in $(seq 100); do
		address=$(sed -n 's|.*\(http://127.0.0.1:[0-9]*\).*|\1|p' \
		    "$dir/out" | head -n 1)
		[ -z "$address" ] || break
		sleep 0.1
	done
	curl -s -m 10 -o "$dir/got" -o "$dir/got" -H 'Connection: close' \
	    -H 'Accept-Encoding: gzip' "$address/large.txt" \
	    "$address/socket.io/?EIO=4&transport=polling"
	alive=$(curl -s -m 10 --retry 2 --retry-all-errors "$address/healthz")
	curl -s -m 10 -o "$dir/got" --retry 2 --retry-all-errors \
	    "$address/large.txt"
	calls=$(grep -c INJECTED "$dir/trace")
	# shellcheck disable=SC2046 # one number
	kill $(ps -o pid= --ppid $pid)
	wait $pid
	ended=$?
	if [ "$alive" = ok ] && [ $ended -eq 0 ] && [ "$calls" -gt 0 ] &&
	    [ "$calls" -lt 100 ] && cmp -s "$dir/got" "$dir/www/large.txt"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED  $1 $2 $3: healthz $alive, exit $ended, $calls times"
		cat "$dir/out"
	fi
}

harm recvfrom ECONNRESET 1
harm recvfrom EAGAIN 1..3
harm recvfrom ENOMEM 1
harm sendmsg,sendto EPIPE 1
harm sendmsg,sendto ENOBUFS 1
harm sendmsg,sendto EAGAIN 1..3
harm sendfile EIO 1
harm sendfile ECONNRESET 1
harm epoll_ctl ENOSPC 4
harm epoll_ctl ENOMEM 5
harm accept4 ENFILE 1
harm accept4 ENOBUFS 1
harm accept4 EPROTO 1
harm close EINTR 4..6
harm shutdown ENOTCONN 1
harm fstat,newfstatat EIO 5

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
