#compdef ordersync
# Completion of ordersync for zsh. Write it into a folder of $fpath, as _ordersync:
#   ordersync completion zsh > "${fpath[1]}/_ordersync"
# or load it in ~/.zshrc, behind compinit:
#   source <(ordersync completion zsh)

_ordersync() {
	local line value about program=${words[1]/#\~/$HOME}
	local -a lines found
	local files=0
	lines=("${(@f)$("$program" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
	for line in "${lines[@]}"; do
		value=${line%%$'\t'*} about=${line#*$'\t'}
		if [[ $value == :files ]]; then
			files=1
		elif [[ -n $value ]]; then
			value=${value//:/\\:}
			found+=("$value${about:+:$about}")
		fi
	done
	if (( ${#found} )); then
		_describe ordersync found
	fi
	if (( files )); then
		compset -P '--*='
		_files
	fi
}

if [[ ${funcstack[1]} == _ordersync ]]; then
	_ordersync "$@"
else
	compdef _ordersync ordersync
fi
