# wsd.fish - completes the options of wsd, as wsd --help lists them.
# SPDX-License-Identifier: MIT
complete -c wsd -x -a '(__fish_complete_directories)'
for line in (wsd --help 2>/dev/null | string match -r '^  .*--.*')
    set -l part (string match -r -- '--([a-z][a-z.-]*)( [A-Z]+)? +(.*)' $line)
    or continue
    if test -n "$part[3]"
        complete -c wsd -l $part[2] -r -d $part[4]
    else
        complete -c wsd -l $part[2] -f -d $part[4]
    end
end
complete -c wsd -l deflate -x -a 'off shared dedicated'
complete -c wsd -l log -x -a 'error warn info access debug'
complete -c wsd -l log-format -x -a 'pairs clf'
