# wsd.bash - completes the options of wsd, as wsd --help lists them.
# SPDX-License-Identifier: MIT
_wsd() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
	local words=''

	case $before in
	--deflate) words='off shared dedicated' ;;
	--log) words='error warn info access debug' ;;
	--log-format) words='pairs clf' ;;
	*)
		[[ $word == -* ]] && words=$("${COMP_WORDS[0]}" --help |
		    sed -n 's/^  .[^ ]* *\(--[a-z][a-z.-]*\).*/\1/p')
		;;
	esac
	if [[ -n $words ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -o filenames -F _wsd wsd
