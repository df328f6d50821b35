# Completion of ordersync for bash. Load it in ~/.bashrc:
#   source <(ordersync completion bash)

_ordersync() {
	local line=${COMP_LINE:0:COMP_POINT} program=${COMP_WORDS[0]} current='' value about breaks head=''
	local -a words=()
	# bash's own words end at : and = too, so the line is split anew.
	read -ra words <<<"$line"
	case $line in
	*[[:space:]]) words+=('') ;;
	esac
	current=${words[${#words[@]} - 1]}
	# What stands before the last : or = of the word stays where it is.
	breaks=${COMP_WORDBREAKS//[^:=]/}
	if [ -n "$breaks" ]; then
		head=${current%"${current##*[$breaks]}"}
	fi
	COMPREPLY=()
	while IFS=$'\t' read -r value about; do
		if [ "$value" = :files ]; then
			compopt -o filenames 2>/dev/null
			while IFS= read -r value; do
				COMPREPLY+=("$value")
			done < <(compgen -f -- "${current#"$head"}")
		elif [ -n "$value" ]; then
			COMPREPLY+=("${value#"$head"}")
		fi
	done < <("${program/#\~/$HOME}" __complete -- "${words[@]:1}" 2>/dev/null)
}

complete -F _ordersync ordersync
